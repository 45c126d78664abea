// `npm run torture -- --seeds 10 --seconds 20`: money under fire, each seed on a campus of its own.
import { parseArgs } from "node:util";
import { type TortureOutcome, torture } from "./torture.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "10" },
    seconds: { type: "string", default: "20" },
    "first-seed": { type: "string", default: "1" },
  },
});

const [seeds, seconds, firstSeed] = [whole(values.seeds), whole(values.seconds), whole(values["first-seed"])];

function whole(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  console.error(`torture: "${text}" is not a whole number above 0: give --seeds, --seconds and --first-seed as numbers.`);
  process.exit(2);
}

const line = (outcome: TortureOutcome): string =>
  [
    `seed ${outcome.seed}:`,
    `${outcome.seconds} s, ${outcome.requests} requests, ${outcome.debits} debits, ${outcome.unknownOutcomes} unknown outcomes,`,
    `${outcome.crashes} crashes of PostgreSQL, ${outcome.flushes} flushes of Redis,`,
    `slowest settled ${Math.round(outcome.slowestSettleMs)} ms after the database accepted connections:`,
    outcome.problems.length === 0 ? "all invariants hold" : "FAILED",
  ].join(" ");

let failed = 0;
for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
  const outcome = await torture(seed, seconds);
  console.log(line(outcome));
  if (outcome.problems.length === 0) continue;
  failed += 1;
  for (const problem of outcome.problems) console.log(`  ${problem}`);
  console.log(`  again: npm run torture -- --seeds 1 --first-seed ${seed} --seconds ${seconds}`);
}
console.log(`${seeds - failed} seeds passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
