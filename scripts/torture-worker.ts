import pg from "pg";
import { type Command, runCommand, wholeNumber } from "../app/local/command.ts";
import { killWorkers } from "../app/testing/proof/killed-worker.ts";
import { startLocalSystem } from "./bench/local-system.ts";

export const command = {
  name: "npm run torture:worker",
  for: "developer",
  what: "Kills workers again and again while events flow to real receivers, and counts that each effect happened once.",
  touches: "only servers of its own, which it ends.",
  options: {
    orders: { type: "string", value: "N", default: "2500", help: "orders, each of which makes events" },
    kills: { type: "string", value: "N", default: "50", help: "workers to kill" },
    seed: { type: "string", value: "N", default: "1", help: "the same seed kills in the same order" },
  },
  exits: { 1: "an effect was lost or happened twice" },
} as const satisfies Command;

await runCommand(import.meta, command, async ({ values }) => {
  const whole = (name: keyof typeof values) => wholeNumber(command, name, values[name]);
  const [orders, kills, seed] = [whole("orders"), whole("kills"), whole("seed")];
  const system = await startLocalSystem({ durable: true });
  try {
    const client = new pg.Client({ connectionString: system.cluster.superuserUrl(system.database) });
    await client.connect();
    const query = async <R extends Record<string, unknown>>(text: string, bound: readonly unknown[] = []) =>
      (await client.query<R>(text, [...bound])).rows;
    try {
      const outcome = await killWorkers({ env: { ...system.env }, query }, { seed, orders, kills });
      console.log(
        `seed ${seed}: ${outcome.events} events, ${outcome.kills} kills, ${outcome.seconds} s, ${outcome.copies} copies dropped by their event's id, ` +
          `${outcome.deadLetters} dead letters, all refused for good: ${outcome.problems.length === 0 ? "each effect happened once" : "FAILED"}`,
      );
      for (const problem of outcome.problems.slice(0, 20)) console.log(`  ${problem}`);
      if (outcome.problems.length > 0) process.exitCode = 1;
    } finally {
      await client.end();
    }
  } finally {
    await system.stop();
  }
});
