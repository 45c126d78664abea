import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { PlainError } from "../../app/local/plain-error.ts";
import type { BenchOutcome } from "../bench.ts";
import { startLocalSystem } from "./local-system.ts";
import { measureMenuRead } from "./ordering/menu-read.ts";
import type { OrderingPart } from "./ordering/part.ts";
import { measureStreams } from "./ordering/streams.ts";

/** Each measures one thing on a system of its own and says whether its floor was met. */
const parts: Readonly<Record<string, OrderingPart>> = { menu: measureMenuRead, streams: measureStreams };

/** Options: --rounds N (7), --only PART,… (all). */
export async function run(args: readonly string[]): Promise<BenchOutcome> {
  const { values } = parseArgs({ args: [...args], options: { rounds: { type: "string", default: "7" }, only: { type: "string" } } });
  const names = values.only?.split(",") ?? Object.keys(parts);
  const rounds = Math.max(5, Number(values.rounds));
  const found: Awaited<ReturnType<OrderingPart>>[] = [];
  for (const name of names) {
    const measure = parts[name];
    if (!measure) throw new PlainError(`There is no part "${name}": take some of ${Object.keys(parts).join(", ")}.`, 2);
    const system = await startLocalSystem({ durable: false });
    try {
      found.push(await measure(system, { rounds }));
    } finally {
      await system.stop();
    }
  }
  return {
    report: {
      settings: { rounds, node: process.version, load_average: loadavg()[0] },
      ...Object.fromEntries(found.map((each, index) => [names[index], each.report])),
    },
    table: found.flatMap((each) => each.lines).join("\n"),
    missed: found.flatMap((each) => each.missed),
  };
}
