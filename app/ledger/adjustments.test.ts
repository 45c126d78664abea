import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { expectOk, moneyOf } from "../testing/money.ts";
import { oneBehindTheOther } from "../testing/one-behind-the-other.ts";
import type { TestStaff } from "../testing/people.ts";
import { codeOf } from "../testing/refusal.ts";
import { checkLedger } from "./check-ledger.ts";

let campus: Campus;
let first: TestStaff;
let second: TestStaff;
let third: TestStaff;

beforeAll(async () => {
  campus = await startCampus();
  [first, second, third] = await Promise.all([campus.staff("finance"), campus.staff("finance"), campus.staff("admin")]);
});
afterAll(async () => {
  expect((await checkLedger(campus.worker.db)).invariants.filter((invariant) => !invariant.ok)).toEqual([]);
  await campus.end();
});

interface AdjustmentBody {
  readonly id: string;
  readonly status: string;
  readonly amount_minor: number;
  readonly transaction_id: string | null;
  readonly error?: { readonly code: string; readonly details: Record<string, unknown> };
}

const ask = (studentId: string, amountMinor: number, own: object = {}, key: string = randomUUID(), as = first) =>
  as.api<AdjustmentBody>("POST", "/admin/adjustments", {
    body: { student_id: studentId, amount_minor: amountMinor, currency: "SEK", reason: "welcome gift", ...own },
    headers: { "Idempotency-Key": key },
  });
const decide = (id: string, verb: "approve" | "reject", as = second, process: 0 | 1 = 0) =>
  as.api<AdjustmentBody>("POST", `/admin/adjustments/${id}/${verb}`, { process });
const balanceOf = async (student: { api: Campus["api"] }) =>
  (await student.api<{ balance_minor: number }>("GET", "/wallet")).body.balance_minor;

