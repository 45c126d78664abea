import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Alarms, type AnyAlarm, readAlarms } from "../../dashboards/evaluator/alarms.ts";
import { dataOfLogLine, Metrics } from "../../dashboards/evaluator/metrics.ts";
import { anyArtifact, type Environment, environments, withArtifact } from "../../regions/index.ts";
import { synthesizeCampus } from "../../stacks/rules/synthesized.ts";

const dayMs = 86_400_000;
const prefix = "campus-pilot-north-";

let known: readonly AnyAlarm[] | undefined;

/** The alarms that the stacks would make, read from the synthesized JSON once. */
function alarmsOfTheStacks(): readonly AnyAlarm[] {
  const campus = known ? undefined : synthesizeCampus(withArtifact(environments.pilot as Environment, anyArtifact));
  known ??= readAlarms(campus?.stacks.get("pilot-north-observability") ?? {});
  return known;
}

/**
 * Which promises' alarms would ring at the end of a run, by the metrics that the processes wrote into their logs. Time is moved so
 * that the end falls on a midnight: there all windows end, and each looks at the run whole.
 */
export function ringing(logFolder: string, fromMs: number, untilMs: number): string[] {
  const shiftMs = Math.ceil(untilMs / dayMs) * dayMs - untilMs - 1;
  const metrics = new Metrics();
  for (const line of logLines(logFolder))
    for (const datum of dataOfLogLine(line))
      if (datum.atMs >= fromMs && datum.atMs <= untilMs) metrics.put({ ...datum, atMs: datum.atMs + shiftMs });
  const promises = alarmsOfTheStacks().filter(({ name }) => name.includes("-availability-"));
  const alarms = new Alarms(promises, metrics);
  alarms.tick(untilMs + shiftMs + 1);
  return promises
    .filter(({ kind, name }) => kind === "composite" && alarms.state(name) === "ALARM")
    .map(({ name }) => name.slice(prefix.length));
}

function logLines(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => /^(api|worker)/.test(file));
  return files.flatMap((file) => readFileSync(path.join(folder, file), "utf8").split("\n")).filter((line) => line.includes('"_aws"'));
}
