import { judgeKnee } from "../capacity/knee.ts";
import type { Result } from "../load/report.ts";
import { scenarios as known } from "../load/scenarios.ts";
import type { HistoryResult } from "./last-runs.ts";

export interface TestRun {
  readonly at: string;
  readonly machine: string;
  readonly load: number;
  readonly tests: readonly { readonly title: string; readonly passed: boolean; readonly seconds: number }[];
}

interface Found {
  /** docs/proof.md: which rows and canaries are promised. */
  readonly proof: string;
  readonly run: TestRun | undefined;
  readonly scenarios: ReadonlyMap<string, Result>;
  readonly histories: readonly HistoryResult[];
}

const notRun = "not run here";

/** docs/proof-results.md. What was promised and not run stands there as not run; what failed is listed too. */
export function renderProof({ proof, run, scenarios, histories }: Found): { readonly text: string; readonly failed: readonly string[] } {
  const failed: string[] = [];
  const judged = (tests: TestRun["tests"], what: string): string => {
    if (tests.length === 0) return `${notRun} |`;
    const bad = tests.filter(({ passed }) => !passed);
    if (bad.length > 0) failed.push(what);
    const seconds = tests.reduce((sum, test) => sum + test.seconds, 0).toFixed(1);
    return `${bad.length === 0 ? "passed" : "FAILED"}${tests.length === 1 ? "" : ` (${tests.length})`} | ${seconds}`;
  };
  const named = (start: string) => run?.tests.filter(({ title }) => title.startsWith(start)) ?? [];
  const rows = tableOf(proof, "Fault matrix").map(
    ([row, fault, , name = ""]) => `| ${row} | ${fault} | ${judged(named(name), `row ${row}: ${fault}`)} |`,
  );
  const canaries = tableOf(proof, "Canaries").map(
    ([name, , caughtBy]) => `| ${name} | ${caughtBy} | ${judged(named(`canary: ${name} is caught`), `canary: ${name}`)} |`,
  );
  const runs = known.map(({ name, what }) => {
    const result = scenarios.get(name);
    if (!result) return `| \`${name}\` | ${what} | ${notRun} | | | |`;
    if (result.problems.length > 0) failed.push(`scenario ${name}: ${result.problems.join("; ")}`);
    const knee = result.knee ? ` (${judgeKnee(result.knee).lines[0]})` : "";
    return `| \`${name}\` | ${what} | ${result.problems.length === 0 ? "passed" : "FAILED"}${knee} | ${result.profile}, ${result.requests} requests, ${result.seconds} s | ${day(result.at)} | ${result.machine}, load ${result.load.toFixed(0)} |`;
  });
  const judgedHistories = histories.map(({ seed, operations, unknown, reports, planted, problems, at, machine }) => {
    if (problems.length > 0) failed.push(`history of seed ${seed}: ${problems.join("; ")}`);
    return `| ${seed} | ${operations} | ${unknown} | ${reports} | ${planted} | ${problems.length === 0 ? "passed" : "FAILED"} | ${day(at)} | ${machine} |`;
  });
  const text = [
    "# The proof, as it last ran",
    "",
    "<!-- Written by `npm run proof`. Do not edit. -->",
    "",
    `What each of them is stands in [proof.md](proof.md). ${run ? `Rows and canaries ran on ${day(run.at)} on ${run.machine}, load ${run.load.toFixed(0)}.` : "Rows and canaries were not run here."}`,
    "",
    "## Fault matrix",
    "",
    "| row | fault | result (tests) | seconds |",
    "|---|---|---|--:|",
    ...rows,
    "",
    "## Canaries",
    "",
    "| broken | caught by | result | seconds |",
    "|---|---|---|--:|",
    ...canaries,
    "",
    "## Load and failure",
    "",
    "| scenario | what happens | result | how much | when | on what |",
    "|---|---|---|---|---|---|",
    ...runs,
    "",
    "## Histories",
    "",
    "| seed | operations | of unknown outcome | reports | lies planted | result | when | on what |",
    "|---|--:|--:|--:|--:|---|---|---|",
    ...(judgedHistories.length > 0 ? judgedHistories : [`| ${notRun} | | | | | | | |`]),
    "",
  ].join("\n");
  return { text, failed };
}

const day = (at: string) => at.slice(0, 16).replace("T", " ");

/** The cells of the table below a heading, without its two head lines. */
function tableOf(page: string, heading: string): string[][] {
  const lines = (page.split(`## ${heading}\n`)[1] ?? "").split("\n## ")[0]?.split("\n") ?? [];
  return lines
    .filter((line) => line.startsWith("| "))
    .slice(1)
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
}
