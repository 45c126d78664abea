import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import path from "node:path";
import { type Command, runCommand } from "../app/local/command.ts";
import { projectRoot } from "../app/local/home.ts";
import { PlainError } from "../app/local/plain-error.ts";
import { processors } from "./bench/machine.ts";
import { readHistories, readLoadResults } from "./proof/last-runs.ts";
import { renderProof, type TestRun } from "./proof/page.ts";
import { runCommand as runProgram } from "./test/run-command.ts";

export const command = {
  name: "npm run proof",
  for: "developer",
  what: "Runs every test of the fault matrix and every canary, and writes docs/proof-results.md: their results and the last run here of each load scenario and history, when and on what.",
  touches: "docs/proof-results.md, and servers of its own on this machine, which it ends.",
  options: {
    last: { type: "boolean", help: "run nothing: write the page from what was run last" },
  },
  exits: { 1: "a row, a canary, a scenario or a history that was run has failed" },
} as const satisfies Command;

const kept = path.join(projectRoot, ".cache/proof/tests.json");
const page = path.join(projectRoot, "docs/proof-results.md");
const limitMs = 3_600_000;
/** How the name of a row's or a canary's test begins. */
const names = String.raw`^(I\d+, )?(row \d+:|canary: )`;
const namesInFile = /["`](I\d+, )?row \d+:|["`]canary: /;

interface VitestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly title: string; readonly status: string; readonly duration?: number | null }[];
  }[];
}

async function runTests(): Promise<TestRun> {
  const files = ["app", "scripts/failover-drill"]
    .flatMap((folder) => globSync("**/*.test.ts", { cwd: path.join(projectRoot, folder) }).map((file) => path.join(folder, file)))
    .filter((file) => !file.includes("/web/") && namesInFile.test(readFileSync(path.join(projectRoot, file), "utf8")));
  const report = path.join(path.dirname(kept), "vitest.json");
  mkdirSync(path.dirname(kept), { recursive: true });
  console.log(`running the rows and canaries of ${files.length} files …`);
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());
  const { output } = await runProgram(
    ["node_modules/.bin/vitest", "run", ...files, "--testNamePattern", names, "--reporter=json", `--outputFile=${report}`],
    { signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(limitMs)]) },
  );
  if (stopping.signal.aborted || !existsSync(report))
    throw new PlainError(`The tests came to no result: ${output.trim().split("\n").at(-1)}`);
  const { testResults } = JSON.parse(readFileSync(report, "utf8")) as VitestReport;
  const run: TestRun = {
    at: new Date().toISOString(),
    machine: processors(),
    load: loadavg()[0] ?? 0,
    tests: testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .filter(({ status }) => status === "passed" || status === "failed")
      .map(({ title, status, duration }) => ({ title, passed: status === "passed", seconds: (duration ?? 0) / 1_000 })),
  };
  writeFileSync(kept, `${JSON.stringify(run, null, 2)}\n`);
  return run;
}

await runCommand(import.meta, command, async ({ values }) => {
  const run = !values.last ? await runTests() : existsSync(kept) ? (JSON.parse(readFileSync(kept, "utf8")) as TestRun) : undefined;
  const proof = readFileSync(path.join(projectRoot, "docs/proof.md"), "utf8");
  const { text, failed } = renderProof({ proof, run, scenarios: readLoadResults(), histories: readHistories() });
  writeFileSync(page, text);
  for (const line of failed) console.log(`FAILED ${line}`);
  console.log(`${path.relative(projectRoot, page)}: ${failed.length === 0 ? "all that was run has passed" : `${failed.length} failed`}`);
  return failed.length === 0 ? 0 : 1;
});
