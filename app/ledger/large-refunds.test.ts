import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs } from "../testing/api-client.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { addDish } from "../testing/menus.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { codeOf } from "../testing/refusal.ts";
import { checkLedger } from "./check-ledger.ts";

const aloneUpTo = 3_000;

let campus: Campus;
let money: Money;
let till: Till;
let owner: TestStaff;
let secondOwner: TestStaff;
let cashier: TestStaff;
let finance: TestStaff;

beforeAll(async () => {
  campus = await startCampus({ env: { REFUND_TWO_PEOPLE_ABOVE_MINOR: String(aloneUpTo) } });
  money = moneyOf(campus);
  till = await money.till();
  [owner, secondOwner, cashier, finance] = await Promise.all([
    campus.staff("owner", till.cafe),
    campus.staff("owner", till.cafe),
    campus.staff("cashier", till.cafe),
    campus.staff("finance"),
  ]);
});
const broken = async () => (await checkLedger(campus.worker.db)).invariants.filter(({ ok }) => !ok).map(({ id }) => id);
afterAll(async () => {
  expect(await broken()).toEqual([]);
  await campus.end();
});

interface Answer {
  readonly id: string;
  readonly status: string;
  readonly transaction_id: string | null;
  readonly error?: { readonly code: string; readonly details: Record<string, unknown> };
}

const keyed = (key: string = randomUUID()) => ({ "Idempotency-Key": key });
const ask = (orderId: string, body: object = {}, as: TestStaff = cashier, key?: string, process: 0 | 1 = 0) =>
  as.api<Answer>("POST", `/admin/orders/${orderId}/refund`, {
    process,
    body: { reason: "the party was cancelled", ...body },
    headers: keyed(key),
  });
const decide = (id: string, verb: "approve" | "reject", as: Pick<TestStaff, "api"> = owner, process: 0 | 1 = 0) =>
  as.api<Answer>("POST", `/admin/refund-proposals/${id}/${verb}`, { process });
/** An account that this owner made and reads the first password of, in use. */
async function puppetOf(maker: TestStaff, role: "owner" | "cashier") {
  const username = `puppet-${randomUUID().slice(0, 8)}`;
  const added = await maker.api<{ id: string; one_time_password: string }>("POST", "/admin/staff", {
    headers: keyed(),
    body: { username, name: "A Puppet", role },
  });
  const { id, one_time_password } = expectOk(added);
  const new_password = "strings-of-the-marionette-7";
  await campus.api("POST", "/admin/auth/password", { body: { username, password: one_time_password, new_password } });
  const logIn = async () => {
    const entered = await campus.api<{ access_token: string }>("POST", "/admin/auth/login", { body: { username, password: new_password } });
    return { api: callAs(campus.api, `Bearer ${expectOk(entered).access_token}`) };
  };
  return { id, logIn };
}
async function paidOrder(totalMinor = 5_000): Promise<{ student: MoneyStudent; orderId: string }> {
  const student = await money.fundedStudent({ balanceMinor: 10_000 });
  const charge = await student.scannedOrder({ till, totalMinor });
  expectOk(await student.confirm(charge));
  return { student, orderId: charge.order_id };
}
async function proposed(body: object = {}): Promise<{ student: MoneyStudent; orderId: string; id: string }> {
  const { student, orderId } = await paidOrder();
  const { id, status } = expectOk(await ask(orderId, body));
  expect(status).toBe("proposed");
  return { student, orderId, id };
}

