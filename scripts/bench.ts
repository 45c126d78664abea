import { PlainError, reportAndSetExitCode } from "../app/local/plain-error.ts";

/** What one benchmark found. `missed` says which floors it did not reach, in a line each. */
export interface BenchOutcome {
  readonly report: Readonly<Record<string, unknown>>;
  readonly table: string;
  readonly missed: readonly string[];
}

/** Each is scripts/bench/NAME.ts and exports `run`. */
const names = ["http", "money", "ordering", "reports", "webhooks", "worker"];

/** `npm run bench -- NAME [options]`: the table goes to standard error, the JSON alone to standard output. */
async function main(): Promise<void> {
  const [name, ...args] = process.argv.slice(2);
  if (name === undefined || !names.includes(name))
    throw new PlainError(
      `Which benchmark? \`npm run bench -- ${names.join("|")}\`${name === undefined ? "" : `; there is no "${name}"`}.`,
      2,
    );
  const bench = (await import(`./bench/${name}.ts`)) as { run(args: readonly string[]): Promise<BenchOutcome> };
  const { report, table, missed } = await bench.run(args);
  console.error(`\n${table}\n`);
  console.log(JSON.stringify({ bench: name, ...report, missed }, null, 2));
  for (const line of missed) console.error(`missed: ${line}`);
  process.exitCode = missed.length === 0 ? 0 : 1;
}

main().catch(reportAndSetExitCode);
