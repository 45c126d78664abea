import { expect, test } from "vitest";
import { objectiveNames } from "../dashboards/slo.ts";
import { environments } from "../regions/index.ts";
import { readPages } from "../scripts/runbooks/page.ts";
import { resourcesOf, synthesizeCampus } from "./rules/synthesized.ts";

interface Ringing {
  readonly alarm_name: string;
  readonly alarm_description: string;
  readonly alarm_actions?: readonly string[];
  readonly alarm_rule?: string;
}

const pages = readPages();
const named = (name: string) => name.replace(/^campus-[a-z]+-(north|south)-/, "").replace(/-(blue|green)$/, "");
const campuses = Object.values(environments).map((environment) => {
  const campus = synthesizeCampus(environment);
  const bodies = (kind: string) => resourcesOf(campus, kind).map(({ body }) => body as unknown as Ringing);
  return { name: environment.name, metric: bodies("aws_cloudwatch_metric_alarm"), composite: bodies("aws_cloudwatch_composite_alarm") };
});

test.each(campuses)("$name: whoever is told finds the alarm's name on the page that it names", ({ metric, composite }) => {
  const ringing = [...metric, ...composite].filter(({ alarm_actions }) => (alarm_actions ?? []).length > 0);
  expect(ringing.length).toBeGreaterThan(20);
  for (const { alarm_name, alarm_description } of ringing) {
    const [, , page] = /Severity: (page|ticket)\. Runbook: runbooks\/([a-z-]+)\.md/.exec(alarm_description) ?? [];
    expect(page, `${alarm_name} names no severity or no page`).toBeDefined();
    expect(pages.find(({ name }) => name === page)?.alarms, `runbooks/${page}.md does not list it`).toContain(named(alarm_name));
  }
});

test.each(campuses)("$name: an alarm that tells nobody is heard by exactly one composite alarm", ({ metric, composite }) => {
  for (const { alarm_name, alarm_actions } of metric) {
    const heard = composite.filter(({ alarm_rule }) => alarm_rule?.includes(`"${alarm_name}"`)).length;
    expect([alarm_name, heard]).toEqual([alarm_name, (alarm_actions ?? []).length > 0 ? 0 : 1]);
  }
});

test.each(campuses)("$name: every promise with a budget is watched in both regions, by two pages and a ticket", ({ composite }) => {
  expect(composite.map(({ alarm_name }) => named(alarm_name)).filter((name) => name.includes("-availability-"))).toHaveLength(
    2 * 3 * objectiveNames.length,
  );
});

test("a name of an alarm stands on one page", () => {
  const all = pages.flatMap(({ alarms }) => alarms);
  expect(all.filter((alarm, at) => all.indexOf(alarm) !== at)).toEqual([]);
});
