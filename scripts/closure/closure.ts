import { existsSync } from "node:fs";
import { declaredMetrics } from "../../app/platform/metric-table.ts";
import { readDescription } from "../../dashboards/alarm.ts";
import { boards, type Series } from "../../dashboards/boards.ts";
import { readAlarms } from "../../dashboards/evaluator/alarms.ts";
import { burningDays, type GameDay, gameDays, plantedDays, plantedEvents } from "../../dashboards/gamedays.ts";
import { anyArtifact, type Environment, withArtifact } from "../../regions/index.ts";
import { resourcesOf, synthesizeCampus } from "../../stacks/rules/synthesized.ts";
import { type Page, readPages } from "../runbooks/page.ts";

/** One alarm with everything that belongs to it. */
export interface Row {
  readonly alarm: string;
  readonly severity: "page" | "ticket";
  /** "CampusPay RedisUp"; of what AWS tells by EventBridge none. */
  readonly metrics: readonly string[];
  readonly panels: readonly string[];
  readonly page: string;
  readonly checks: { readonly here: number; readonly aws: number };
  readonly gameDay: string | undefined;
  readonly k6: string | undefined;
}

interface Told {
  readonly name: string;
  readonly description: string;
  readonly metrics: readonly string[];
}

/** Every alarm of an environment as it is synthesized, once: of two regions and several things one row. */
export function readClosure(environment: Environment, parts: Parts = partsOfTheProject()): readonly Row[] {
  const listed = parts.pages.flatMap(({ alarms }) => alarms);
  const rows = new Map<string, Row>();
  for (const told of toldBy(environment)) {
    const own = told.name.replace(/^campus-[a-z]+-(north|south|global)-/, "");
    const alarm =
      listed.filter((name) => own === name || own.startsWith(`${name}-`)).toSorted((one, other) => other.length - one.length)[0] ?? own;
    const { severity, page } = readDescription(told.description) ?? {};
    const before = rows.get(alarm);
    const metrics = [...new Set([...(before?.metrics ?? []), ...told.metrics])].toSorted();
    const blocks = parts.pages.find(({ name }) => name === page)?.blocks.filter(({ kind }) => kind === "check") ?? [];
    const day = parts.gameDays.find((one) => one.alarm === alarm);
    const planted = parts.plantedDays.filter((one) => one.alarm === alarm).map(({ name: day }) => `${day}, planted`);
    rows.set(alarm, {
      alarm,
      severity: before?.severity === "page" || severity === "page" ? "page" : "ticket",
      metrics,
      panels: parts.panels.filter(({ draws }) => metrics.some((metric) => draws.includes(metric))).map(({ title }) => title),
      page: page ?? "",
      checks: { here: blocks.filter(({ place }) => place === "here").length, aws: blocks.filter(({ place }) => place === "aws").length },
      gameDay: day?.name ?? (planted.length > 0 ? planted.join("<br>") : undefined),
      k6: day?.k6,
    });
  }
  return [...rows.values()].toSorted(
    (one, other) => one.severity.localeCompare(other.severity) || one.alarm.localeCompare(other.alarm, "en"),
  );
}

export interface Parts {
  readonly pages: readonly Page[];
  readonly panels: readonly { readonly title: string; readonly draws: readonly string[] }[];
  readonly gameDays: readonly GameDay[];
  /** Days whose metric or event only AWS can say: planted, and evaluated on what is synthesized. */
  readonly plantedDays: readonly Pick<GameDay, "name" | "alarm" | "page">[];
}

export const partsOfTheProject = (): Parts => ({
  pages: readPages(),
  panels: boards.flatMap((board) =>
    board.panels.map(({ title, series }) => ({ title: `${board.title}: ${title}`, draws: series.map(drawn) })),
  ),
  gameDays,
  plantedDays: [...plantedDays, ...burningDays, ...plantedEvents],
});

