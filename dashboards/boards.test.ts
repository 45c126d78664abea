import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { declaredMetrics } from "../app/platform/metric-table.ts";
import { appAlarms } from "./app-alarms.ts";
import { boards, type Series } from "./boards.ts";
import { awsMetricNames, ownMetricNames, whyNotEmitted } from "./emitted.ts";

const panels = boards.flatMap(({ name, panels }) => panels.map((panel) => ({ board: name, ...panel })));
const series = panels.flatMap(({ board, title, series }) => series.map((one) => ({ at: `${board}: ${title}`, one })));

test("there are the ten boards, each asks a question, and no two panels of a board have one title", () => {
  expect(boards.map(({ name }) => name)).toEqual([
    "campus-now",
    "money",
    "scan-to-paid",
    "api",
    "postgresql",
    "redis",
    "edge-and-web",
    "queues-and-notifications",
    "disaster-recovery",
    "cost-and-capacity",
  ]);
  for (const { name, question, panels } of boards) {
    expect(question, name).toMatch(/\?$/);
    expect(new Set(panels.map(({ title }) => title)).size, name).toBe(panels.length);
  }
});

test("every metric that is drawn is one that is emitted, by the dimensions that it has", () => {
  for (const { at, one } of series) {
    if ("app" in one) expect(Object.keys(declaredMetrics), `${at}: nobody declares ${one.app}`).toContain(one.app);
    if ("namespace" in one) {
      const dimensions = one.eachOf ? { [one.eachOf]: "" } : one.dimensions;
      expect(whyNotEmitted({ ...one, dimensions }), at).toBeUndefined();
    }
  }
});

/** What a person asks for when it is needed, and that no graph answers. */
const forQueriesAlone: readonly string[] = [];

test("every metric that is emitted is drawn, or is said to be for queries alone", () => {
  const nameOf = (one: Series): readonly string[] => {
    if ("promise" in one) return ["SloEvents"];
    if ("namespace" in one) return [one.namespace === "CampusPay" ? one.name : `${one.namespace} ${one.name}`];
    const metric = declaredMetrics[one.app];
    return [one.app, ...("cloudWatch" in metric ? [metric.cloudWatch.name] : [])];
  };
  const drawn = new Set(series.flatMap(({ one }) => nameOf(one)));
  const notDrawn = [
    ...ownMetricNames,
    ...awsMetricNames,
    ...Object.keys(declaredMetrics).filter((name) => name !== "slo_events_total"),
  ].filter((name) => !drawn.has(name) && !forQueriesAlone.includes(name));
  expect(notDrawn, "nobody sees these: draw them in dashboards/boards.ts or say that they are for queries").toEqual([]);
});

test("a line across a panel that names an alarm stands where that alarm rings", () => {
  for (const { board, title, line } of panels) {
    const alarm = appAlarms.find(({ name }) => name === line?.label);
    if (alarm && !alarm.watched.expression) expect([board, title, line?.value]).toEqual([board, title, alarm.threshold]);
  }
});

interface GrafanaJson {
  readonly uid: string;
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets: readonly { readonly refId: string; readonly expr: string }[];
  }[];
}

test("Grafana's dashboards: ids once, no panel over another, every expression on a metric that /metrics has", () => {
  const folder = new URL("grafana/", import.meta.url);
  const files = readdirSync(folder);
  expect(files.length).toBeGreaterThanOrEqual(8);
  const names = new Set(
    Object.entries(declaredMetrics).flatMap(([name, { kind }]) => (kind === "histogram" ? [`campus_${name}_bucket`] : [`campus_${name}`])),
  );
  const uids = new Set<string>();
  for (const file of files) {
    const dashboard = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as GrafanaJson;
    uids.add(dashboard.uid);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size, file).toBe(dashboard.panels.length);
    const places = dashboard.panels.map(({ gridPos: { x, y } }) => `${x},${y}`);
    expect(new Set(places).size, file).toBe(places.length);
    for (const { title, gridPos, targets } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, `${file}: ${title}`).toBeLessThanOrEqual(24);
      expect(targets.length, `${file}: ${title}`).toBeGreaterThan(0);
      for (const { expr } of targets)
        for (const [name] of expr.matchAll(/campus_\w+/g)) expect(names.has(name), `${file}: ${title}: ${name}`).toBe(true);
    }
  }
  expect(uids.size).toBe(files.length);
});