describe("a refund above the amount that one person may give back", () => {
  test("moves nothing until another one agrees, and then once; café, audit trail and student are told", async () => {
    const { student, orderId } = await paidOrder();
    const asked = await ask(orderId);
    expect(asked).toMatchObject({
      status: 201,
      body: { order_id: orderId, status: "proposed", amount_minor: 5_000, refunded_minor: 0, payment_status: "paid", transaction_id: null },
    });
    expect([await student.balanceMinor(), (await student.readOrder(orderId)).payment_status]).toEqual([5_000, "paid"]);
    const { id } = asked.body;
    const approved = await decide(id, "approve");
    expect(approved).toMatchObject({
      status: 200,
      body: { id, status: "approved", requested_by: cashier.id, decided_by: owner.id, transaction_id: expect.any(String) },
    });
    expect((await decide(id, "approve", secondOwner)).body.error).toMatchObject({
      code: "INVALID_TRANSITION",
      details: { status: "approved" },
    });
    expect([await student.balanceMinor(), (await student.readOrder(orderId)).payment_status]).toEqual([10_000, "refunded"]);
    expect(await campus.sql`select requested_by, transaction_id from refunds where order_id = ${orderId}`).toEqual([
      { requestedBy: cashier.id, transactionId: approved.body.transaction_id },
    ]);
    expect(await campus.sql`select action, actor_id, cafe_id from audit_log where object_id = ${id} order by id`).toEqual([
      { action: "refund_proposal.requested", actorId: cashier.id, cafeId: till.cafe.id },
      { action: "refund_proposal.approved", actorId: owner.id, cafeId: till.cafe.id },
    ]);
    expect(
      await campus.sql`select event, channels, data ->> 'status' as status from events
        where data ->> 'order_id' = ${orderId} and event in ('refund_proposal', 'refunded') order by id`,
    ).toEqual([
      { event: "refund_proposal", channels: [`cafe:${till.cafe.id}`], status: "pending" },
      { event: "refunded", channels: [`order:${orderId}`, `student:${student.id}`, `cafe:${till.cafe.id}`], status: null },
      { event: "refund_proposal", channels: [`cafe:${till.cafe.id}`], status: "approved" },
    ]);
  });

  test("up to that amount is made by one person as ever; what was given back before counts", async () => {
    const { student, orderId } = await paidOrder();
    expect(expectOk(await ask(orderId, { amount_minor: aloneUpTo - 1 })).status).toBe("done");
    expect(expectOk(await ask(orderId, { amount_minor: 1 })).status).toBe("done");
    expect(expectOk(await ask(orderId, { amount_minor: 1 }))).toMatchObject({ status: "proposed", refunded_minor: aloneUpTo });
    expect(await student.balanceMinor()).toBe(5_000 + aloneUpTo);
  });

  test("asked for again with its key is one and the same, with another key it waits already", async () => {
    const { orderId } = await paidOrder();
    const key = randomUUID();
    const answers = await Promise.all([0, 1, 0, 1].map((process) => ask(orderId, {}, cashier, key, process as 0 | 1)));
    const again = await ask(orderId, {}, cashier, key, 1);
    for (const answer of answers) expect([again.text, "CONFLICT"]).toContain(answer.status === 201 ? answer.text : codeOf(answer));
    expect(codeOf(await ask(orderId, { amount_minor: 4_000 }, cashier, key))).toBe("IDEMPOTENCY_MISMATCH");
    const others = await Promise.all([0, 1, 0, 1].map((process) => ask(orderId, {}, owner, randomUUID(), process as 0 | 1)));
    expect(others.map(codeOf)).toEqual(Array(4).fill("CONFLICT"));
    expect(await campus.sql`select id from refund_proposals where order_id = ${orderId}`).toEqual([{ id: again.body.id }]);
  });

  test("that could not be given back in any case is refused when it is asked for", async () => {
    const { orderId } = await paidOrder();
    expect((await ask(orderId, { amount_minor: 5_001 })).body.error).toMatchObject({
      code: "CONFLICT",
      details: { refundable_minor: 5_000, refunded_minor: 0 },
    });
    expect(codeOf(await ask(orderId, { to: "gateway" }))).toBe("CONFLICT");
    expect(await campus.sql`select id from refund_proposals where order_id = ${orderId}`).toEqual([]);
  });

  test("is approved by no one who asked for it, no cashier, no other café's owner and in no account that the first one opened", async () => {
    const { student, orderId } = await paidOrder();
    const { id } = expectOk(await ask(orderId, {}, owner));
    const puppet = await puppetOf(owner, "owner");
    const promoted = await puppetOf(owner, "cashier");
    expectOk(await owner.api("PATCH", `/admin/staff/${promoted.id}`, { body: { role: "owner" } }));
    const stranger = await campus.staff("owner", (await money.till()).cafe);
    expect(codeOf(await decide(id, "approve", owner))).toBe("INSUFFICIENT_ROLE");
    expect(codeOf(await decide(id, "approve", cashier))).toBe("INSUFFICIENT_ROLE");
    for (const own of [await puppet.logIn(), await promoted.logIn()])
      expect((await decide(id, "approve", own)).body.error).toMatchObject({
        code: "INSUFFICIENT_ROLE",
        details: { because: "account_opened" },
      });
    for (const verb of ["approve", "reject"] as const) expect(codeOf(await decide(id, verb, stranger))).toBe("NOT_FOUND");
    expect(codeOf(await decide(randomUUID(), "approve"))).toBe("NOT_FOUND");
    expect(await student.balanceMinor()).toBe(5_000);
    expectOk(await decide(id, "approve", finance));
    expect(await student.balanceMinor()).toBe(10_000);
  });

  test("of a café that was suspended meanwhile is approved by finance, no more by its owner", async () => {
    const { id } = await proposed();
    await campus.sql`update cafes set status = 'suspended' where id = ${till.cafe.id}`;
    expect(await decide(id, "approve")).toMatchObject({ status: 409, body: { error: { details: { because: "cafe_not_approved" } } } });
    expect((await decide(id, "approve", await campus.staff("finance"))).status).toBe(200);
    await campus.sql`update cafes set status = 'approved' where id = ${till.cafe.id}`;
  });

  test("may be rejected by whoever asked or by another, moves no more then, and is asked for anew", async () => {
    const { student, orderId } = await paidOrder();
    for (const person of [cashier, secondOwner, finance]) {
      const { id } = expectOk(await ask(orderId));
      expect(expectOk(await decide(id, "reject", person))).toMatchObject({ status: "rejected", transaction_id: null });
      expect((await decide(id, "approve")).body.error).toMatchObject({ code: "INVALID_TRANSITION", details: { status: "rejected" } });
    }
    expect(await student.balanceMinor()).toBe(5_000);
    expect(
      await campus.sql`select actor_id from audit_log where action = 'refund_proposal.rejected' and cafe_id = ${till.cafe.id}
        and object_id in (select id from refund_proposals where order_id = ${orderId}) order by id`,
    ).toEqual([cashier, secondOwner, finance].map(({ id }) => ({ actorId: id })));
  });

  test("that several approve and reject at once over two processes is decided by exactly one of them", async () => {
    for (let round = 0; round < 3; round += 1) {
      const { student, orderId, id } = await proposed();
      const people = [owner, secondOwner, finance];
      const answers = await Promise.all(
        Array.from({ length: 9 }, (_, index) => decide(id, index % 4 === 3 ? "reject" : "approve", people[index % 3], index % 2 ? 1 : 0)),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter((answer) => codeOf(answer) === "INVALID_TRANSITION")).toHaveLength(8);
      const [proposal] = await campus.sql<{ status: string }>`select status from refund_proposals where id = ${id}`;
      const given = proposal?.status === "approved" ? 5_000 : 0;
      expect([await student.balanceMinor(), (await student.readOrder(orderId)).payment_status]).toEqual([
        5_000 + given,
        given ? "refunded" : "paid",
      ]);
    }
  });

  test("of which something was given back meanwhile is not approved any more, and the rest is asked for anew", async () => {
    const { student, orderId, id } = await proposed({ amount_minor: 4_000 });
    expect(expectOk(await ask(orderId, { amount_minor: 100 })).status).toBe("done");
    expect((await decide(id, "approve")).body.error).toMatchObject({
      code: "CONFLICT",
      details: { refunded_minor: 100, refunded_before_minor: 0 },
    });
    expectOk(await decide(id, "reject"));
    expectOk(await decide(expectOk(await ask(orderId)).id, "approve"));
    expect(await student.balanceMinor()).toBe(10_000);
  });

  test("approved in the same moment as another refund of its order: one of the two is made, never both", async () => {
    for (let round = 0; round < 4; round += 1) {
      const { student, orderId, id } = await proposed({ amount_minor: 4_000 });
      const [approved, small] = await Promise.all([decide(id, "approve", owner, 1), ask(orderId, { amount_minor: 1_000 })]);
      const isFirst = approved.status === 200;
      if (!isFirst) expect(codeOf(approved)).toBe("CONFLICT");
      expect([await student.balanceMinor(), small.body.status]).toEqual(isFirst ? [9_000, "proposed"] : [6_000, "done"]);
    }
  });

  test("is listed for the people of its café and for finance, by status", async () => {
    const { id } = await proposed();
    const rejected = await proposed();
    expectOk(await decide(rejected.id, "reject"));
    const stranger = await campus.staff("cashier", (await money.till()).cafe);
    const listed = async (as: TestStaff, query: string) =>
      expectOk(await as.api<{ items: Answer[] }>("GET", `/admin/refund-proposals?${query}`)).items.map((one) => one.id);
    for (const person of [cashier, owner, finance]) {
      const pending = await listed(person, "status=pending");
      expect([pending.includes(id), pending.includes(rejected.id)]).toEqual([true, false]);
    }
    expect(await listed(stranger, "limit=100")).toEqual([]);
  });

  test("whose books say another amount than two people agreed to is seen by the ledger check", async () => {
    const { id } = await proposed({ amount_minor: 4_000 });
    expectOk(await decide(id, "approve"));
    await campus.sql`update refund_proposals set amount_minor = 4001 where id = ${id}`;
    expect(await broken()).toEqual(["I10"]);
    await campus.sql`update refund_proposals set amount_minor = 4000 where id = ${id}`;
  });
});

