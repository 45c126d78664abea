import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import path from "node:path";
import { projectRoot } from "../../app/local/home.ts";
import { processors } from "../bench/machine.ts";
import { judgeKnee, type Knee } from "../capacity/knee.ts";
import { type Scenario, scenarios } from "./scenarios.ts";

export const resultsFolder = path.join(projectRoot, ".cache/load");
export const loadPage = path.join(projectRoot, "docs/load.md");

interface Metric {
  readonly values: Readonly<Record<string, number>>;
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
}
/** What k6 hands to handleSummary. */
export interface Summary {
  readonly metrics: Readonly<Record<string, Metric>>;
}

export interface Result {
  readonly scenario: string;
  readonly profile: string;
  readonly at: string;
  readonly seconds: number;
  readonly requests: number;
  readonly confirmP95Ms: number | null;
  /** Of all answers, how many were bad or none. */
  readonly badShare: number;
  /** From the mending to the last bad answer; null where nothing was broken. */
  readonly recoverySeconds: number | null;
  readonly ledgerHolds: boolean;
  readonly rang: readonly string[];
  readonly load: number;
  /** What it was run on. */
  readonly machine: string;
  /** Of the scenario that looks for it. */
  readonly knee?: Knee;
  /** Why it failed; empty is what is wanted. */
  readonly problems: readonly string[];
}

interface Run {
  readonly scenario: Scenario;
  readonly profile: string;
  readonly summary: Summary | undefined;
  readonly exitCode: number;
  readonly output: string;
  readonly seconds: number;
  readonly mendedAtMs: number | undefined;
  readonly rang: readonly string[];
  readonly knee: Knee | undefined;
}

export function resultOf({ scenario, profile, summary, exitCode, output, seconds, mendedAtMs, rang, knee }: Run): Result {
  const value = (metric: string, name: string): number | undefined => summary?.metrics[metric]?.values[name];
  const lastBadMs = value("bad_answer_at", "max");
  const recoverySeconds = mendedAtMs === undefined ? null : Math.max(0, ((lastBadMs ?? 0) - mendedAtMs) / 1_000);
  // Whoever looks for the knee goes on until the promise and the alarms break.
  const isKnee = knee !== undefined;
  const crossed = Object.entries(summary?.metrics ?? {}).flatMap(([name, { thresholds = {} }]) =>
    Object.entries(thresholds).flatMap(([threshold, { ok }]) =>
      ok || (isKnee && name.startsWith("http_req_duration")) ? [] : [`${name}: ${threshold} does not hold`],
    ),
  );
  const allowed = [...(scenario.mustRing ?? []), ...(scenario.mayRing ?? [])];
  const about = (promise: string) => (alarm: string) => alarm.startsWith(promise);
  return {
    scenario: scenario.name,
    profile,
    at: new Date().toISOString(),
    seconds: Math.round(seconds),
    requests: value("http_reqs", "count") ?? 0,
    confirmP95Ms: value("http_req_duration{name:confirm}", "p(95)") ?? null,
    badShare: value("answers_bad", "rate") ?? value("http_req_failed", "rate") ?? 1,
    recoverySeconds,
    ledgerHolds: (value("ledger_balanced", "count") ?? 0) === 1,
    rang,
    load: loadavg()[0] ?? 0,
    machine: processors(),
    ...(isKnee ? { knee } : {}),
    problems: [
      ...crossed,
      ...(summary ? [] : [`k6 ended with code ${exitCode}: ${output.trim().split("\n").at(-1)}`]),
      ...(isKnee && !judgeKnee(knee).holds ? judgeKnee(knee).lines.slice(1) : []),
      ...(summary && exitCode !== 0 && !isKnee && crossed.length === 0
        ? [`k6 ended with code ${exitCode}: ${output.trim().split("\n").at(-1)}`]
        : []),
      ...(scenario.fault && mendedAtMs === undefined ? ["the fault was never mended: the script did not come so far"] : []),
      ...(recoverySeconds !== null && recoverySeconds > (scenario.recoverySeconds ?? 0)
        ? [`the last bad answer came ${recoverySeconds.toFixed(1)} s after it was mended, at most ${scenario.recoverySeconds} s`]
        : []),
      ...(scenario.mustRing ?? []).filter((promise) => !rang.some(about(promise))).map((promise) => `${promise} had to ring and did not`),
      ...(isKnee ? [] : rang)
        .filter((alarm) => !allowed.some((promise) => about(promise)(alarm)))
        .map((alarm) => `${alarm} rang and should not`),
    ],
  };
}

