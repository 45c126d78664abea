import { type Asked, type Command, refuse, runCommand } from "../app/local/command.ts";

/** What one benchmark found. `missed` says which floors it did not reach, in a line each. */
export interface BenchOutcome {
  readonly report: Readonly<Record<string, unknown>>;
  readonly table: string;
  readonly missed: readonly string[];
}

/** Each is scripts/bench/NAME.ts. */
const names = ["analytics", "compare", "http", "money", "ordering", "reports", "webhooks", "worker"];

interface Bench {
  readonly command: Command;
  run(asked: Asked<NonNullable<Command["options"]>>): Promise<BenchOutcome>;
}

export const command = {
  name: "npm run bench",
  for: "developer",
  what: "Measures one part of the system: its table goes to standard error, its JSON alone to standard output.",
  touches: "a system of its own on this machine, which it ends.",
  takes: { [names.join("|")]: "and that benchmark's options: `npm run bench -- NAME --help`" },
  exits: { 1: "a floor was missed" },
} as const satisfies Command;

const [name = "", ...args] = process.argv.slice(2);
if (import.meta.main && names.includes(name)) {
  const bench = (await import(`./bench/${name}.ts`)) as Bench;
  await runCommand(import.meta, bench.command, async (asked) => report(await bench.run(asked)), args);
} else {
  await runCommand(import.meta, command, () => {
    throw refuse(command, name === "" ? "which benchmark?" : `there is no benchmark "${name}".`);
  });
}

function report({ report: found, table, missed }: BenchOutcome): number {
  console.error(`\n${table}\n`);
  console.log(JSON.stringify({ bench: name, ...found, missed }, null, 2));
  for (const line of missed) console.error(`missed: ${line}`);
  return missed.length === 0 ? 0 : 1;
}