describe("an adjustment", () => {
  test("opens no wallet for a person who is erased: it is not asked for, and one that was is not approved", async () => {
    const erased = await campus.student();
    expect((await third.api("DELETE", `/admin/students/${erased.id}`)).status).toBe(204);
    expect(codeOf(await ask(erased.id, 100))).toBe("NOT_FOUND");
    const [pending] = await campus.sql<{ id: string }>`
      insert into adjustments (student_id, amount_minor, currency, reason, requested_by) values (${erased.id}, 100, 'SEK', 'erased', ${first.id}) returning id`;
    expect(codeOf(await decide(pending?.id ?? "", "approve"))).toBe("CONFLICT");
    expect(await campus.sql`select 1 from wallets where student_id = ${erased.id}`).toEqual([]);
    await decide(pending?.id ?? "", "reject");
  });

  test("in a currency that the wallet does not have is answered as no wallet, and moves nothing", async () => {
    const student = await campus.student();
    expect(await balanceOf(student)).toBe(0);
    const [foreign] = await campus.sql<{ id: string }>`
      insert into adjustments (student_id, amount_minor, currency, reason, requested_by) values (${student.id}, 100, 'EUR', 'abroad', ${first.id}) returning id`;
    expect(codeOf(await decide(foreign?.id ?? "", "approve"))).toBe("CONFLICT");
    expect(await balanceOf(student)).toBe(0);
    await decide(foreign?.id ?? "", "reject");
  });

  test("of more than is left once another, decided at the same moment, is in the books is told so", async () => {
    const student = await campus.student();
    expectOk(await decide((await ask(student.id, 1_000)).body.id, "approve"));
    const [one, other] = [(await ask(student.id, -700)).body.id, (await ask(student.id, -700)).body.id];
    const approve = (id: string) => (tx: Transaction) => tx.row(sql`select outcome from approve_adjustment(${id}, ${second.id})`);
    expect(await oneBehindTheOther(campus.owner, approve(one), approve(other))).toEqual({ outcome: "insufficient" });
    expect(await balanceOf(student)).toBe(300);
    await decide(other, "reject");
  });

  test("takes nothing that is kept for something else", async () => {
    const student = await campus.student();
    expectOk(await decide((await ask(student.id, 1_000)).body.id, "approve"));
    const dispute = randomUUID();
    await campus.sql`select place_hold(${student.id}, 600, 'gateway_disputes', ${dispute}, null)`;
    const { id } = (await ask(student.id, -500)).body;
    const approve = () => campus.sql`select outcome, balance_minor from approve_adjustment(${id}, ${second.id})`;
    expect(await approve()).toEqual([{ outcome: "insufficient", balanceMinor: 400 }]);
    await campus.sql`select end_hold('gateway_disputes', ${dispute}, 'voided')`;
    expectOk(await decide(id, "approve"));
    expect(await balanceOf(student)).toBe(500);
  });

  test("moves money when a second person approves, and not before", async () => {
    const student = await campus.student();
    const asked = await ask(student.id, 12_300);
    expect(asked).toMatchObject({
      status: 201,
      body: { status: "pending", requested_by: first.id, decided_by: null, transaction_id: null },
    });
    expect(await balanceOf(student)).toBe(0);
    const approved = await decide(asked.body.id, "approve");
    expect(approved).toMatchObject({
      status: 200,
      body: { status: "approved", decided_by: second.id, transaction_id: expect.any(String) },
    });
    expect(await balanceOf(student)).toBe(12_300);
    const statement = await student.api<{ items: unknown[] }>("GET", "/wallet/statement");
    expect(statement.body.items).toEqual([
      expect.objectContaining({
        id: approved.body.transaction_id,
        kind: "adjustment",
        amount_minor: 12_300,
        balance_minor_after: 12_300,
        order_id: null,
      }),
    ]);
    const trail = await campus.sql`select action, actor_id from audit_log where object_id = ${asked.body.id} order by id`;
    expect(trail).toEqual([
      { action: "adjustment.requested", actorId: first.id },
      { action: "adjustment.approved", actorId: second.id },
    ]);
  });

  test("is not approved by whoever asked for it, admin or not", async () => {
    const student = await campus.student();
    for (const person of [first, third]) {
      const asked = await ask(student.id, 100, {}, randomUUID(), person);
      expect(await decide(asked.body.id, "approve", person)).toMatchObject({ status: 403, body: { error: { code: "INSUFFICIENT_ROLE" } } });
    }
    expect(await balanceOf(student)).toBe(0);
  });

  test("may be rejected by either of the two, and then nothing moves it any more", async () => {
    const student = await campus.student();
    for (const person of [first, second]) {
      const asked = await ask(student.id, 100);
      expect(await decide(asked.body.id, "reject", person)).toMatchObject({
        status: 200,
        body: { status: "rejected", transaction_id: null },
      });
      expect(await decide(asked.body.id, "approve")).toMatchObject({
        status: 409,
        body: { error: { code: "INVALID_TRANSITION", details: { status: "rejected" } } },
      });
    }
    expect(await balanceOf(student)).toBe(0);
  });

  test("that many approve and reject at once is decided by exactly one of them", async () => {
    const student = await campus.student();
    for (let round = 0; round < 5; round += 1) {
      const { id } = (await ask(student.id, 100)).body;
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          decide(id, index % 5 === 4 ? "reject" : "approve", index % 2 ? second : third, index % 3 ? 1 : 0),
        ),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter((answer) => codeOf(answer) === "INVALID_TRANSITION")).toHaveLength(9);
    }
    const [sums] = await campus.sql`
      select (select count(*) * 100 from adjustments where student_id = ${student.id} and status = 'approved') as approved,
        (select balance_minor from wallets where student_id = ${student.id}) as balance`;
    expect(sums?.balance ?? 0).toBe(sums?.approved);
  });

  test("out of a wallet takes what is there and never more", async () => {
    const student = await moneyOf(campus).fundedStudent({ balanceMinor: 1_000 });
    const tooMuch = await ask(student.id, -1_001);
    expect(await decide(tooMuch.body.id, "approve")).toMatchObject({
      status: 402,
      body: { error: { code: "INSUFFICIENT_FUNDS", details: { balance_minor: 1_000, needed_minor: 1_001 } } },
    });
    await student.topUp(1);
    expect((await decide(tooMuch.body.id, "approve")).body.status).toBe("approved");
    expect(await student.balanceMinor()).toBe(0);
  });

  test("is refused for a closed wallet and still reaches a frozen one", async () => {
    const student = await moneyOf(campus).fundedStudent({ balanceMinor: 1_000 });
    await student.api("POST", "/wallet/freeze");
    const { id } = (await ask(student.id, 50)).body;
    expect((await decide(id, "approve")).status).toBe(200);
    await campus.sql`update wallets set status = 'closed' where student_id = ${student.id}`;
    const late = (await ask(student.id, 50)).body;
    expect(codeOf(await decide(late.id, "approve"))).toBe("CONFLICT");
    expect(await student.balanceMinor()).toBe(1_050);
  });
});

