import { afterAll, beforeAll, expect, test } from "vitest";
import { testEnvironment } from "../configure.ts";
import { createTestDatabase, type TestDatabase } from "../database.ts";
import { killWorkers } from "./killed-worker.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const seed = Number(process.env.PROOF_SEED ?? Date.now() % 100_000);

test("rows 31, 32: a worker killed ten times while 550 events flow: each effect once at its receiver, nothing lost, dead letters only where one was refused for good", async () => {
  const place = { env: testEnvironment(database.env), query: database.query };
  const outcome = await killWorkers(place, { seed, orders: 250, kills: 10 });
  expect(outcome.problems, `again: PROOF_SEED=${seed} npx vitest run --project app app/testing/proof/killed-worker.test.ts`).toEqual([]);
  expect(outcome).toMatchObject({ events: 550, kills: 10 });
  expect(outcome.deadLetters).toBeGreaterThan(0);
}, 180_000);
