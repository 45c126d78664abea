import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../../app/local/home.ts";
import { runCommand } from "../test/run-command.ts";
import { ringing } from "./alarms.ts";
import { openControl } from "./control.ts";
import { untilReady } from "./faults.ts";
import { watchForKnee } from "./knee.ts";
import type { Place } from "./place.ts";
import { keep, paragraph, type Result, resultOf, resultsFolder, type Summary } from "./report.ts";
import type { Scenario } from "./scenarios.ts";

export const profiles = {
  smoke: { rate: 5, seconds: 12 },
  lunch: { rate: 25, seconds: 60 },
  peak: { rate: 60, seconds: 60 },
} as const;
export type ProfileName = keyof typeof profiles;

/** Whoever runs this shares the machine with what is measured. */
const headroom = "3";
const limitMs = 900_000;
/** The processes write their metrics once a second. */
const metricsMs = 1_500;

interface Target {
  readonly startFile: string;
  readonly webhookSecret: string;
  /** None at somebody else's place: nothing is broken there, and no log is read. */
  readonly place: Place | undefined;
}

export async function runScenario(k6: string, scenario: Scenario, profile: ProfileName, target: Target): Promise<Result> {
  const folder = path.join(resultsFolder, scenario.name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { place } = target;
  const control = place && (await openControl(place, scenario.fault));
  const summaryFile = path.join(folder, "summary.json");
  const { rate, seconds } = profiles[profile];
  const variables = {
    START_FILE: target.startFile,
    WEBHOOK_SECRET: target.webhookSecret,
    SUMMARY: summaryFile,
    HEADROOM: place ? headroom : "1",
    RATE: String(rate),
    SECONDS: String(seconds),
    ...(control ? { CONTROL: control.url } : {}),
  };
  const startedAtMs = Date.now();
  const watching = place && scenario.looksForKnee ? await watchForKnee(place) : undefined;
  const { succeeded, output } = await runCommand([k6, "run", "--quiet", path.join("scripts/k6", scenario.kind, `${scenario.name}.ts`)], {
    signal: AbortSignal.timeout(limitMs),
    // Variables by the environment and not by -e: an argument is there for everybody to read.
    env: { ...process.env, ...variables, ...offlineReport(folder), K6_INCLUDE_SYSTEM_ENV_VARS: "true" },
  });
  const knee = await watching?.end();
  const times = control?.times();
  await control?.close();
  if (place) await untilReady(place);
  await new Promise((resolve) => setTimeout(resolve, metricsMs));
  const summary = existsSync(summaryFile) ? (JSON.parse(readFileSync(summaryFile, "utf8")) as Summary) : undefined;
  const result = resultOf({
    scenario,
    profile,
    summary,
    exitCode: succeeded ? 0 : 1,
    output,
    seconds: (Date.now() - startedAtMs) / 1_000,
    mendedAtMs: times?.mendedAtMs,
    rang: place ? ringing(place.system.home.logs, startedAtMs, Date.now()) : [],
    knee,
  });
  keep(result, folder);
  console.log(paragraph(result, scenario));
  if (result.problems.length > 0) console.log(output.trimEnd().split("\n").slice(-12).join("\n").replaceAll(/^/gm, "    "));
  else console.log(`  ${path.relative(projectRoot, folder)}: report.html, result.json, junit.xml`);
  return result;
}

/** k6's own page with charts, which asks no other address; nothing is sent to its makers and no extension is fetched. */
const offlineReport = (folder: string) => ({
  K6_WEB_DASHBOARD: "true",
  K6_WEB_DASHBOARD_PORT: "-1",
  K6_WEB_DASHBOARD_PERIOD: "1s",
  K6_WEB_DASHBOARD_EXPORT: path.join(folder, "report.html"),
  K6_NO_USAGE_REPORT: "true",
  K6_AUTO_EXTENSION_RESOLUTION: "false",
});
