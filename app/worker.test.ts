import { afterAll, beforeAll, expect, test } from "vitest";
import { workerJobs } from "./job-registry.ts";
import type { WorkerKind } from "./platform/jobs.ts";
import { type Campus, startCampus } from "./testing/campus.ts";
import { until } from "./testing/platform.ts";
import { startWorkerProcess } from "./testing/worker-process.ts";

let campus: Campus;
beforeAll(async () => {
  campus = await startCampus();
});
afterAll(() => campus.end());

/** A message that somebody waits for, and a check of the books. */
const topics = { money: "sms.otp", long: "books.check" } as const;

async function putBoth() {
  await campus.sql`delete from outbox`;
  await campus.sql`update timed_jobs set last_started_at = null, due_at = now()`;
  expect((await campus.api("POST", "/auth/request-otp", { body: { phone: (await campus.student()).phone } })).status).toBe(200);
  await campus.sql`insert into outbox (topic, payload) values (${topics.long}, '{"name": "dead_letters"}')`;
}

const triesOf = async (topic: string) =>
  (
    await campus.sql<{
      tries: number;
      done: boolean;
    }>`select tries, done_at is not null as done from outbox where topic = ${topic} order by id`
  )[0];
const begunJobs = async () =>
  (await campus.sql<{ name: string }>`select name from timed_jobs where last_started_at is not null`).map(({ name }) => name).toSorted();
const jobsOf = (kind: WorkerKind) =>
  workerJobs(campus.worker)
    .flatMap(({ name, worker = "money" }) => (worker === kind ? [name] : []))
    .toSorted();

test.each([
  ["money", "long"],
  ["long", "money"],
] as const)(
  "a worker of the kind %s does its own and leaves alone what is of the kind %s, so that neither delays the other",
  async (own, other) => {
    await putBoth();
    const worker = startWorkerProcess(campus.env, own);
    try {
      await until("its own row is delivered", async () => (await triesOf(topics[own]))?.done);
      await until("each of its jobs was begun", async () => (await begunJobs()).length >= jobsOf(own).length);
    } finally {
      await worker.stop();
    }
    expect(await begunJobs()).toEqual(jobsOf(own));
    expect(await triesOf(topics[other])).toEqual({ tries: 0, done: false });
  },
);
