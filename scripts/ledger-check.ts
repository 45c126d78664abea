import { checkLedger, type InvariantOutcome, type LedgerCheck } from "../app/ledger/check-ledger.ts";
import { invariants } from "../app/ledger/invariants.ts";
import { openAnchorStore, verifyKeptAnchors } from "../app/ledger/kept-anchors.ts";
import { withAppDatabase } from "../app/local/app-database.ts";
import { type Command, runCommand } from "../app/local/command.ts";
import { findHome } from "../app/local/home.ts";
import type { ObjectStore } from "../app/platform/objects.ts";

const statementTimeoutMs = 30_000;
const shownOfSample = 3;

export const command = {
  name: "npm run ledger:check",
  for: "on call",
  what: "Asks every invariant of the books in one snapshot.",
  touches: "nothing: one transaction that only reads.",
  options: {
    anchors: { type: "boolean", help: "hold the daily seals against those that were kept outside the database, and ask nothing else" },
  },
  environment: {
    DATABASE_URL: "the database to ask; the started system's unless said",
    RECEIPTS_BUCKET: "with --anchors: the bucket of the receipts; OBJECT_FOLDER unless said",
    OBJECT_FOLDER: "with --anchors: the folder that stands for the bucket",
  },
  exits: { 1: "the books are broken", 2: "it could not ask, or what was typed is not understood" },
} as const satisfies Command;

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

function anchorStore(): ObjectStore {
  const { RECEIPTS_BUCKET, OBJECT_FOLDER = findHome().objects, AWS_REGION = "eu-north-1", S3_URL } = process.env;
  return openAnchorStore({ RECEIPTS_BUCKET: RECEIPTS_BUCKET || undefined, OBJECT_FOLDER, AWS_REGION, S3_URL: S3_URL || undefined });
}

async function checkAnchors(): Promise<number> {
  const { compared, problems } = await withAppDatabase(
    { what: "ledger", applicationName: "campus-ledger-check", statementTimeoutMs },
    (db) => verifyKeptAnchors(db, anchorStore()),
  );
  process.stdout.write(`${problems.map((problem) => `${problem}\n`).join("")}${compared} days compared, ${problems.length} do not fit.\n`);
  return problems.length === 0 ? 0 : 1;
}

await runCommand(import.meta, command, async ({ values }) => {
  if (values.anchors) return checkAnchors();
  const check = await withAppDatabase({ what: "ledger", applicationName: "campus-ledger-check", statementTimeoutMs }, checkLedger);
  process.stdout.write(`${report(check)}\n`);
  return check.ok ? 0 : 1;
});