describe("at the counter", () => {
  const atCounter = (body: object) =>
    till.device.api<Answer>("POST", "/pos/refunds", {
      body: { scan_id: randomUUID(), reason: "the party was cancelled", ...body },
      headers: { "X-Staff-Authorization": `Bearer ${owner.token}` },
    });

  test("what takes two people is refused and says who can do it; less is given back as ever", async () => {
    const { student, orderId } = await paidOrder();
    const body = { order_id: orderId, card_uid: student.cardUid };
    expect((await atCounter(body)).body.error).toMatchObject({
      code: "INSUFFICIENT_ROLE",
      message: expect.stringContaining("another owner or finance approves"),
      details: { because: "second_person", above_minor: aloneUpTo },
    });
    expectOk(await atCounter({ ...body, amount_minor: aloneUpTo }));
    expect((await atCounter({ ...body, amount_minor: 1 })).body.error).toMatchObject({ details: { because: "second_person" } });
    expect(await student.balanceMinor()).toBe(5_000 + aloneUpTo);
  });

  test("cash that was paid in cash is given back by one person: nobody can do so elsewhere", async () => {
    const item = await addDish(campus, till.cafe, { priceMinor: aloneUpTo + 1 });
    const sold = await till.device.api<{ order: { id: string } }>("POST", "/pos/sales", {
      body: { payment: "cash", items: [{ menu_item_id: item, quantity: 1 }] },
      headers: keyed(),
    });
    expect((await atCounter({ order_id: expectOk(sold).order.id })).status).toBe(201);
  });
});

