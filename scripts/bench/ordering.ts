import { loadavg } from "node:os";
import { type Asked, type Command, refuse, wholeNumber } from "../../app/local/command.ts";
import type { BenchOutcome } from "../bench.ts";
import { startLocalSystem } from "./local-system.ts";
import { measureMenuRead } from "./ordering/menu-read.ts";
import type { OrderingPart } from "./ordering/part.ts";
import { measureStreams } from "./ordering/streams.ts";

/** Each measures one thing on a system of its own and says whether its floor was met. */
const parts: Readonly<Record<string, OrderingPart>> = { menu: measureMenuRead, streams: measureStreams };

export const command = {
  name: "npm run bench -- ordering",
  for: "developer",
  what: "Times the reading of menus and the streams of orders.",
  touches: "a system of its own on this machine, which it ends.",
  options: {
    rounds: { type: "string", value: "N", default: "7", help: "rounds, at least 5" },
    only: { type: "string", value: "PART,…", help: `${Object.keys(parts).join(", ")}; all unless said` },
  },
  exits: { 1: "a floor was missed" },
} as const satisfies Command;

export async function run({ values }: Asked<(typeof command)["options"]>): Promise<BenchOutcome> {
  const names = values.only?.split(",") ?? Object.keys(parts);
  const rounds = wholeNumber(command, "rounds", values.rounds, { from: 5 });
  const found: Awaited<ReturnType<OrderingPart>>[] = [];
  for (const name of names) {
    const measure = parts[name];
    if (!measure) throw refuse(command, `there is no part "${name}": take some of ${Object.keys(parts).join(", ")}.`);
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
