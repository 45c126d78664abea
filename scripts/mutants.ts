import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Command, runCommand, wholeNumber } from "../app/local/command.ts";
import { keepVerdicts, type Verdict } from "./mutants/kept-verdicts.ts";
import { type Mutant, mutantsOf } from "./mutants/operators.ts";
import { reasonToSurvive } from "./mutants/survivors.ts";
import { type Target, targets } from "./mutants/targets.ts";

export const command = {
  name: "npm run mutants",
  for: "developer",
  what: "Tells the money path one small lie after the other and counts those that no test notices.",
  touches:
    "a copy of the checkout in a temporary folder, which it removes; .campus/mutants.jsonl keeps each verdict, so that a run that was stopped goes on where it was.",
  options: {
    count: { type: "string", value: "N", default: "60", help: "how many, spread over the files" },
    seed: { type: "string", value: "N", default: "1", help: "which of them" },
    only: { type: "string", value: "TEXT", help: "those whose place has this in it: pay-close-out, or pay-close-out.sql:24" },
    fresh: { type: "boolean", help: "forget the verdicts that were kept" },
    list: { type: "boolean", help: "say which they are and run none" },
  },
  exits: { 1: "more than one in ten survived" },
} as const satisfies Command;

interface Told extends Mutant {
  readonly target: Target;
}

const root = path.join(import.meta.dirname, "..");
const timeoutMs = 600_000;
const mostSurvivors = 0.1;

/** By what it says itself: a change elsewhere draws no other mutants. */
const placeOf = (seed: number, file: string, { operator, from }: Mutant): string =>
  createHash("sha256").update([seed, file, operator, from].join("\0")).digest("hex");

/** In turn from each file, so that a long one does not crowd out the others. */
function choose(count: number, seed: number, only: string | undefined): Told[] {
  const isWanted = (file: string, line: number) => only === undefined || `${file}:${line}:`.includes(only);
  const piles = targets.map((target) =>
    mutantsOf(target.file, readFileSync(path.join(root, target.file), "utf8"))
      .filter(({ line }) => isWanted(target.file, line))
      .map((mutant) => ({ ...mutant, target, place: placeOf(seed, target.file, mutant) }))
      .sort((one, other) => one.place.localeCompare(other.place)),
  );
  const chosen: Told[] = [];
  for (let turn = 0; chosen.length < count && piles.some((pile) => pile.length > turn); turn += 1)
    for (const pile of piles) {
      const mutant = pile[turn];
      if (mutant && chosen.length < count) chosen.push(mutant);
    }
  return chosen;
}

/** What git knows of, as it is in the working tree now, beside the installed packages. */
function copyCheckout(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "campus-mutants-"));
  const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: root, encoding: "utf8", maxBuffer: 64 * 2 ** 20 });
  for (const file of files
    .trim()
    .split("\n")
    .filter((name) => existsSync(path.join(root, name)))) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    cpSync(path.join(root, file), path.join(folder, file));
  }
  for (const modules of ["node_modules", "app/web/node_modules"])
    if (existsSync(path.join(root, modules))) symlinkSync(path.join(root, modules), path.join(folder, modules));
  return folder;
}

/** A busy machine may not start the servers in time, or be late at a test's end: that alone says nothing of the mutant. */
const mostStarts = 3;
const mayBeBusy = /was not ready within|timed out in \d+ms/;

interface Ran {
  readonly passed: boolean;
  readonly output: string;
}

async function runTests(folder: string, tests: readonly string[], starts = 1): Promise<Ran> {
  const ran = await vitest(folder, tests);
  return mayBeBusy.test(ran.output) && starts < mostStarts ? runTests(folder, tests, starts + 1) : ran;
}

/** Ends at the first test that fails. What is the same in every mutant is compiled once, into the folder. */
function vitest(folder: string, tests: readonly string[]): Promise<Ran> {
  const cache = ["--experimental.fsModuleCache", `--experimental.fsModuleCachePath=${path.join(folder, ".vitest-cache")}`];
  const child = spawn(path.join(root, "node_modules", ".bin", "vitest"), ["run", "--project", "app", "--bail", "1", ...cache, ...tests], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeoutMs,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  return new Promise((resolve, reject) => child.on("error", reject).on("close", (code) => resolve({ passed: code === 0, output })));
}

async function judge(folder: string, { target, text }: Told): Promise<Verdict> {
  const file = path.join(folder, target.file);
  const before = readFileSync(file, "utf8");
  writeFileSync(file, text);
  try {
    const { passed, output } = await runTests(folder, target.tests);
    if (passed) return "survived";
    // No test ran: it is no SQL, or the machine could not start the servers.
    return /syntax error|MigrationError|was not ready within|SyntaxError/.test(output) && !/✓|×/.test(output) ? "no mutant" : "killed";
  } finally {
    writeFileSync(file, before);
  }
}

const describe = ({ target, line, operator, from, to }: Told) =>
  `${target.file}:${line} ${operator}: ${short(from)}${to === "" ? "" : ` → ${short(to)}`}`;
const short = (text: string) => text.replaceAll(/\s+/g, " ").slice(0, 90);

await runCommand(import.meta, command, async ({ values }) => {
  const chosen = choose(wholeNumber(command, "count", values.count), wholeNumber(command, "seed", values.seed), values.only);
  if (values.list) {
    for (const mutant of chosen) console.log(describe(mutant));
    return 0;
  }
  const kept = keepVerdicts(root, values.fresh === true);
  const folder = copyCheckout();
  const forget = () => rmSync(folder, { recursive: true, force: true });
  // Those who wait for vitest's end die with it: its verdict is none, and is not kept.
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      forget();
      process.exit(130);
    });
  const counts: Record<Verdict, number> = { killed: 0, survived: 0, "no mutant": 0 };
  try {
    for (const [index, mutant] of chosen.entries()) {
      const verdict = kept.find(mutant) ?? kept.keep(mutant, await judge(folder, mutant));
      counts[verdict] += 1;
      const reason = verdict === "survived" ? reasonToSurvive(mutant.target.file, mutant) : undefined;
      console.log(`${index + 1}/${chosen.length} ${verdict.padEnd(9)} ${describe(mutant)}${reason === undefined ? "" : ` (${reason})`}`);
    }
  } finally {
    forget();
  }
  const told = counts.killed + counts.survived;
  console.log(`${counts.killed} of ${told} killed, ${counts.survived} survived, ${counts["no mutant"]} were none`);
  return counts.survived <= told * mostSurvivors ? 0 : 1;
});
