import { type ParseArgsConfig, parseArgs } from "node:util";
import { PlainError, reportAndSetExitCode } from "./plain-error.ts";

/** Who needs a command; `npm run help` lists them by it. */
export const readers = ["newcomer", "developer", "platform team", "on call"] as const;
export type Reader = (typeof readers)[number];

interface Option {
  readonly type: "boolean" | "string";
  readonly default?: string | readonly string[];
  readonly multiple?: boolean;
  readonly short?: string;
  /** What stands after it, in capitals: "N", "FILE". */
  readonly value?: string;
  readonly help: string;
}
type Options = Readonly<Record<string, Option>>;

/** What a command says of itself. Each script exports one as `command`, and `--help` and `npm run help` show it. */
export interface Command<O extends Options = Options> {
  /** As it is typed: "npm run drift". */
  readonly name: string;
  readonly for: Reader;
  /** One sentence. */
  readonly what: string;
  /** What it reads and changes, in one sentence; "Nothing." where it only looks. */
  readonly touches: string;
  /** What stands after it without a dash: `{ "[ENVIRONMENT]": "pilot unless said" }`. Without it nothing may. */
  readonly takes?: Readonly<Record<string, string>>;
  readonly options?: O;
  /** Beside 0 (done) and 2 (mistyped). */
  readonly exits?: Readonly<Record<number, string>>;
  /** Variables of the environment that it heeds. */
  readonly environment?: Readonly<Record<string, string>>;
}

const mistyped = 2;
const done = "done";
const notUnderstood = "what was typed is not understood";

type Value<T extends Option> = T extends { readonly type: "boolean" }
  ? boolean | undefined
  : T extends { readonly multiple: true }
    ? readonly string[]
    : T extends { readonly default: string }
      ? string
      : string | undefined;

export interface Asked<O extends Options> {
  readonly values: { readonly [Name in keyof O]: Value<O[Name]> };
  readonly positionals: readonly string[];
}

/**
 * Runs a script's command: `await runCommand(import.meta, command, async ({ values }) => { … })` as its last line.
 * With --help it only says what it is; a mistyped option is one line and exit 2; a number that `work` returns is the exit code.
 * Does nothing where the file is imported, as `npm run help` does to read `command`.
 */
export async function runCommand<const O extends Options>(
  meta: ImportMeta,
  command: Command<O>,
  work: (asked: Asked<O>) => unknown,
  args: readonly string[] = process.argv.slice(2),
): Promise<void> {
  if (!meta.main) return;
  if (asksForHelp(args)) return void process.stdout.write(`${helpOf(command)}\n`);
  try {
    const code = await work(readArguments(command, args));
    if (typeof code === "number") process.exitCode = code;
  } catch (error) {
    reportAndSetExitCode(error);
  }
}

/** Behind `--` stand a command's own words. */
const asksForHelp = (args: readonly string[]): boolean => {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? args.length : end).some((argument) => argument === "--help" || argument === "-h");
};

export function readArguments<O extends Options>(command: Command<O>, args: readonly string[]): Asked<O> {
  const { takes } = command;
  const options: Options = command.options ?? {};
  const { tokens, ...asked } = parsed(command, {
    args: [...args],
    options: options as ParseArgsConfig["options"] & {},
    allowPositionals: takes !== undefined,
    tokens: true,
  });
  const given = tokens.flatMap((token) => (token.kind === "option" ? [token.name] : []));
  const twice = given.find((name, place) => given.indexOf(name) < place && options[name]?.type === "string" && !options[name].multiple);
  if (twice !== undefined) throw refuse(command, `--${twice} is given twice, and takes one value.`);
  return asked as unknown as Asked<O>;
}

function parsed<Config extends ParseArgsConfig>(command: Pick<Command, "name">, config: Config) {
  try {
    return parseArgs(config);
  } catch (error) {
    throw refuse(command, firstSentence((error as Error).message));
  }
}

/** One line for a value that does not fit; its caller throws it. */
export const refuse = ({ name }: Pick<Command, "name">, what: string): PlainError =>
  new PlainError(`${name}: ${what} \`${withDashes(name)} --help\` says what it takes.`, mistyped);

/** `parseArgs` goes on about "--" and positionals; its first sentence says all. */
const firstSentence = (message: string): string => `${message.split(". ")[0]?.replace(/\.$/, "")}.`;

/** npm keeps options for itself unless they stand behind two dashes. */
const withDashes = (name: string): string => (name.startsWith("npm ") && !name.includes(" -- ") ? `${name} --` : name);

/** A whole number in its range. */
export function wholeNumber(command: Pick<Command, "name">, option: string, text: string, { from = 1, to = 1_000_000 } = {}): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= from && number <= to) return number;
  throw refuse(command, `--${option} is "${text}", and a whole number from ${from} to ${to} is needed.`);
}

export function helpOf(command: Command): string {
  const { name, what, touches, takes = {}, options = {}, exits = {}, environment = {} } = command;
  const words = [...Object.keys(takes), ...(Object.keys(options).length > 0 ? ["[options]"] : [])];
  const optionLines = Object.entries(options).map(([option, one]) => [optionText(option, one), `${one.help}${defaultText(one)}`] as const);
  const exitLines = Object.entries({ 0: done, ...exits, [mistyped]: exits[mistyped] ?? notUnderstood });
  return [
    [words.length > 0 ? withDashes(name) : name, ...words].join(" "),
    "",
    what,
    `Touches: ${touches}`,
    ...section("", Object.entries(takes)),
    ...section("Options", [...optionLines, ["--help", "this text, and nothing is done"]]),
    ...section("Environment", Object.entries(environment)),
    ...section("Exit codes", exitLines),
  ].join("\n");
}

const optionText = (name: string, { short, type, value }: Option): string =>
  `${short ? `-${short}, ` : ""}--${name}${type === "string" ? ` ${value ?? "TEXT"}` : ""}`;

const defaultText = ({ default: value }: Option): string => (typeof value === "string" ? ` (${value} unless said)` : "");

function section(title: string, rows: readonly (readonly [string, string])[]): string[] {
  if (rows.length === 0) return [];
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return ["", ...(title ? [`${title}:`] : []), ...rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`)];
}
