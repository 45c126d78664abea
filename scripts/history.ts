import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { finished } from "node:stream/promises";
import { type Command, runCommand, wholeNumber } from "../app/local/command.ts";
import { projectRoot } from "../app/local/home.ts";
import { PlainError } from "../app/local/plain-error.ts";
import { startRealCampus } from "../app/testing/proof/real-campus.ts";
import { processors } from "./bench/machine.ts";
import { operationsOfWallet, record } from "./history/record.ts";
import { type HistoryResult, historyFolder } from "./proof/last-runs.ts";

const cannot = 3;
const fewestUnknown = 0.02;

export const command = {
  name: "npm run history",
  for: "developer",
  what: "Records what clients asked and heard of wallets while commits are cut and phones hang up, and lets two judges say whether it can be true: porcupine wallet by wallet, a graph of dependencies over all of them and the reports; then plants lies into the record, each of which must be found.",
  touches: "servers of its own on this machine, which it ends; the record goes into .cache/history.",
  options: {
    operations: { type: "string", value: "N", default: "10000", help: "how many are recorded, at least" },
    seed: { type: "string", value: "N", default: "1", help: "of the clients' choices" },
    check: { type: "string", value: "FILE", help: "judge this record and make none" },
  },
  exits: {
    1: "the record cannot be true, was not decided in time, or a planted lie was not found",
    3: "there is no Go to build the judge with",
  },
} as const satisfies Command;

interface Verdict {
  readonly wallets: number;
  readonly operations: number;
  readonly unknown: number;
  readonly reports: number;
  readonly seconds: number;
  readonly lie_seconds: number;
  /** By porcupine: the wallets that no order explains, and those not decided in time. */
  readonly bad: readonly string[];
  readonly undecided: readonly string[];
  /** By the graph. */
  readonly graph: readonly string[];
  readonly planted: number;
  readonly missed: readonly string[];
}

interface Asked {
  readonly operations: string;
  readonly seed: string;
  readonly check: string | undefined;
}

async function main(values: Asked): Promise<number> {
  const wanted = wholeNumber(command, "operations", values.operations, { from: operationsOfWallet, to: 1_000_000 });
  const seed = wholeNumber(command, "seed", values.seed);
  const judge = buildJudge();
  if (judge === undefined) {
    console.error("SKIP the history: there is no Go on the PATH to build its judge with (https://go.dev)");
    return cannot;
  }
  const file = values.check ?? (await makeRecord(wanted, seed));
  const { status, stdout, stderr } = spawnSync(judge, [file], { encoding: "utf8", maxBuffer: 64_000_000 });
  if (stdout === "") throw new PlainError(`The judge ended with code ${status}: ${stderr.trim()}`);
  const verdict = JSON.parse(stdout) as Verdict;
  const problems = problemsOf(verdict);
  if (values.check === undefined) keep(values.seed, verdict, problems);
  console.log(
    `history: ${verdict.operations} operations on ${verdict.wallets} wallets, ${verdict.unknown} of unknown outcome, and ${verdict.reports} reports, judged by both in ${verdict.seconds.toFixed(2)} s; ${verdict.planted} lies planted, judged in ${verdict.lie_seconds.toFixed(2)} s, ${verdict.missed.length} times one was not found`,
  );
  for (const problem of problems) console.log(`  FAILED ${problem}`);
  if (problems.length > 0)
    console.log(
      `  again: npm run history -- --check ${path.relative(projectRoot, file)}; recorded with --seed ${seed} --operations ${wanted}`,
    );
  return problems.length === 0 ? 0 : 1;
}

/** For the page of proof. */
function keep(seed: string, { operations, unknown, reports, planted }: Verdict, problems: readonly string[]): void {
  const result: HistoryResult = {
    at: new Date().toISOString(),
    machine: processors(),
    seed,
    operations,
    unknown,
    reports,
    planted,
    problems,
  };
  writeFileSync(path.join(historyFolder, `seed-${seed}.result.json`), `${JSON.stringify(result, null, 2)}\n`);
}

const problemsOf = ({ operations, unknown, reports, bad, undecided, graph, missed }: Verdict): string[] => [
  ...graph.map((problem) => `by the graph: ${problem}`),
  ...(reports === 0 ? ["no report was recorded"] : []),
  ...(bad.length > 0 ? [`no order explains what the clients of ${bad.join(", ")} heard`] : []),
  ...(undecided.length > 0 ? [`not decided in time: ${undecided.join(", ")}`] : []),
  ...(missed.length > 0 ? [`planted and not found: ${missed.join("; ")}`] : []),
  ...(unknown < fewestUnknown * operations ? [`only ${unknown} outcomes were unknown: the record proves less than it should`] : []),
];

async function makeRecord(operations: number, seed: number): Promise<string> {
  mkdirSync(historyFolder, { recursive: true });
  const file = path.join(historyFolder, `seed-${seed}.jsonl`);
  const wallets = Math.ceil(operations / operationsOfWallet);
  const campus = await startRealCampus();
  const lines = createWriteStream(file);
  const started = performance.now();
  let saidMs = started;
  try {
    await record(
      campus,
      seed,
      wallets,
      (operation) => void lines.write(`${JSON.stringify(operation)}\n`),
      (done) => {
        if (performance.now() - saidMs < 2_000 && done < wallets) return;
        saidMs = performance.now();
        console.log(`history: ${done} of ${wallets} wallets recorded, ${Math.round((saidMs - started) / 1_000)} s`);
      },
    );
    const { before, after } = campus.cutter.cuts();
    console.log(`history: the wire was cut ${before} times before a commit and ${after} times after one`);
  } finally {
    lines.end();
    await finished(lines);
    await campus.end();
  }
  return file;
}

/** Built once for each state of its sources; undefined where there is no Go. */
function buildJudge(): string | undefined {
  const folder = path.join(projectRoot, "scripts/history");
  const sources = globSync("*", { cwd: folder })
    .filter((name) => /\.go$|^go\./.test(name))
    .sort();
  const hash = createHash("sha256");
  for (const name of sources) hash.update(readFileSync(path.join(folder, name)));
  const program = path.join(projectRoot, ".cache", `history-judge-${hash.digest("hex").slice(0, 12)}`);
  if (existsSync(program)) return program;
  if (spawnSync("go", ["version"]).status !== 0) return undefined;
  mkdirSync(path.dirname(program), { recursive: true });
  for (const args of [
    ["test", "./..."],
    ["build", "-o", program, "."],
  ]) {
    const { status, stdout, stderr } = spawnSync("go", args, { cwd: folder, encoding: "utf8" });
    if (status !== 0) throw new PlainError(`go ${args[0]} failed in scripts/history: ${(stderr || stdout).trim()}`);
  }
  return program;
}

await runCommand(import.meta, command, ({ values }) => main(values));
