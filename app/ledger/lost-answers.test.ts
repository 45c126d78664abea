import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Campus } from "../testing/campus.ts";
import { expectOk, type Money, moneyOf } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { violations } from "../testing/proof/books.ts";
import { type CommitCutter, commitStatement, type Verdict } from "../testing/proof/commit-cutter.ts";
import { startCutCampus } from "../testing/proof/cut-campus.ts";

let cutter: CommitCutter;
let campus: Campus;
let money: Money;
let finance: TestStaff;

beforeAll(async () => {
  ({ campus, cutter } = await startCutCampus());
  money = moneyOf(campus);
  finance = await campus.staff("finance");
});
afterEach(async () => {
  cutter.judge(undefined);
  expect(await violations(campus.owner)).toEqual({});
});
afterAll(async () => {
  await campus.end();
});

interface Pending {
  readonly status: string;
  readonly status_url: string;
}
interface Outcome {
  readonly state: string;
  readonly status: number | null;
  readonly answer: { readonly id: string } | null;
}

/** An adjustment that a first person asked for, to be approved by the second under one key. */
async function wanted() {
  const student = await money.fundedStudent({ balanceMinor: 1_000 });
  const asked = expectOk(
    await finance.api<{ id: string }>("POST", "/admin/adjustments", {
      headers: { "Idempotency-Key": randomUUID() },
      body: { student_id: student.id, amount_minor: 500, currency: "SEK", reason: "for a test" },
    }),
  );
  const second = await campus.staff("finance");
  const key = randomUUID();
  const approve = () =>
    second.api<Pending & { id: string }>("POST", `/admin/adjustments/${asked.id}/approve`, { headers: { "Idempotency-Key": key } });
  const outcome = async (url: string) => expectOk(await second.api<Outcome>("GET", url.replace("/api/v1", "")));
  return { student, id: asked.id, approve, outcome };
}

const cutEveryCommit = (verdict: Verdict) => cutter.judge((statement) => (commitStatement.test(statement) ? verdict : "pass"));

test("a call whose commit happened and was never heard of is 202, is found by its key, and repeated gives its own answer", async () => {
  const { student, id, approve, outcome } = await wanted();
  cutEveryCommit("cut after");
  const answer = await approve();
  expect(answer).toMatchObject({ status: 202, body: { status: "pending" } });
  cutter.judge(undefined);
  expect(await outcome(answer.body.status_url)).toMatchObject({ state: "done", status: 200, answer: { id } });
  expect(expectOk(await approve())).toMatchObject({ id, status: "approved" });
  expect(await student.balanceMinor()).toBe(1_500);
});

test("a call whose commit never happened is 202 too, says pending by its key, and repeated is done once", async () => {
  const { student, approve, outcome } = await wanted();
  cutEveryCommit("cut before");
  const answer = await approve();
  expect(answer.status).toBe(202);
  cutter.judge(undefined);
  expect(await outcome(answer.body.status_url)).toEqual({ state: "pending", status: null, answer: null });
  expect(await student.balanceMinor()).toBe(1_000);
  expect((await approve()).status).toBe(200);
  expect(await student.balanceMinor()).toBe(1_500);
  expect(await outcome(answer.body.status_url)).toMatchObject({ state: "done", status: 200 });
});

test("nobody else finds it", async () => {
  const { approve, outcome } = await wanted();
  cutEveryCommit("cut after");
  const answer = await approve();
  cutter.judge(undefined);
  expect(expectOk(await finance.api("GET", answer.body.status_url.replace("/api/v1", "")))).toMatchObject({ state: "pending" });
  expect(await outcome(answer.body.status_url)).toMatchObject({ state: "done" });
});

test("the API document promises 202 of what may be unknown, and of nothing that cannot be", async () => {
  interface Operation {
    readonly operationId: string;
    readonly responses: Readonly<Record<string, object>>;
  }
  const { body } = await campus.api<{ paths: Record<string, Record<string, Operation>> }>("GET", "root:/openapi.json");
  const pending = Object.values(body.paths)
    .flatMap((methods) => Object.values(methods))
    .filter(({ responses }) => JSON.stringify(responses["202"] ?? {}).includes("schemas/Pending"))
    .map(({ operationId }) => operationId);
  expect(pending).toEqual(expect.arrayContaining(["confirmCharge", "sellAtCounter", "approveAdjustment", "refundOrder", "acceptDispute"]));
  for (const kept of ["beginTopUp", "requestCloseOut", "rejectCloseOut", "placeOrder"]) expect(pending).not.toContain(kept);
});
