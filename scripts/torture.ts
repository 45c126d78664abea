import { type Command, runCommand, wholeNumber } from "../app/local/command.ts";
import { type TortureOutcome, torture } from "../app/testing/proof/torture.ts";

export const command = {
  name: "npm run torture",
  for: "developer",
  what: "Pays under fire: clients, crashes of PostgreSQL, cut connections and an empty Redis, then every invariant is asked.",
  touches: "only servers of its own, one campus a seed, which it ends.",
  options: {
    seeds: { type: "string", value: "N", default: "10", help: "campuses, one after the other" },
    seconds: { type: "string", value: "N", default: "20", help: "how long each is under fire" },
    "first-seed": { type: "string", value: "N", default: "1", help: "the seed of the first one" },
  },
  exits: { 1: "an invariant did not hold" },
} as const satisfies Command;

const line = (outcome: TortureOutcome): string =>
  [
    `seed ${outcome.seed}:`,
    `${outcome.seconds} s, ${outcome.requests} requests, ${outcome.debits} debits, ${outcome.unknownOutcomes} unknown outcomes,`,
    `${outcome.crashes} crashes of PostgreSQL, ${outcome.flushes} flushes of Redis,`,
    `slowest settled ${Math.round(outcome.slowestSettleMs)} ms after the database accepted connections:`,
    outcome.problems.length === 0 ? "all invariants hold" : "FAILED",
  ].join(" ");

await runCommand(import.meta, command, async ({ values }) => {
  const whole = (name: keyof typeof values) => wholeNumber(command, name, values[name]);
  const [seeds, seconds, firstSeed] = [whole("seeds"), whole("seconds"), whole("first-seed")];
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
});
