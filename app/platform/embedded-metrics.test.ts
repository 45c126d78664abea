import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { refreshGauges } from "../health/routes.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { openTestPlatform, type TestPlatform, until } from "../testing/platform.ts";
import { writeEmbeddedMetrics } from "./embedded-metrics.ts";
import { declaredMetrics } from "./metric-table.ts";
import { enqueue, refreshOutboxGauges } from "./outbox.ts";

let database: TestDatabase;
let platform: TestPlatform;

beforeAll(async () => {
  database = await createTestDatabase();
  platform = await openTestPlatform(database, { METRICS_EMF_SECONDS: "1" });
});

afterAll(async () => {
  await platform.end();
  await database.drop();
});

interface MetricLine {
  readonly _aws?: {
    readonly CloudWatchMetrics: readonly { readonly Namespace: string; readonly Metrics: readonly { readonly Name: string }[] }[];
  };
  readonly [name: string]: unknown;
}

const metricLines = () => platform.logLines.map((line) => JSON.parse(line) as MetricLine).filter((line) => line._aws !== undefined);
const linesOf = (name: string) => metricLines().filter((line) => line._aws?.CloudWatchMetrics[0]?.Metrics[0]?.Name === name);

test("what moves is written for CloudWatch at the interval, gauges refreshed, and once more at the end", async () => {
  await enqueue(platform.db, "test.note", {});
  await database.query("insert into outbox (topic, payload, dead_at) values ('test.note', '{}', now()), ('test.note', '{}', now())");
  const stop = writeEmbeddedMetrics(platform, () => refreshOutboxGauges(platform));
  const [waiting] = await until("the gauges are written", () => linesOf("OutboxWaiting").length > 0 && linesOf("OutboxWaiting"));
  expect(waiting).toMatchObject({ OutboxWaiting: 1, _aws: { CloudWatchMetrics: [{ Namespace: "CampusPay" }] } });
  expect(linesOf("OutboxDead")[0]).toMatchObject({ OutboxDead: 2 });
  await until("the event loop's lag is written", () => linesOf("EventLoopLag").length > 0);
  platform.metrics.count("webhooks_total", { outcome: "the last" });
  await stop();
  expect(linesOf("Webhooks")).toMatchObject([{ outcome: "the last", Webhooks: 1 }]);
});

test("the gauges of the outbox are read from its small indexes, however many rows are done", async () => {
  await database.query("insert into outbox (topic, payload, done_at) select 'test.done', '{}', now() from generate_series(1, 20000)");
  await database.query("vacuum analyze outbox");
  for (const condition of ["done_at is null and dead_at is null", "dead_at is not null"]) {
    const plan = await database.query<{ "QUERY PLAN": string }>(`explain select count(*) from outbox where ${condition}`);
    expect(plan.map((line) => line["QUERY PLAN"]).join("\n")).toMatch(
      /Index.* using outbox_(due|dead)|Bitmap Index Scan on outbox_(due|dead)/,
    );
  }
});

test("what the worker leaves undone the API says too, since a worker that is dead says nothing; where another region writes nobody does", async () => {
  const served = await openTestPlatform(database);
  const standby = await openTestPlatform(database, { CAMPUS_REGION: "eu-south-1", CAMPUS_WRITER: "eu-north-1" });
  for (const one of [served, standby]) await refreshGauges(one);
  const said = (one: TestPlatform) => one.metrics.embeddedLines(0).flatMap((line) => Object.keys(line));
  expect(said(served)).toEqual(expect.arrayContaining(["OutboxLate", "OutboxDead", "JobsFailing"]));
  expect(said(standby)).not.toEqual(expect.arrayContaining(["OutboxLate"]));
  expect(said(standby)).not.toEqual(expect.arrayContaining(["JobsFailing"]));
  for (const one of [served, standby]) await one.end();
});

test("gauges that cannot be read cost a warning, and the other metrics are written all the same", async () => {
  platform.metrics.count("webhooks_total", { outcome: "after the fault" });
  const stop = writeEmbeddedMetrics(platform, () => Promise.reject(new Error("database away")));
  await stop();
  expect(linesOf("Webhooks").at(-1)).toMatchObject({ outcome: "after the fault" });
  expect(platform.logLines.join("")).toContain("Some gauges could not be read");
});

test("METRICS_EMF_SECONDS=0 writes none", async () => {
  const silent = await openTestPlatform(database, { METRICS_EMF_SECONDS: "0" });
  silent.metrics.count("webhooks_total", { outcome: "silent" });
  await writeEmbeddedMetrics(silent, () => undefined)();
  expect(silent.logLines.join("")).not.toContain("_aws");
  await silent.end();
});

test("every declared metric is emitted somewhere in the application", () => {
  const folder = path.join(import.meta.dirname, "..");
  const texts = globSync("**/*.ts", { cwd: folder })
    .filter((file) => !file.endsWith(".test.ts") && file !== path.join("platform", "metrics.ts"))
    .map((file) => readFileSync(path.join(folder, file), "utf8"));
  const silent = Object.keys(declaredMetrics).filter(
    (name) => !texts.some((text) => new RegExp(`\\.(count|observe|set)\\(\\s*"${name}"`).test(text)),
  );
  expect(silent).toEqual([]);
});
