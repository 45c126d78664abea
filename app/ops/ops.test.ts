import { afterAll, beforeAll, expect, test } from "vitest";
import { embeddedMetric } from "../platform/metrics.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { codeOf } from "../testing/refusal.ts";
import { drawChart } from "./draw-chart.ts";
import { keepSamples } from "./metric-samples.ts";

let campus: Campus;
beforeAll(async () => {
  campus = await startCampus();
});
afterAll(() => campus.end());

interface OpsBody {
  readonly alarms: readonly { readonly name: string; readonly severity: string; readonly state: string; readonly since: string | null }[];
  readonly budgets: readonly { readonly objective: string; readonly events: number; readonly bad: number; readonly spent: number }[];
  readonly deploys: readonly { readonly processes: number }[];
  readonly boards: readonly { readonly name: string; readonly charts: readonly string[] }[];
}

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
const gauge = (name: string, value: number) => embeddedMetric(0, {}, { [name]: { unit: "Count", value } });
const events = (slo: string, good: boolean, value: number) =>
  embeddedMetric(0, { slo, good: String(good) }, { SloEvents: { unit: "Count", value } });

test("what would ring in CloudWatch rings on /ops, pages and tickets, and nothing else; budgets and charts say why", async () => {
  for (let minute = 9; minute >= 1; minute -= 1) {
    const redis = minute > 5 ? 1 : 0;
    await keepSamples(campus.worker, [gauge("RedisUp", redis), gauge("OutboxLate", 0), events("scan", true, 900)], minutesAgo(minute));
  }
  await keepSamples(campus.worker, [gauge("OutboxDead", 2), events("scan", false, 900)], minutesAgo(1));
  const admin = await campus.staff("admin");
  const { status, body } = await admin.api<OpsBody>("GET", "/admin/ops");
  expect(status).toBe(200);
  const ringing = body.alarms.filter(({ state }) => state === "ALARM").map(({ name, severity }) => `${severity} ${name}`);
  expect(ringing.toSorted()).toEqual([
    "page redis-down",
    "page scan-availability-fast-burn",
    "page scan-availability-medium-burn",
    "ticket outbox-dead",
    "ticket scan-availability-slow-burn",
  ]);
  expect(body.alarms.find(({ name }) => name === "redis-down")?.since).not.toBeNull();
  expect(body.budgets.find(({ objective }) => objective === "scan")).toMatchObject({
    events: 9_000,
    bad: 900,
    spent: expect.closeTo(100, 5),
  });
  const redis = body.boards.find(({ name }) => name === "redis");
  expect(redis?.charts.join()).toContain("Redis answers: RedisUp 0");
  expect(redis?.charts.join()).not.toMatch(/style=|<script|NaN|undefined/);
  expect(body.deploys[0]?.processes).toBe(1);
});

test("/ops is for admins; the page alone says nothing, and runs no script but its own", async () => {
  const owner = await campus.staff("owner", await campus.cafe());
  expect(codeOf(await owner.api("GET", "/admin/ops"))).toBe("INSUFFICIENT_ROLE");
  const page = await fetch(`${campus.processes[0].url}/ops`);
  const html = await page.text();
  expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
  expect(html).not.toMatch(/<script(?! src="\/ops\/page\.js")| style="| on\w+="/);
  for (const file of ["page.js", "page.css"]) {
    const answer = await fetch(`${campus.processes[0].url}/ops/${file}`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, expect.stringMatching(/^text\/(javascript|css)/)]);
  }
});

test("what a process says while the database is away is kept, and written when it is back", async () => {
  const away = { ...campus.worker, db: { ...campus.worker.db, run: () => Promise.reject(new Error("away")) } };
  await keepSamples(away, [gauge("TillsSilent", 7)], minutesAgo(2));
  Object.assign(away, { db: campus.worker.db });
  await keepSamples(away, [], new Date());
  const kept = await campus.sql<{ at: Date }>`select at from metric_samples where samples @> '[["TillsSilent", {}, [7]]]'`;
  expect(kept).toHaveLength(1);
});

test("a chart breaks where nothing was said, and a title with signs of markup stays a title", () => {
  const svg = drawChart({
    title: "<b>&",
    unit: "count",
    lines: [{ label: 'a"b', values: [1, undefined, 2, 3] }],
    limit: { label: "limit", value: 2 },
    untilMs: 0,
  });
  expect(svg).toContain("&#60;b&#62;&#38;");
  expect(svg).not.toContain("<b>");
  expect(svg.match(/M/g)).toHaveLength(2);
  expect(svg).toContain('class="limit"');
});
