import { type Command, runCommand, wholeNumber } from "../app/local/command.ts";
import { type DrillOutcome, drill } from "./failover-drill/drill.ts";

export const command = {
  name: "npm run drill:failover",
  for: "on call",
  what: "Loses a region under load, goes on in the second one and finds what was lost.",
  touches: "only servers of its own on this machine, which it ends.",
  options: {
    seeds: { type: "string", value: "N", default: "5", help: "drills, one after the other" },
    "first-seed": { type: "string", value: "N", default: "1", help: "the seed of the first one" },
    students: { type: "string", value: "N", default: "12", help: "who shop" },
    "shop-ms": { type: "string", value: "MS", default: "3000", help: "for how long before the region is lost" },
  },
  exits: { 1: "a drill failed" },
} as const satisfies Command;

const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`;

const line = (each: DrillOutcome): string =>
  [
    `seed ${each.seed}: ${each.acknowledged} receipts given, ${each.lost} lost (${each.ordersLost} with their orders), RPO ${seconds(each.rpoMs)};`,
    `promoted after ${seconds(each.promotedMs)}, serving after ${seconds(each.backMs)};`,
    `${each.found} of ${each.lost} lost receipts found (${each.foundOnDisk} of them on the old disk), ${each.falseCases} false; ${each.paidAgain} paid again, ${each.reposted} posted again:`,
    each.problems.length === 0 ? "the books are sound" : "FAILED",
  ].join(" ");

await runCommand(import.meta, command, async ({ values }) => {
  const whole = (name: keyof typeof values) => wholeNumber(command, name, values[name]);
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
  return failed > 0 ? 1 : 0;
});
