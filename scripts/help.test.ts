import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Command, helpOf, readArguments } from "../app/local/command.ts";
import { commandFiles, readCommands } from "./help.ts";

const setupFile = "./setup.js";
const root = join(import.meta.dirname, "..");
const files = [...commandFiles()].map(([name, file]) => ({ name, file }));
/** vitest answers --help for itself. */
const notOurs = ["vitest"];
/** Another name of a command, with an option. */
const secondNames = { format: "npm run check", "world:test": "npm run rehearse" } as const;

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** In a folder of its own as home, so that what it wrote would show. */
const run = (file: string, args: readonly string[], home: string): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { ...process.env, CAMPUS_HOME: home, npm_lifecycle_event: "" };
    execFile(process.execPath, [join(root, file), ...args], { cwd: home, env, timeout: 60_000 }, (error, output, errors) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, output, errors }),
    );
  });

test("every command of package.json is one of ours and says for whom it is", async () => {
  expect(files.filter(({ file }) => file === "").map(({ name }) => name)).toEqual(notOurs);
  const names = (await readCommands()).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const typed = files
    .filter(({ file }) => file !== "")
    .map(({ name }) => (name === "start" || name === "test" ? `npm ${name}` : `npm run ${name}`));
  const known = typed.map((name) => (secondNames as Record<string, string>)[name.replace("npm run ", "")] ?? name);
  expect(new Set(known)).toEqual(new Set(names));
});

/** Gone when the test is. */
function emptyHome(): string {
  const home = mkdtempSync(join(tmpdir(), "campus-help-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

describe.each([...new Set(files.map(({ file }) => file))].filter((file) => file !== ""))("%s", (file) => {
  test("with --help it says what it is in our shape and does nothing", async () => {
    const home = emptyHome();
    const { code, output, errors } = await run(file, ["--help"], home);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(output).toMatch(
      /^npm (run )?\S+.*\n\n.+\nTouches: .+\n[\s\S]*--help +this text, and nothing is done\n[\s\S]*Exit codes:\n +0 +done\n/,
    );
    expect(readdirSync(home)).toEqual([]);
  });
});

test("an unknown option is one line that says whom to ask, and exit 2", async () => {
  for (const command of await readCommands()) {
    const read = () => readArguments(command, ["--no-such-option"]);
    expect(read).toThrow(/^npm .+--help` says what it takes\.$/);
    expect(read).toThrow(expect.objectContaining({ exitCode: 2 }));
  }
  const { code, output, errors } = await run("scripts/ledger-check.ts", ["--no-such-option"], tmpdir());
  expect({ code, output }).toEqual({ code: 2, output: "" });
  expect(errors).toMatch(/^npm run ledger:check: .+\.\n$/);
});

test("the set-up, which runs before any package is there, has the same shape", async () => {
  const { output } = await run("scripts/setup.js", ["--help"], emptyHome());
  // Plain JavaScript, because it runs before anything is installed: its type is said here.
  const { command } = (await import(setupFile)) as { command: Command };
  expect(output.trimEnd()).toBe(helpOf(command));
});
