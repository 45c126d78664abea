// `npm run drill:failover -- --seeds 5`: loses a region under load, goes on in the second one and finds what was lost.
import { parseArgs } from "node:util";
import { PlainError, reportAndSetExitCode } from "../app/local/plain-error.ts";
import { type DrillOutcome, drill } from "./failover-drill/drill.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "5" },
    "first-seed": { type: "string", default: "1" },
    students: { type: "string", default: "12" },
    "shop-ms": { type: "string", default: "3000" },
  },
});

function whole(name: keyof typeof values): number {
  const text = String(values[name]);
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new PlainError(`drill:failover: --${name} "${text}" is not a whole number above 0.`, 2);
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`;

const line = (each: DrillOutcome): string =>
  [
    `seed ${each.seed}: ${each.acknowledged} receipts given, ${each.lost} lost (${each.ordersLost} with their orders), RPO ${seconds(each.rpoMs)};`,
    `promoted after ${seconds(each.promotedMs)}, serving after ${seconds(each.backMs)};`,
    `${each.found} of ${each.lost} lost receipts found (${each.foundOnDisk} of them on the old disk), ${each.falseCases} false; ${each.paidAgain} paid again, ${each.reposted} posted again:`,
    each.problems.length === 0 ? "the books are sound" : "FAILED",
  ].join(" ");

async function main(): Promise<void> {
  const [seeds, firstSeed, students, shopMs] = [whole("seeds"), whole("first-seed"), whole("students"), whole("shop-ms")];
  let failed = 0;
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    const outcome = await drill({ seed, students, shopMs });
    console.log(line(outcome));
    if (outcome.problems.length === 0) continue;
    failed += 1;
    for (const problem of outcome.problems) console.log(`  ${problem}`);
    console.log(`  again: npm run drill:failover -- --seeds 1 --first-seed ${seed} --students ${students} --shop-ms ${shopMs}`);
  }
  console.log(`${seeds - failed} seeds passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

main().catch(reportAndSetExitCode);
