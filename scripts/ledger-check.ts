// `npm run ledger:check`: asks every invariant of the books in one snapshot. Exit 0: sound, 1: broken, 2: it could not ask.
import { checkLedger, type InvariantOutcome, type LedgerCheck } from "../app/ledger/check-ledger.ts";
import { invariants } from "../app/ledger/invariants.ts";
import { withAppDatabase } from "../app/local/app-database.ts";
import { reportAndSetExitCode } from "../app/local/plain-error.ts";

const statementTimeoutMs = 30_000;
const shownOfSample = 3;

async function main(): Promise<void> {
  const check = await withAppDatabase({ what: "ledger", applicationName: "campus-ledger-check", statementTimeoutMs }, checkLedger);
  process.stdout.write(`${report(check)}\n`);
  if (!check.ok) process.exitCode = 1;
}

function report(check: LedgerCheck): string {
  const broken = check.invariants.filter((invariant) => !invariant.ok);
  const verdict = broken.length === 0 ? "The books are sound." : `BROKEN: ${broken.map(({ id }) => id).join(", ")}.`;
  return [
    ...check.invariants.map(line),
    "",
    `${verdict} Asked at ${check.checkedAt.toISOString()} in the snapshot ${check.snapshot}; not covered here: ${check.notCovered.join(", ")}.`,
  ].join("\n");
}

function line({ id, ok, violations, sample }: InvariantOutcome): string {
  const title = invariants.find((invariant) => invariant.id === id)?.title ?? "";
  const found = sample.slice(0, shownOfSample).map((violation) => `\n         ${JSON.stringify(violation)}`);
  return `${id.padEnd(5)}${ok ? "ok " : "NO "} ${title}${ok ? "" : ` (${violations})`}${found.join("")}`;
}

await main().catch(reportAndSetExitCode);