const percent = (share: number) => `${(share * 100).toFixed(share > 0 && share < 0.01 ? 2 : 1)} %`;

/** What happened, in one paragraph. */
export function paragraph(result: Result, { what, fault, mustRing = [], runbook }: Scenario): string {
  const { requests, seconds, badShare, recoverySeconds, ledgerHolds, rang, confirmP95Ms, knee } = result;
  return [
    `${result.scenario}: ${what}.`,
    `${requests} requests in ${seconds} s${confirmP95Ms === null ? "" : `, 95 of 100 confirms within ${Math.round(confirmP95Ms)} ms`}; ${percent(badShare)} of the answers were bad or none.`,
    ...(fault
      ? [
          `After it was mended the last bad answer came ${recoverySeconds === null ? "at an unknown moment" : `${recoverySeconds.toFixed(1)} s later`}.`,
        ]
      : []),
    `The ledger ${ledgerHolds ? "holds" : "was not asked or does NOT hold"}.`,
    `Had to ring: ${mustRing.join(", ") || "nothing"}; rang: ${rang.join(", ") || "nothing"}.`,
    ...(runbook ? [`Mended by runbooks/${runbook}.`] : []),
    ...(knee ? judgeKnee(knee).lines.map((line) => `${line[0]?.toUpperCase()}${line.slice(1)}.`) : []),
    result.problems.length === 0 ? "Passed." : `FAILED: ${result.problems.join("; ")}.`,
  ].join(" ");
}

export function keep(result: Result, folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "result.json"), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(path.join(folder, "junit.xml"), junit([result]));
}

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

export function junit(results: readonly Result[]): string {
  const cases = results.map(({ scenario, seconds, problems }) => {
    const failure = problems.length === 0 ? "" : `<failure message="${escaped(problems.join("; "))}"/>`;
    return `  <testcase classname="load" name="${scenario}" time="${seconds}">${failure}</testcase>`;
  });
  const failures = results.filter(({ problems }) => problems.length > 0).length;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="load" tests="${results.length}" failures="${failures}">\n${cases.join("\n")}\n</testsuite>\n`;
}

/** docs/load.md, from the last run of each scenario on this machine. */
export function renderLoadPage(): string {
  const folders = readdirSync(resultsFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const results = new Map(
    folders.flatMap(({ name }): [string, Result][] => {
      try {
        return [[name, JSON.parse(readFileSync(path.join(resultsFolder, name, "result.json"), "utf8")) as Result]];
      } catch {
        return [];
      }
    }),
  );
  const row = (scenario: Scenario): string => {
    const result = results.get(scenario.name);
    if (!result) return `| \`${scenario.name}\` | ${scenario.what} | never run here | | | | |`;
    const recovery = result.recoverySeconds === null ? "" : `${result.recoverySeconds.toFixed(1)} s`;
    const verdict = result.problems.length === 0 ? "passed" : `failed: ${result.problems.join("; ").replaceAll("|", "\\|")}`;
    return `| \`${scenario.name}\` | ${scenario.what} | ${verdict} (${result.profile}, ${result.requests} requests, load ${result.load.toFixed(0)}) | ${percent(result.badShare)} | ${recovery} | ${result.ledgerHolds ? "holds" : "not proved"} | ${result.rang.join(", ") || "nothing"} |`;
  };
  return [
    "# Load and failure, as they last ran",
    "",
    "<!-- Written by `npm run load -- all --write`. Do not edit. -->",
    "",
    `Each is a k6 script below \`scripts/k6\`, run by \`npm run load -- NAME\` against a system of its own with everything on one machine (here ${availableParallelism()} processors). Times are promised by [slo.md](slo.md); here they are checked with three times their length. Every run ends with the ledger's own check.`,
    "",
    ...(["load", "failure"] as const).flatMap((kind) => [
      kind === "load" ? "## Load" : "## Failure",
      "",
      "| scenario | what happens | last run | bad answers | all good after | ledger | rang |",
      "|---|---|---|--:|--:|---|---|",
      ...scenarios.filter((scenario) => scenario.kind === kind).map(row),
      "",
    ]),
  ].join("\n");
}
