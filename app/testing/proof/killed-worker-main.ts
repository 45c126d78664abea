// `npm run torture:worker -- --orders 2500 --kills 50`: a worker killed again and again while events flow to real receivers.
import { parseArgs } from "node:util";
import pg from "pg";
import { startLocalSystem } from "../../../scripts/bench/local-system.ts";
import { killWorkers } from "./killed-worker.ts";

const { values } = parseArgs({
  options: {
    orders: { type: "string", default: "2500" },
    kills: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
  },
});
const [orders, kills, seed] = [whole(values.orders), whole(values.kills), whole(values.seed)];

function whole(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  console.error(`torture:worker: "${text}" is not a whole number above 0: give --orders, --kills and --seed as numbers.`);
  process.exit(2);
}

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
