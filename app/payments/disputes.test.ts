import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sql } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf, type TestGateway } from "../testing/gateway.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf } from "../testing/money.ts";
import type { TestCafe, TestStaff } from "../testing/people.ts";
import { violations } from "../testing/proof/books.ts";

const amountMinor = 5_000;

let campus: Campus;
let money: Money;
let gateway: TestGateway;
let cafe: TestCafe;
let finance: TestStaff;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  gateway = gatewayOf(campus);
  cafe = await campus.cafe();
  finance = await campus.staff("finance");
  await gateway.connect();
});
afterAll(async () => {
  expect(await violations(campus.owner)).toEqual({});
  await campus.end();
});

interface DisputeBody {
  readonly id: string;
  readonly dispute_id: string;
  readonly status: string;
  readonly order_id: string | null;
  readonly evidence?: string | null;
  readonly error?: { readonly code: string; readonly details: Record<string, unknown> };
}

interface CaseBody extends DisputeBody {
  readonly student_name: string | null;
  readonly order: { readonly items: string } | null;
  readonly timeline: readonly { readonly event: string }[];
}

async function settle(): Promise<void> {
  await gateway.quiet();
  await campus.drainOutbox();
  await gateway.quiet();
  await campus.drainOutbox();
}

interface Paid {
  readonly student: MoneyStudent;
  readonly paymentId: string;
  readonly orderId: string | undefined;
}

async function toppedUp(): Promise<Paid> {
  const student = await money.fundedStudent({ balanceMinor: 0 });
  return { student, paymentId: (await gateway.topUp(student, amountMinor)).payment_id, orderId: undefined };
}

async function orderPaid(): Promise<Paid & { orderId: string }> {
  const student = await money.fundedStudent({ balanceMinor: 0, name: "Zoë Östergård" });
  const { orderId, checkout } = await gateway.paidUpiOrder(student, cafe, amountMinor);
  return { student, paymentId: checkout.payment_id, orderId };
}

/** Paid for a wallet that was closed meanwhile, and on its way back, or there. */
async function heldTopUp(purpose: "top_up" | "gift" = "top_up"): Promise<Paid> {
  const student = await money.fundedStudent({ balanceMinor: 0 });
  const begun =
    purpose === "top_up"
      ? await gateway.beginTopUp(student, amountMinor)
      : await giftFor(
          expectOk(await student.api<{ token: string }>("POST", "/wallet/gift-link", { body: { limit_minor: amountMinor } })).token,
        );
  await campus.sql`update wallets set status = 'closed' where student_id = ${student.id}`;
  const { payment_id: paymentId } = await gateway.pay(begun.gateway_order_id);
  await settle();
  return { student, paymentId, orderId: undefined };
}

const giftFor = async (token: string) =>
  expectOk(await campus.api<{ gateway_order_id: string }>("POST", `/gifts/${token}`, { body: { amount_minor: amountMinor } }));

async function refundedThroughGateway(): Promise<Paid> {
  const paid = await orderPaid();
  expectOk(await refund(paid.orderId, amountMinor, "gateway"));
  await settle();
  return paid;
}

async function disputed(paymentId: string, options: { amount?: number; respond_in_seconds?: number } = {}): Promise<DisputeBody> {
  const { id } = await gateway.door("POST", "/disputes", { payment_id: paymentId, ...options });
  await settle();
  const { items } = expectOk(await finance.api<{ items: DisputeBody[] }>("GET", "/admin/disputes?limit=100"));
  const found = items.find(({ dispute_id }) => dispute_id === id);
  if (!found) throw new Error("The dispute was not listed.");
  return found;
}

const decide = (id: string, what: "respond" | "accept", as: TestStaff = finance, process: 0 | 1 = 0) =>
  as.api<DisputeBody>("POST", `/admin/disputes/${id}/${what}`, {
    process,
    ...(what === "respond" ? { body: { evidence: "The card was scanned at the till at 12:03." } } : {}),
  });
const bank = async (dispute: DisputeBody, outcome: "won" | "lost") => {
  await gateway.door("POST", `/disputes/${dispute.dispute_id}/${outcome}`);
  await settle();
};