describe("a cancel", () => {
  const cancel = (orderId: string, as: TestStaff = cashier) =>
    as.api<Answer>("PATCH", `/admin/orders/${orderId}/status`, { body: { status: "cancelled" } });

  test("by one person of the café gives no more back than a refund by one does, and says the way", async () => {
    const { student, orderId } = await paidOrder();
    for (const person of [cashier, owner])
      expect((await cancel(orderId, person)).body.error).toMatchObject({
        code: "INSUFFICIENT_ROLE",
        details: { because: "second_person", above_minor: aloneUpTo },
      });
    expect([await student.balanceMinor(), (await student.readOrder(orderId)).status]).toEqual([5_000, "received"]);
    const { id } = expectOk(await ask(orderId));
    expectOk(await decide(id, "approve"));
    expectOk(await cancel(orderId));
    expect([await student.balanceMinor(), (await student.readOrder(orderId)).status]).toEqual([10_000, "cancelled"]);
  });

  test("counts what was given back before: in two halves it is no way around", async () => {
    const { student, orderId } = await paidOrder();
    expectOk(await ask(orderId, { amount_minor: 2_500 }));
    expect(codeOf(await cancel(orderId))).toBe("INSUFFICIENT_ROLE");
    expect(await student.balanceMinor()).toBe(7_500);
  });

  test("by its student after the kitchen began it and took that step back gives no more back either", async () => {
    const kitchen = await campus.staff("kitchen", till.cafe);
    const [large, small] = [await paidOrder(), await paidOrder(3_000)];
    for (const { orderId } of [large, small])
      for (const status of ["preparing", "received"])
        expectOk(await kitchen.api("PATCH", `/admin/orders/${orderId}/status`, { body: { status } }));
    expect(codeOf(await large.student.api<Answer>("POST", `/orders/${large.orderId}/cancel`))).toBe("INVALID_TRANSITION");
    expect([await large.student.balanceMinor(), (await large.student.readOrder(large.orderId)).status]).toEqual([5_000, "received"]);
    expectOk(await small.student.api("POST", `/orders/${small.orderId}/cancel`));
    expect(await small.student.balanceMinor()).toBe(10_000);
  });

  test("by the student, or of what one person may give back, goes on as ever", async () => {
    const small = await paidOrder(3_000);
    expectOk(await cancel(small.orderId));
    expect(await small.student.balanceMinor()).toBe(10_000);
    const large = await paidOrder();
    expectOk(await large.student.api("POST", `/orders/${large.orderId}/cancel`));
    expect(await large.student.balanceMinor()).toBe(10_000);
  });
});
