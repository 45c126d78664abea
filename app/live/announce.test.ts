import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { renderApiDocument } from "../testing/api-document.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { moneyOf } from "../testing/money.ts";
import { until } from "../testing/platform.ts";
import { startWorkerProcess } from "../testing/worker-process.ts";
import { eventsChannel } from "./announce.ts";

let campus: Campus;
let heard = 0;

beforeAll(async () => {
  campus = await startCampus();
  await campus.redis.connect();
  campus.redis.on("message", () => {
    heard += 1;
  });
  await campus.redis.subscribe(eventsChannel);
});
beforeEach(() => {
  heard = 0;
});
afterAll(() => campus.end());

const announced = () => until("somebody is told", () => heard > 0);

test("a request that changes something wakes whoever waits for news, though its route says nothing of it; a read and a stranger wake nobody", async () => {
  const student = await campus.student();
  heard = 0;
  const token = student.token;
  const change = { name: "Somebody", language: "sv", notifications: { orders: true, payments: true } };
  expect((await campus.api("GET", "/users/me", { token })).status).toBe(200);
  expect((await campus.api("PUT", "/users/me", { body: change })).status).toBe(401);
  expect((await campus.api("PUT", "/users/me", { token, body: change })).status).toBe(200);
  await announced();
  expect(heard).toBe(1);
});

test("a refusal that may have ended something wakes them too", async () => {
  const money = moneyOf(campus);
  const [till, student] = [await money.till(), await money.fundedStudent({ balanceMinor: 1_000 })];
  const charge = await student.scannedOrder({ till, totalMinor: 500 });
  heard = 0;
  const wrong = charge.match_code === "10" ? "11" : "10";
  expect((await student.confirm(charge, { number_match: wrong })).status).toBe(409);
  await announced();
});

test("what the worker delivers and what it does by the clock wakes them", async () => {
  await campus.requestOtp("+46700000099");
  heard = 0;
  await campus.sql`insert into outbox (topic, payload) values ('gateway.event', '{}')`;
  await campus.drainOutbox();
  await announced();
  heard = 0;
  const worker = startWorkerProcess(campus.env);
  try {
    await worker.working;
    await announced();
  } finally {
    await worker.stop();
  }
});

test("every address that changes anything stands under /api/v1, where requests are announced", async () => {
  const { paths } = JSON.parse(await renderApiDocument()) as { paths: Record<string, object> };
  const outside = Object.entries(paths).filter(
    ([path, methods]) => !path.startsWith("/api/v1/") && Object.keys(methods).some((method) => method !== "get"),
  );
  expect(outside.map(([path]) => path)).toEqual([]);
});
