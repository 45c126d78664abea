import { checkLedger, checkRecent, type LedgerCheck } from "../ledger/check-ledger.ts";
import { openAnchorStore, verifyKeptAnchors } from "../ledger/kept-anchors.ts";
import type { Platform } from "../platform/context.ts";
import { listDeadLetters } from "../platform/redrive.ts";
import { reconcileSpan } from "../reconciliation/reconcile.ts";
import { type CheckName, type Found, keepResult, listChecks, lookFrom } from "./check.ts";

/** Asks one of the checks, keeps what it found, and tells the alarms. */
export async function runCheck(platform: Platform, name: CheckName): Promise<void> {
  const startedMs = performance.now();
  const found = await askOf[name](platform);
  await keepResult(platform.db, name, performance.now() - startedMs, found);
  if (!found.ok)
    platform.log.error({ check: name, findings: found.findings, result: found.result }, "A check of the books found something");
  await tell(platform);
}

const askOf: Readonly<Record<CheckName, (platform: Platform) => Promise<Found>>> = {
  ledger_recent: async ({ db }) => broken(await checkRecent(db, await lookFrom(db, "ledger_recent"))),
  ledger_whole: async ({ db }) => broken(await checkLedger(db)),
  reconciliation: async (platform) => {
    const { unexplained, currencies, gatewaySource } = await reconcileSpan(platform, lastDay(), maxListed);
    const minor = unexplained.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
    return {
      ok: unexplained.length === 0,
      findings: minor,
      result: { gateway_source: gatewaySource, currencies, unexplained: unexplained.slice(0, shown) },
    };
  },
  anchors: async (platform) => {
    const { compared, problems } = await verifyKeptAnchors(platform.db, openAnchorStore(platform.config));
    return { ok: problems.length === 0, findings: problems.length, result: { compared, problems: problems.slice(0, shown) } };
  },
  dead_letters: async ({ db }) => {
    const dead = await listDeadLetters(db);
    return {
      ok: dead.length === 0,
      findings: dead.reduce((sum, { rows }) => sum + rows, 0),
      result: { topics: dead.map(({ topic, rows, lastError }) => ({ topic, rows, last_error: lastError })) },
    };
  },
};

const shown = 20;
/** Nobody waits for it: of a busy day too. */
const maxListed = 20_000;
const dayMs = 86_400_000;
/** What the gateway has collected this moment may be on its way to us. */
const onItsWayMs = 30 * 60_000;

const lastDay = (): { from: Date; until: Date } => {
  const until = new Date(Date.now() - onItsWayMs);
  return { from: new Date(until.getTime() - dayMs), until };
};

function broken({ invariants, notCovered }: LedgerCheck): Found {
  const found = invariants
    .filter(({ ok }) => !ok)
    .map(({ id, violations, sample }) => ({ id, violations, sample: sample.slice(0, shown) }));
  return { ok: found.length === 0, findings: found.length, result: { broken: found, not_covered: notCovered } };
}

interface BrokenInvariant {
  readonly id: string;
  readonly violations: number;
}

/** What the last looks found, also those that were made elsewhere: an alarm is silent only when both the recent and the whole look are well. */
async function tell({ db, metrics }: Platform): Promise<void> {
  const checks = await listChecks(db);
  const ledger = checks
    .filter(({ name }) => name === "ledger_recent" || name === "ledger_whole")
    .flatMap(({ result }) => (result.broken as readonly BrokenInvariant[] | undefined) ?? []);
  const findingsOf = (wanted: CheckName) => checks.find(({ name }) => name === wanted)?.findings;
  metrics.set("ledger_drift", {}, new Set(ledger.map(({ id }) => id)).size + (findingsOf("anchors") ?? 0));
  metrics.set("double_debits", {}, Math.max(0, ...ledger.filter(({ id }) => id === "I5").map(({ violations }) => violations)));
  const unexplained = findingsOf("reconciliation");
  if (unexplained !== undefined) metrics.set("reconciliation_unexplained", {}, unexplained);
}