describe("asking for an adjustment", () => {
  test("with the same key asks once, also at once, and refuses the key for another request", async () => {
    const student = await campus.student();
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(student.id, 700, {}, key)));
    const made = answers.filter(({ status }) => status === 201);
    expect(new Set(made.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ status }) => status !== 201).every((answer) => codeOf(answer) === "CONFLICT")).toBe(true);
    expect((await ask(student.id, 700, {}, key)).text).toBe(made[0]?.text);
    expect(codeOf(await ask(student.id, 701, {}, key))).toBe("IDEMPOTENCY_MISMATCH");
    expect(await campus.sql`select 1 from adjustments where student_id = ${student.id}`).toHaveLength(1);
  });

  test("names what does not fit: amount, currency, reason, student, key", async () => {
    const student = await campus.student();
    for (const own of [
      { amount_minor: 0 },
      { amount_minor: 1.5 },
      { amount_minor: 2_000_000_000 },
      { reason: "x" },
      { currency: "sek" },
      { more: 1 },
    ])
      expect(await ask(student.id, 100, own)).toMatchObject({ status: 400, body: { error: { code: "VALIDATION_ERROR" } } });
    expect(await ask(student.id, 100, { currency: "EUR" })).toMatchObject({
      status: 400,
      body: { error: { details: { fields: [{ field: "currency", problem: "must be SEK" }] } } },
    });
    expect(codeOf(await ask(randomUUID(), 100))).toBe("NOT_FOUND");
    expect(codeOf(await decide(randomUUID(), "approve"))).toBe("NOT_FOUND");
    const body = { student_id: student.id, amount_minor: 1, currency: "SEK", reason: "no key" };
    expect(codeOf(await first.api<AdjustmentBody>("POST", "/admin/adjustments", { body }))).toBe("VALIDATION_ERROR");
  });

  test("is for finance and admin alone", async () => {
    const [student, cafe] = [await campus.student(), await campus.cafe()];
    const { id } = (await ask(student.id, 100)).body;
    for (const role of ["owner", "cashier", "kitchen", "delivery"] as const) {
      const staff = await campus.staff(role, cafe);
      expect(codeOf(await ask(student.id, 100, {}, randomUUID(), staff))).toBe("INSUFFICIENT_ROLE");
      for (const verb of ["approve", "reject"] as const) expect(codeOf(await decide(id, verb, staff))).toBe("INSUFFICIENT_ROLE");
      expect((await staff.api("GET", "/admin/adjustments")).status).toBe(403);
    }
    expect((await student.api("POST", `/admin/adjustments/${id}/approve`)).status).toBe(403);
  });
});

test("the list names the student and who asked; the answer that is kept does not", async () => {
  const student = await moneyOf(campus).fundedStudent({ balanceMinor: 100, name: "Zoë Östergård" });
  const asker = await campus.staff("finance");
  const made = expectOk(
    await asker.api<AdjustmentBody>("POST", "/admin/adjustments", {
      headers: { "Idempotency-Key": randomUUID() },
      body: { student_id: student.id, amount_minor: 5, currency: "SEK", reason: "for a test" },
    }),
  );
  expect(made).not.toHaveProperty("student_name");
  const { items } = expectOk(await asker.api<{ items: AdjustmentBody[] }>("GET", "/admin/adjustments?status=pending&limit=100"));
  const [staff] = await campus.sql<{ name: string }>`select name from staff where id = ${asker.id}`;
  expect(items.find(({ id }) => id === made.id)).toMatchObject({ student_name: "Zoë Östergård", requested_by_name: staff?.name });
  expectOk(await asker.api("POST", `/admin/adjustments/${made.id}/reject`));
});

test("the list of adjustments pages newest first and filters by status", async () => {
  const student = await campus.student();
  const ids: string[] = [];
  for (let count = 0; count < 5; count += 1) ids.unshift((await ask(student.id, 100 + count)).body.id);
  const seen: string[] = [];
  let cursor = "";
  do {
    const page: { body: { items: AdjustmentBody[]; next_cursor: string | null } } = await first.api(
      "GET",
      `/admin/adjustments?status=pending&limit=2${cursor}`,
    );
    seen.push(...page.body.items.map(({ id }) => id));
    cursor = page.body.next_cursor === null ? "" : `&cursor=${page.body.next_cursor}`;
  } while (cursor !== "");
  expect(seen.slice(0, 5)).toEqual(ids);
  const approved = await first.api<{ items: AdjustmentBody[] }>("GET", "/admin/adjustments?status=approved");
  expect(new Set(approved.body.items.map(({ status }) => status))).toEqual(new Set(["approved"]));
  expect((await first.api("GET", "/admin/adjustments?status=gone")).status).toBe(400);
});