test("a dispute above the amount that takes two is accepted by two people, also if the code forgets; answering it takes one", async () => {
  const [second, { paymentId }, other] = [await campus.staff("admin"), await toppedUp(), await toppedUp()];
  const [dispute, contested] = [await disputed(paymentId), await disputed(other.paymentId)];
  await campus.sql`update gateway_disputes set amount_minor = 1000001 where id in (${dispute.id}, ${contested.id})`;
  const accept = async (as: TestStaff, id = dispute.id) => (await decide(id, "accept", as)).body;
  expect(await accept(finance)).toMatchObject({ status: "open", accept_asked_by: finance.id });
  expect((await accept(finance)).error?.code).toBe("INSUFFICIENT_ROLE");
  await expect(
    campus.sql`update gateway_disputes set status = 'accepted', decided_by = ${finance.id}, accept_takes_two = true where id = ${dispute.id}`.then(
      (rows) => rows[0],
    ),
  ).rejects.toThrow("gateway_disputes_two_people");
  const [one, same] = [await accept(second), await accept(second)];
  expect([one.status, same.error?.code]).toEqual(["accepted", "INVALID_TRANSITION"]);
  expect(await campus.sql`select actor_id, action from audit_log where object_id = ${dispute.id} order by id`).toEqual([
    { actorId: finance.id, action: "dispute.accept_asked" },
    { actorId: second.id, action: "dispute.accepted" },
  ]);
  expect(await accept(finance, contested.id)).toMatchObject({ status: "open" });
  expect((await decide(contested.id, "respond")).body.status).toBe("contested");
  await campus.sql`update gateway_disputes set amount_minor = ${amountMinor} where id in (${dispute.id}, ${contested.id})`;
  await settle();
  await bank(contested, "won");
  expect(await readStatus(dispute.id)).toEqual([{ status: "lost" }]);
});

const readStatus = (id: string) => campus.sql`select status from gateway_disputes where id = ${id}`;
/** What left whose account for good, by the entries of the dispute's end. */
const borneBy = (id: string) =>
  campus.sql`select a.kind, t.amount_minor from gateway_disputes d join ledger_transactions t on t.corrects_id = d.transaction_id
    join accounts a on a.id = t.from_account_id where d.id = ${id} order by a.kind`;
const refund = async (orderId: string, amount?: number, to: "wallet" | "gateway" = "wallet") => {
  const owner = await campus.staff("owner", cafe);
  return owner.api<DisputeBody>("POST", `/admin/orders/${orderId}/refund`, {
    body: { reason: "cold", to, ...(amount === undefined ? {} : { amount_minor: amount }) },
    headers: { "Idempotency-Key": randomUUID() },
  });
};

