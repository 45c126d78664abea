import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Command, runCommand, wholeNumber } from "../app/local/command.ts";
import { randomOf } from "../app/testing/proof/random.ts";
import { type Mutant, mutantsOf } from "./mutants/operators.ts";
import { type Target, targets } from "./mutants/targets.ts";

export const command = {
  name: "npm run mutants",
  for: "developer",
  what: "Tells the money path one small lie after the other and counts those that no test notices.",
  touches: "a copy of the checkout in a temporary folder, which it removes.",
  options: {
    count: { type: "string", value: "N", default: "60", help: "how many, spread over the files" },
    seed: { type: "string", value: "N", default: "1", help: "which of them" },
    only: { type: "string", value: "TEXT", help: "those whose place has this in it: pay-close-out, or pay-close-out.sql:24" },
    list: { type: "boolean", help: "say which they are and run none" },
  },
  exits: { 1: "more than one in ten survived" },
} as const satisfies Command;

type Verdict = "killed" | "survived" | "no mutant";
interface Told extends Mutant {
  readonly target: Target;
}

const root = path.join(import.meta.dirname, "..");
const timeoutMs = 300_000;
const mostSurvivors = 0.1;

/** In turn from each file, so that a long one does not crowd out the others. */
function choose(count: number, seed: number, only: string | undefined): Told[] {
  const random = randomOf(seed);
  const isWanted = (file: string, line: number) => only === undefined || `${file}:${line}:`.includes(only);
  const piles = targets.map((target) =>
    mutantsOf(target.file, readFileSync(path.join(root, target.file), "utf8"))
      .filter(({ line }) => isWanted(target.file, line))
      .map((mutant) => ({ ...mutant, target, place: random.next() }))
      .sort((one, other) => one.place - other.place),
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

/** A busy machine may not start the servers in time: that says nothing of the mutant. */
const mostStarts = 4;
const couldNotStart = /was not ready within/;

function runTests(folder: string, tests: readonly string[], starts = 1): { readonly passed: boolean; readonly output: string } {
  const vitest = path.join(root, "node_modules", ".bin", "vitest");
  const ran = spawnSync(vitest, ["run", "--project", "app", "--bail", "1", ...tests], {
    cwd: folder,
    encoding: "utf8",
    timeout: timeoutMs,
  });
  const output = `${ran.stdout}${ran.stderr}`;
  if (couldNotStart.test(output) && starts < mostStarts) return runTests(folder, tests, starts + 1);
  return { passed: ran.status === 0, output };
}

function judge(folder: string, { target, text }: Told): Verdict {
  const file = path.join(folder, target.file);
  const before = readFileSync(file, "utf8");
  writeFileSync(file, text);
  try {
    const { passed, output } = runTests(folder, target.tests);
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
  const folder = copyCheckout();
  const counts: Record<Verdict, number> = { killed: 0, survived: 0, "no mutant": 0 };
  try {
    for (const mutant of chosen) {
      const verdict = judge(folder, mutant);
      counts[verdict] += 1;
      console.log(`${verdict.padEnd(9)} ${describe(mutant)}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const told = counts.killed + counts.survived;
  console.log(`${counts.killed} of ${told} killed, ${counts.survived} survived, ${counts["no mutant"]} were none`);
  return counts.survived <= told * mostSurvivors ? 0 : 1;
});
