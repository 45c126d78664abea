import { expect, test } from "vitest";
import { appAlarms } from "../dashboards/app-alarms.ts";
import { burnAlarms } from "../dashboards/burn-alarms.ts";
import { readAlarms } from "../dashboards/evaluator/alarms.ts";
import { anyArtifact, environments, withArtifact } from "../regions/index.ts";
import { readPages } from "../scripts/runbooks/page.ts";
import { resourcesOf, type StackJson, synthesizeCampus } from "./rules/synthesized.ts";

interface Ringing {
  readonly alarm_name: string;
  readonly alarm_description: string;
  readonly alarm_actions?: readonly string[];
  readonly alarm_rule?: string;
}

const pages = readPages();
const allNames = pages.flatMap(({ alarms }) => alarms);
/** "campus-pilot-north-dlq-not-empty-webhooks" stands on its page as "dlq-not-empty". */
const named = (name: string): string => {
  const own = name.replace(/^campus-[a-z]+-(north|south|global)-/, "");
  return (
    allNames.filter((known) => own === known || own.startsWith(`${known}-`)).toSorted((one, other) => other.length - one.length)[0] ?? own
  );
};
const campuses = Object.values(environments).map((environment) => {
  const campus = synthesizeCampus(withArtifact(environment, anyArtifact)); // without an artifact there is no machine to watch
  const bodies = (kind: string) => resourcesOf(campus, kind).map(({ body }) => body as unknown as Ringing);
  const rules = resourcesOf(campus, "aws_cloudwatch_event_rule").map(({ body }) => ({
    alarm_name: String(body.name),
    alarm_description: String(body.description),
    alarm_actions: ["the topic of its target"],
  }));
  return {
    name: environment.name,
    campus,
    metric: bodies("aws_cloudwatch_metric_alarm"),
    composite: bodies("aws_cloudwatch_composite_alarm"),
    rules,
  };
});
const ringingOf = ({ metric, composite, rules }: (typeof campuses)[number]) =>
  [...metric, ...composite, ...rules].filter(({ alarm_actions }) => (alarm_actions ?? []).length > 0);
const severityOf = ({ alarm_description }: Ringing) =>
  /Severity: (page|ticket)\. Runbook: runbooks\/([a-z-]+)\.md/.exec(alarm_description) ?? [];

test.each(campuses)("$name: whoever is told finds the alarm's name on the page that it names", (campus) => {
  const ringing = ringingOf(campus);
  expect(ringing.length).toBeGreaterThan(60);
  for (const one of ringing) {
    const [, , page] = severityOf(one);
    expect(page, `${one.alarm_name} names no severity or no page`).toBeDefined();
    expect(pages.find(({ name }) => name === page)?.alarms, `runbooks/${page}.md does not list it`).toContain(named(one.alarm_name));
  }
});

test.each(campuses)("$name: an alarm that tells nobody is heard by exactly one composite alarm", ({ metric, composite }) => {
  for (const { alarm_name, alarm_actions } of metric) {
    const heard = composite.filter(({ alarm_rule }) => alarm_rule?.includes(`"${alarm_name}"`)).length;
    expect([alarm_name, heard]).toEqual([alarm_name, (alarm_actions ?? []).length > 0 ? 0 : 1]);
  }
});

/** What is watched, by name and by whom it tells; the burn rates of every promise stand beside it. */
const wanted = {
  page: [
    "alb-unhealthy-hosts",
    "backups-missing-for-days",
    "cards-refused-everywhere",
    "duplicate-debit-came-through",
    "orders-stuck-awaiting-confirmation",
    "outbox-lag",
    "queue-oldest-message",
    "rds-connections-high",
    "rds-replica-lag",
    "rds-storage-low",
    "redis-down",
    "redis-evictions",
    "visitor-not-served",
    "wallet-ledger-mismatch",
    "webhook-signatures-all-wrong",
  ],
  ticket: [
    "analytics-checks-failed",
    "analytics-late",
    "asg-at-max",
    "aws-health",
    "backup-failed",
    "backup-missing",
    "card-refusals-surge",
    "certificate-expiry",
    "code-guesses",
    "dlq-not-empty",
    "duplicate-debit-blocked",
    "error-lines",
    "jobs-failing",
    "login-abuse",
    "machine-not-launched",
    "otp-abuse",
    "outbox-dead",
    "pos-silent",
    "rds-event",
    "rds-replica-behind",
    "rds-rotation-failed",
    "rds-slot-lag",
    "rds-storage-not-growing",
    "reconciliation-unexplained",
    "redis-failover",
    "s3-replication-lag",
    "settlements-failed",
    "shared-budget-spent",
    "waf-block-surge",
    "webhook-signature-failures",
  ],
} as const;

const production = campuses.find(({ name }) => name === "production") as (typeof campuses)[number];

test("production watches everything that is promised to be watched, and nothing unknown", () => {
  const seen = { page: new Set<string>(), ticket: new Set<string>() };
  for (const one of ringingOf(production)) seen[severityOf(one)[1] as "page"].add(named(one.alarm_name));
  const burns = (severity: string) => burnAlarms.filter((burn) => burn.severity === severity).map(({ name }) => name);
  const found = (severity: "page" | "ticket") => [...seen[severity]].filter((name) => name !== "guardduty-finding").toSorted();
  expect(found("page")).toEqual([...wanted.page, ...burns("page")].toSorted());
  expect(found("ticket")).toEqual([...wanted.ticket, ...burns("ticket")].toSorted());
  expect([...seen.page, ...seen.ticket]).toContain("guardduty-finding");
});

test("an alarm that a page lists exists; the budget's is a mail of AWS Budgets and no alarm", () => {
  const exist = new Set(ringingOf(production).map(({ alarm_name }) => named(alarm_name)));
  expect(allNames.filter((name) => !exist.has(name)).toSorted()).toEqual(["budget-exceeded"]);
  expect(resourcesOf(production.campus, "aws_budgets_budget")).not.toEqual([]);
});

test("a name of an alarm stands on one page", () => {
  expect(allNames.filter((alarm, at) => allNames.indexOf(alarm) !== at)).toEqual([]);
});

test.each(campuses)("$name: our evaluator reads every alarm, and those of the app are the data of dashboards/", ({ campus }) => {
  const all = [...campus.stacks.values()].flatMap((stack: StackJson) => readAlarms(stack as never));
  expect(all.length).toBeGreaterThan(120);
  const names = all.map(({ name }) => name);
  for (const { name } of [...appAlarms, ...burnAlarms, ...burnAlarms.flatMap(({ windows }) => windows)])
    expect(
      names.filter((one) => one.endsWith(`-${name}`)),
      name,
    ).toHaveLength(2);
});