describe("a dispute", () => {
  test("that is lost takes from the café only what another lost one has left of its order; the rest is the university's", async () => {
    const { paymentId } = await orderPaid();
    const [first, second] = [await disputed(paymentId, { amount: 3_000 }), await disputed(paymentId, { amount: 3_000 })];
    await bank(first, "lost");
    await bank(second, "lost");
    expect(await borneBy(first.id)).toEqual([{ kind: "cafe_payable", amountMinor: 3_000 }]);
    expect(await borneBy(second.id)).toEqual([
      { kind: "cafe_payable", amountMinor: 2_000 },
      { kind: "fees", amountMinor: 1_000 },
    ]);
  });

  test("that is lost takes of held money only what another lost one has left of it", async () => {
    await gateway.set({ refunds: "pending" });
    const { paymentId } = await heldTopUp();
    const [stuck] = await campus.sql<{ id: string }>`
      select gateway_refund_id as id from gateway_refunds f join gateway_payments p on p.id = f.payment_row_id where p.payment_id = ${paymentId}`;
    await gateway.door("POST", `/refunds/${stuck?.id}/failed`);
    await gateway.set({ refunds: "processed" });
    await settle();
    const [first, second] = [await disputed(paymentId, { amount: 3_000 }), await disputed(paymentId, { amount: 3_000 })];
    await bank(first, "lost");
    await bank(second, "lost");
    expect(await borneBy(first.id)).toEqual([{ kind: "held", amountMinor: 3_000 }]);
    expect(await borneBy(second.id)).toEqual([
      { kind: "fees", amountMinor: 1_000 },
      { kind: "held", amountMinor: 2_000 },
    ]);
  });

  test("of an order whose money went into the wallet is the student's to bear: kept back while it is open, and what is spent is owed", async () => {
    for (const outcome of ["won", "lost"] as const) {
      const { student, paymentId, orderId } = await orderPaid();
      expectOk(await student.cancel(orderId));
      const dispute = await disputed(paymentId);
      expect(expectOk(await student.api("GET", "/wallet"))).toMatchObject({ balance_minor: amountMinor, held_minor: amountMinor });
      await bank(dispute, outcome);
      expect(await student.balanceMinor()).toBe(outcome === "won" ? amountMinor : 0);
      if (outcome === "lost") expect(await borneBy(dispute.id)).toEqual([{ kind: "wallet", amountMinor }]);
    }
    const { student, paymentId, orderId } = await orderPaid();
    expectOk(await refund(orderId, 3_500));
    const till = { cafe, device: await campus.device(cafe) };
    expectOk(await student.confirm(await student.scannedOrder({ till, totalMinor: 2_500 })));
    const [first, second] = [await disputed(paymentId, { amount: 4_000 }), await disputed(paymentId, { amount: 1_000 })];
    await bank(first, "lost");
    await bank(second, "lost");
    expect(await borneBy(first.id)).toEqual([
      { kind: "cafe_payable", amountMinor: 1_500 },
      { kind: "receivables", amountMinor: 1_500 },
      { kind: "wallet", amountMinor: 1_000 },
    ]);
    expect(await borneBy(second.id)).toEqual([{ kind: "receivables", amountMinor: 1_000 }]);
    expect(expectOk(await student.api("GET", "/wallet"))).toMatchObject({ balance_minor: 0, held_minor: 0, owed_minor: 2_500 });
  });

  test("of a top-up keeps its money back until it is decided: spendable again when it is won, gone when it is lost", async () => {
    for (const outcome of ["won", "lost"] as const) {
      const { student, paymentId } = await toppedUp();
      const dispute = await disputed(paymentId, { amount: 3_000 });
      expect(expectOk(await student.api("GET", "/wallet"))).toMatchObject({ balance_minor: amountMinor, held_minor: 3_000 });
      const till = { cafe, device: await campus.device(cafe) };
      const charge = await student.scannedOrder({ till, totalMinor: 2_500 });
      expect((await student.confirm(charge)).body.error).toMatchObject({ code: "INSUFFICIENT_FUNDS", details: { balance_minor: 2_000 } });
      await bank(dispute, outcome);
      const left = outcome === "won" ? amountMinor : amountMinor - 3_000;
      expect(expectOk(await student.api("GET", "/wallet"))).toMatchObject({ balance_minor: left, held_minor: 0 });
      expect((await student.confirm(charge)).status).toBe(outcome === "won" ? 200 : 402);
      expect(await campus.sql`select status from wallet_holds where document_id = ${dispute.id}`).toEqual([
        { status: outcome === "won" ? "voided" : "posted" },
      ]);
      if (outcome === "lost") expectOk(await student.cancel(charge.order_id));
    }
  });

  test("opens a case with its deadline, once however often it is told, and moves the money out of the gateway's account", async () => {
    await gateway.set({ copies: 3, longest_delay_ms: 20 });
    const { paymentId } = await toppedUp();
    const dispute = await disputed(paymentId);
    await gateway.set({ copies: 1, longest_delay_ms: 0 });
    expect(dispute).toMatchObject({ status: "open", is_overdue: false, amount_minor: amountMinor, payment_id: paymentId, order_id: null });
    expect(
      await campus.sql`select f.kind as from_kind, a.kind as to_kind, t.amount_minor from gateway_disputes d join ledger_transactions t on t.id = d.transaction_id
        join accounts f on f.id = t.from_account_id join accounts a on a.id = t.to_account_id where d.id = ${dispute.id}`,
    ).toEqual([{ fromKind: "disputes", toKind: "gateway_clearing", amountMinor }]);
  });

  test("is contested once, with evidence and a line in the audit trail, and won gives the money back", async () => {
    const { student, paymentId } = await toppedUp();
    const dispute = await disputed(paymentId);
    expect(await decide(dispute.id, "respond")).toMatchObject({ status: 200, body: { status: "contested" } });
    expect((await decide(dispute.id, "respond", finance, 1)).body.error).toMatchObject({
      code: "INVALID_TRANSITION",
      details: { status: "contested" },
    });
    expect((await decide(dispute.id, "accept")).body.error?.code).toBe("INVALID_TRANSITION");
    await settle();
    await bank(dispute, "won");
    await bank(dispute, "lost");
    expect(await readStatus(dispute.id)).toEqual([{ status: "won" }]);
    expect(await student.balanceMinor()).toBe(amountMinor);
    expect(await campus.sql`select actor_id from audit_log where action = 'dispute.contested' and object_id = ${dispute.id}`).toEqual([
      { actorId: finance.id },
    ]);
  });

  test("is read as a case: whose it is, what was bought and what happened, for finance and admin alone", async () => {
    const { orderId, paymentId } = await orderPaid();
    const { id } = await disputed(paymentId);
    const read = (as: Pick<TestStaff, "api">) => as.api<CaseBody>("GET", `/admin/disputes/${id}`);
    const { body } = await read(finance);
    expect(body).toMatchObject({ id, order_id: orderId, student_name: "Zoë Östergård", order: { items: expect.stringMatching(/^1 × /) } });
    expect(body.timeline.map(({ event }) => event)).toEqual(["placed", "asked", "paid", "disputed"]);
    expectOk(await decide(id, "respond"));
    expect((await read(await campus.staff("admin"))).body.timeline.at(-1)?.event).toBe("answered");
    expect((await read(await campus.staff("owner", cafe))).status).toBe(403);
    expect((await finance.api("GET", `/admin/disputes/${randomUUID()}`)).status).toBe(404);
    const top = await disputed((await toppedUp()).paymentId);
    expect((await finance.api<CaseBody>("GET", `/admin/disputes/${top.id}`)).body).toMatchObject({ order: null });
  });

  test("is not contested in a word or two; evidence may have several lines", async () => {
    const dispute = await disputed((await toppedUp()).paymentId);
    const say = (evidence: string) => finance.api<DisputeBody>("POST", `/admin/disputes/${dispute.id}/respond`, { body: { evidence } });
    expect((await say("  it is right   ")).body.error).toMatchObject({
      code: "VALIDATION_ERROR",
      details: { fields: [{ field: "evidence" }] },
    });
    expect(await say("Scanned at 12:03.\nHanded out at 12:07.")).toMatchObject({ status: 200, body: { status: "contested" } });
  });

  test("that is accepted takes from the wallet what is there and leaves the rest as the student's debt; never below zero", async () => {
    const { student, paymentId } = await toppedUp();
    const charge = await student.scannedOrder({ till: await money.till(), totalMinor: 3_000 });
    expectOk(await student.confirm(charge));
    const dispute = await disputed(paymentId);
    expect(await decide(dispute.id, "accept")).toMatchObject({ status: 200, body: { status: "accepted" } });
    await settle();
    expect(await readStatus(dispute.id)).toEqual([{ status: "lost" }]);
    expect(await student.balanceMinor()).toBe(0);
    expect(await borneBy(dispute.id)).toEqual([
      { kind: "receivables", amountMinor: 3_000 },
      { kind: "wallet", amountMinor: 2_000 },
    ]);
  });

  test("of an order blocks refunds of what it asks for, and lost it is the café's", async () => {
    const { orderId, paymentId } = await orderPaid();
    const dispute = await disputed(paymentId, { amount: 4_000 });
    expect((await refund(orderId, 1_001)).body.error).toMatchObject({ code: "CONFLICT", details: { refundable_minor: 1_000 } });
    expect((await refund(orderId)).status).toBe(201);
    await bank(dispute, "lost");
    expect(await borneBy(dispute.id)).toEqual([{ kind: "cafe_payable", amountMinor: 4_000 }]);
    expect((await refund(orderId, 1)).status).toBe(409);
  });

  test("of an order that was refunded before costs the café no more than it was paid", async () => {
    const { orderId, paymentId } = await orderPaid();
    expect((await refund(orderId, 3_000)).status).toBe(201);
    const dispute = await disputed(paymentId);
    await bank(dispute, "lost");
    expect(await borneBy(dispute.id)).toEqual([
      { kind: "cafe_payable", amountMinor: 2_000 },
      { kind: "wallet", amountMinor: 3_000 },
    ]);
  });

  test("of what went back through the gateway is contested with that fact, accepted by nobody, and lost it is the student's debt", async () => {
    for (const wentBack of [await heldTopUp(), await refundedThroughGateway()]) {
      const dispute = await disputed(wentBack.paymentId);
      expect(dispute).toMatchObject({
        status: "contested",
        evidence: expect.stringMatching(/given back through the gateway before: rfnd_\w+ on 20/),
      });
      expect((await decide(dispute.id, "accept")).body.error?.code).toBe("INVALID_TRANSITION");
      expect(
        await campus.sql`select done_at is not null as told from outbox where topic = 'gateway.dispute' and payload ->> 'dispute_id' = ${dispute.id}`,
      ).toEqual([{ told: true }]);
      await bank(dispute, "lost");
      expect(await borneBy(dispute.id)).toEqual([{ kind: "receivables", amountMinor }]);
    }
  });

  test("keeps no more than it may take, however often it is looked at again", async () => {
    const { student, paymentId } = await toppedUp();
    expectOk(await student.confirm(await student.scannedOrder({ till: await money.till(), totalMinor: amountMinor - 1_000 })));
    await disputed(paymentId);
    const held = async () => expectOk(await student.api<{ held_minor: number }>("GET", "/wallet")).held_minor;
    expect(await held()).toBe(1_000);
    const lookAgain = () =>
      campus.owner.transaction((tx) =>
        tx.run(sql`select raise_dispute_holds(${student.id}) from wallets where student_id = ${student.id} for update`),
      );
    await gateway.topUp(student, 1_500);
    await lookAgain();
    expect(await held()).toBe(2_500);
    await gateway.topUp(student, amountMinor * 2);
    for (let looks = 0; looks < 2; looks += 1) {
      await lookAgain();
      expect(await held()).toBe(amountMinor);
    }
  });

  test("that is open while the money is on its way back is contested as soon as it has arrived, and stays open where it never does", async () => {
    for (const [outcome, status] of [
      ["processed", "contested"],
      ["failed", "open"],
    ] as const) {
      await gateway.set({ refunds: "pending" });
      const { paymentId } = await heldTopUp();
      const dispute = await disputed(paymentId);
      expect(dispute.status).toBe("open");
      await campus.sql`
        select finish_refund(f.id, null, ${outcome}) from gateway_refunds f join gateway_payments p on p.id = f.payment_row_id where p.payment_id = ${paymentId}`;
      expect(await campus.sql`select status from gateway_disputes where id = ${dispute.id}`).toEqual([{ status }]);
    }
    await gateway.set({ refunds: "processed" });
  });

  test("of a gift that was held and went back is contested too, and lost it is nobody's debt who had none of it", async () => {
    const dispute = await disputed((await heldTopUp("gift")).paymentId);
    expect(dispute).toMatchObject({ status: "contested" });
    await bank(dispute, "lost");
    expect(await borneBy(dispute.id)).toEqual([{ kind: "fees", amountMinor }]);
  });

  test("that is lost while the money is on its way back is the student's once it has arrived, and takes what is held where it never does", async () => {
    for (const outcome of ["processed", "failed"] as const) {
      await gateway.set({ refunds: "pending" });
      const { paymentId } = await heldTopUp();
      const dispute = await disputed(paymentId);
      expect(dispute.status).toBe("open");
      await bank(dispute, "lost");
      expect(await borneBy(dispute.id)).toEqual([{ kind: "fees", amountMinor }]);
      const [refunded] = await campus.sql<{ id: string; gatewayRefundId: string }>`
        select f.id, f.gateway_refund_id from gateway_refunds f join gateway_payments p on p.id = f.payment_row_id where p.payment_id = ${paymentId}`;
      await gateway.door("POST", `/refunds/${refunded?.gatewayRefundId}/${outcome}`);
      await gateway.set({ refunds: "processed" });
      await settle();
      expect(await borneBy(dispute.id)).toEqual([
        { kind: "fees", amountMinor },
        { kind: outcome === "processed" ? "receivables" : "held", amountMinor },
      ]);
      const retried = await finance.api("POST", `/admin/held-refunds/${refunded?.id}/retry`, {
        headers: { "Idempotency-Key": randomUUID() },
      });
      expect(retried.status).toBe(404);
      const { items } = expectOk(await finance.api<{ items: { id: string }[] }>("GET", "/admin/held-refunds"));
      expect(items.map(({ id }) => id)).not.toContain(refunded?.id);
    }
  });

  test("that is lost at the moment in which the refund arrives is the student's all the same, whichever was first", async () => {
    for (let round = 0; round < 8; round += 1) {
      await gateway.set({ refunds: "pending" });
      const { paymentId } = await heldTopUp();
      const { id } = await disputed(paymentId);
      await Promise.all([
        campus.sql`select close_dispute(${id}, false)`,
        campus.sql`select finish_refund(f.id, null, 'processed') from gateway_refunds f join gateway_payments p on p.id = f.payment_row_id where p.payment_id = ${paymentId}`,
      ]);
      const borne = await borneBy(id);
      expect(borne.filter(({ kind }) => kind === "receivables")).toEqual([{ kind: "receivables", amountMinor }]);
    }
    await gateway.set({ refunds: "processed" });
  });

  test("row 36: a refund that races the dispute never gives back more than was paid", async () => {
    for (let round = 0; round < 5; round += 1) {
      const { orderId, paymentId } = await orderPaid();
      const [dispute] = await Promise.all([disputed(paymentId), ...Array.from({ length: 4 }, () => refund(orderId, 2_000))]);
      await bank(dispute, "lost");
      const [given] = await campus.sql<{ minor: number }>`
        select coalesce(sum(t.amount_minor), 0)::integer as minor from ledger_transactions t join accounts a on a.id = t.from_account_id
        where a.kind = 'cafe_payable' and t.order_id = ${orderId}`;
      expect(given?.minor).toBeLessThanOrEqual(amountMinor);
    }
  });

  test("whose end is told before its beginning, or whose payment is not in the books yet, is right in the end", async () => {
    const { student, paymentId } = await toppedUp();
    await gateway.set({ webhook_url: null });
    const { id } = await gateway.door("POST", "/disputes", { payment_id: paymentId });
    await gateway.connect();
    await gateway.door("POST", `/disputes/${id}/lost`);
    await settle();
    expect(await campus.sql`select status from gateway_disputes where dispute_id = ${String(id)}`).toEqual([{ status: "lost" }]);
    expect(await student.balanceMinor()).toBe(0);

    const late = await money.fundedStudent({ balanceMinor: 0 });
    await gateway.set({ webhook_url: null });
    const checkout = await gateway.pay((await gateway.beginTopUp(late, amountMinor)).gateway_order_id);
    await gateway.connect();
    const early = await gateway.door("POST", "/disputes", { payment_id: checkout.payment_id });
    await settle();
    expectOk(await gateway.verify(late, checkout));
    await campus.sql`update outbox set due_at = now() where done_at is null`;
    await campus.drainOutbox();
    expect(await campus.sql`select status from gateway_disputes where dispute_id = ${String(early.id)}`).toEqual([{ status: "open" }]);
  });

  test("after its deadline can only be accepted, and the list says that it is overdue", async () => {
    const { paymentId } = await toppedUp();
    const dispute = await disputed(paymentId, { respond_in_seconds: -60 });
    expect(dispute).toMatchObject({ is_overdue: true });
    expect((await decide(dispute.id, "respond")).body.error?.code).toBe("INVALID_TRANSITION");
    expect((await decide(dispute.id, "accept")).status).toBe(200);
  });

  test("is for finance and admin; others are refused, an unknown one is not there, and the list can be filtered and paged", async () => {
    const { paymentId } = await toppedUp();
    const dispute = await disputed(paymentId);
    const owner = await campus.staff("owner", cafe);
    expect((await owner.api("GET", "/admin/disputes")).status).toBe(403);
    for (const what of ["respond", "accept"] as const) {
      expect((await decide(dispute.id, what, owner)).status).toBe(403);
      expect((await decide(randomUUID(), what)).status).toBe(404);
    }
    const admin = await campus.staff("admin");
    const page = expectOk(await admin.api<{ items: DisputeBody[]; next_cursor: string }>("GET", "/admin/disputes?status=open&limit=1"));
    expect(page.items).toMatchObject([{ id: dispute.id, status: "open" }]);
    const next = expectOk(
      await admin.api<{ items: DisputeBody[] }>("GET", `/admin/disputes?limit=1&cursor=${page.next_cursor ?? dispute.id}`),
    );
    expect(next.items.map(({ id }) => id)).not.toContain(dispute.id);
  });
});