function drawn(series: Series): string {
  if ("promise" in series) return `CampusPay SloEvents ${series.promise}`;
  if ("namespace" in series) return `${series.namespace} ${series.name}`;
  const metric = declaredMetrics[series.app];
  return "cloudWatch" in metric ? `CampusPay ${metric.cloudWatch.name}` : series.app;
}

function toldBy(environment: Environment): readonly Told[] {
  const campus = synthesizeCampus(withArtifact(environment, anyArtifact));
  const bodies = (type: string) => resourcesOf(campus, type).map(({ body }) => body);
  const alarms = [...campus.stacks.values()].flatMap((stack) => readAlarms(stack as never));
  const metricsOf = (name: string): readonly string[] => {
    const alarm = alarms.find((one) => one.name === name);
    if (!alarm) return [];
    if (alarm.kind === "composite") return [...alarm.rule.matchAll(/"([^"]+)"/g)].flatMap(([, below = ""]) => metricsOf(below));
    return alarm.queries.flatMap(({ metric }) =>
      metric ? [[metric.namespace, metric.name, metric.dimensions.slo].filter((part) => part !== undefined).join(" ")] : [],
    );
  };
  return [
    ...[...bodies("aws_cloudwatch_metric_alarm"), ...bodies("aws_cloudwatch_composite_alarm")]
      .filter(({ alarm_actions }) => (alarm_actions ?? []).length > 0)
      .map(({ alarm_name, alarm_description }) => ({
        name: alarm_name,
        description: alarm_description,
        metrics: [...new Set(metricsOf(alarm_name))],
      })),
    ...bodies("aws_cloudwatch_event_rule").map(({ name, description }) => ({ name, description, metrics: [] })),
  ];
}

/** Every burn of a promise is also evaluated on the same streams of events by promtool and by our evaluator. */
export const heard = ({ alarm, gameDay }: Row): string | undefined =>
  gameDay ?? (/-(fast|medium|slow)-burn$/.test(alarm) ? "one stream of events for CloudWatch and Prometheus" : undefined);

/** What is missing, each with the alarm's name. */
export function gapsOf(rows: readonly Row[], parts: Parts = partsOfTheProject()): readonly string[] {
  const gaps = rows.flatMap((row) => {
    const events = row.metrics.length === 0;
    return [
      ...(row.page === "" ? [`the alarm ${row.alarm} names no page or no severity`] : []),
      ...(row.panels.length === 0 && !events ? [`the alarm ${row.alarm} looks at ${row.metrics.join(", ")}, which no panel draws`] : []),
      ...(row.checks.here + row.checks.aws === 0 ? [`the alarm ${row.alarm} leads to runbooks/${row.page}.md, which has no check`] : []),
      ...(row.severity === "page" && row.gameDay === undefined
        ? [`the alarm ${row.alarm} pages and was never heard: give it a game day`]
        : []),
    ];
  });
  const names = new Set(rows.map(({ alarm }) => alarm));
  return [
    ...gaps,
    ...[...parts.gameDays, ...parts.plantedDays]
      .filter(({ alarm }) => !names.has(alarm))
      .map(({ name, alarm }) => `the game day ${name} waits for ${alarm}, which does not exist`),
    ...parts.gameDays
      .filter(({ k6 }) => k6 !== undefined && !existsSync(new URL(`../k6/${k6}.ts`, import.meta.url)))
      .map(({ name, k6 }) => `the game day ${name} names scripts/k6/${k6}.ts, which does not exist`),
    ...[...parts.gameDays, ...parts.plantedDays]
      .filter(({ page }) => !parts.pages.some(({ name }) => name === page))
      .map(({ name, page }) => `the game day ${name} names runbooks/${page}.md, which does not exist`),
    ...parts.pages
      .flatMap(({ name, alarms }) => alarms.map((alarm) => ({ name, alarm })))
      .filter(({ alarm }) => alarm !== "budget-exceeded" && !names.has(alarm))
      .map(({ name, alarm }) => `runbooks/${name}.md lists ${alarm}, which does not exist`),
  ];
}
