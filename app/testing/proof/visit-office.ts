import { randomUUID } from "node:crypto";
import { sql } from "../../platform/postgres.ts";
import type { ApiAnswer } from "../api-client.ts";
import { gatewayOf } from "../gateway.ts";
import type { MoneyStudent } from "../money.ts";
import type { TestStaff } from "../people.ts";
import { until } from "../platform.ts";
import { askUntilDefinite, type Request, type Told } from "./client.ts";
import type { Verb } from "./history.ts";
import type { Student, VisitorParts } from "./visitor.ts";

/** For what the test itself does beside the product, which the crashes hit too. */
export const untilDone = <T extends object>(work: () => Promise<T>): Promise<T> =>
  until("the test's own write succeeds", () => work().catch(() => undefined), 20_000) as Promise<T>;

type Asking = Pick<TestStaff, "api">;

/** A keyed POST of one person: under one key it is the same request at both processes. */
function posting<Body>(verb: Verb, key: string, person: Asking, path: string, body?: object | string): Request<Body> {
  const header = { "Idempotency-Key": randomUUID(), ...(typeof body === "string" ? { "Content-Type": "text/csv" } : {}) };
  return {
    verb,
    key,
    sent: JSON.stringify(body ?? null),
    send: async (process) => {
      const answer = await person.api<Body>("POST", path, { process, headers: header, ...(body === undefined ? {} : { body }) });
      return isKept(answer) ? { ...answer, status: 201 } : answer;
    },
  };
}

/** A file that was kept for the worker is answered 202, and is no outcome that nobody knows. */
const isKept = ({ status, body }: ApiAnswer<unknown>): boolean => status === 202 && (body as { id?: string }).id !== undefined;

const side = ({ random }: VisitorParts): 0 | 1 => (random.chance(0.5) ? 0 : 1);

/** Sent twice at once, at one process and at the other. */
async function twice<Body>({ log }: VisitorParts, request: Request<Body>): Promise<Told<Body>> {
  const [told] = await Promise.all([askUntilDefinite(log, request, 0), askUntilDefinite(log, request, 1)]);
  return told;
}

interface Id {
  readonly id: string;
}

/** Two people say yes to one thing at the same time: it happens once. */
async function approveTwice(parts: VisitorParts, verb: Verb, key: string, path: string, people: readonly Asking[]): Promise<void> {
  await Promise.all(people.map((person, index) => askUntilDefinite(parts.log, posting(verb, key, person, path), index % 2 === 0 ? 0 : 1)));
}

/** All that is left of an order, above what one person may give back: asked for at both processes, agreed to by two at once. */
export async function refundLarge(parts: VisitorParts, orderId: string, cashier: TestStaff, owner: TestStaff): Promise<void> {
  const key = randomUUID();
  const { body } = await twice(parts, posting<Id>("proposal", key, cashier, `/admin/orders/${orderId}/refund`, { reason: key }));
  if (!body?.id) throw new Error("The large refund was refused.");
  await approveTwice(parts, "approval", body.id, `/admin/refund-proposals/${body.id}/approve`, [owner, parts.accountants[0]]);
}

/** Each crash while it is read costs a lease of 25 s, and it is tried three times. */
const readWithinMs = 90_000;

/** A file for two students, read and credited by the worker while it is cut too. */
export async function creditByFile(parts: VisitorParts, student: MoneyStudent): Promise<void> {
  const [sends, agrees] = parts.accountants;
  const key = randomUUID();
  const other = await untilDone(() => parts.campus.fundedStudent({ balanceMinor: 0 }));
  const file = `student_id,amount_minor,reference\n${student.id},1500,${key}\n${other.id},2500,${key}`;
  const { body } = await twice(parts, posting<Id>("bulk_credit", key, sends, `/admin/bulk-credits?title=${key}`, file));
  if (!body?.id) throw new Error("The file was refused.");
  await until(
    "the worker has read the file",
    () =>
      parts.campus.owner.row(sql`select from bulk_credits where id = ${body.id} and status <> 'reading'`).then(
        (found) => found !== undefined,
        () => false,
      ),
    readWithinMs,
  );
  await approveTwice(parts, "file_approval", body.id, `/admin/bulk-credits/${body.id}/approve`, [agrees, agrees]);
}

async function topUp(parts: VisitorParts, student: MoneyStudent, amountMinor: number): Promise<{ paymentId: string }> {
  const gateway = gatewayOf(parts.campus);
  const { status, body: opened } = await twice(
    parts,
    posting<{ gateway_order_id: string }>("other", randomUUID(), student, "/wallet/top-ups", { amount_minor: amountMinor }),
  );
  if (!opened?.gateway_order_id) throw new Error(`The top-up was refused with ${status}: ${JSON.stringify(opened)}`);
  const checkout = await gateway.pay(opened.gateway_order_id);
  const verify: Request<unknown> = {
    verb: "top_up",
    key: opened.gateway_order_id,
    sent: checkout.payment_id,
    send: (process) => gateway.verify(student, checkout, process),
  };
  await Promise.all([askUntilDefinite(parts.log, verify, 0), askUntilDefinite(parts.log, verify, 1)]);
  return { paymentId: checkout.payment_id };
}

/** Paid in, and then the bank takes it back, or somebody at the gateway gives a part of it back; news of it come twice and in any order. */
export async function topUpInDispute(parts: VisitorParts, _: Student): Promise<void> {
  const gateway = gatewayOf(parts.campus);
  // Of somebody else: the visitors' own wallets hold more than any may be filled to.
  const student = await untilDone(() => parts.campus.fundedStudent({ balanceMinor: 0 }));
  const { paymentId } = await topUp(parts, student, 3_000 + parts.random.below(3_000));
  if (parts.random.chance(0.4)) {
    await gateway.door("POST", "/refunds", { payment_id: paymentId, amount: 1_000 });
    return;
  }
  const { id } = await gateway.door("POST", "/disputes", { payment_id: paymentId, amount: 2_000 });
  await gateway.door("POST", `/disputes/${id}/${parts.random.chance(0.5) ? "lost" : "won"}`);
}

/** Nobody who has spent it all can pay a lost dispute: it is owed, and then paid back by the next money, or written off by two. */
export async function oweAndPayBack(parts: VisitorParts, _: Student): Promise<void> {
  const { campus, random } = parts;
  const gateway = gatewayOf(campus);
  const student = await untilDone(() => campus.fundedStudent({ balanceMinor: 0 }));
  const { paymentId } = await topUp(parts, student, 2_000);
  const [asks, agrees] = parts.accountants;
  const take = posting<Id>("adjustment", randomUUID(), asks, "/admin/adjustments", {
    student_id: student.id,
    amount_minor: -1_500,
    currency: "SEK",
    reason: randomUUID(),
  });
  const { body: taken } = await twice(parts, { ...take, verb: "other" });
  await approveTwice(parts, "other", String(taken?.id), `/admin/adjustments/${taken?.id}/approve`, [agrees, agrees]);
  const { id } = await gateway.door("POST", "/disputes", { payment_id: paymentId });
  await gateway.door("POST", `/disputes/${id}/lost`);
  const owed = () =>
    campus.owner.row(sql`select from gateway_disputes where student_id = ${student.id} and status = 'lost'`).then(
      (found) => found !== undefined,
      () => false,
    );
  // Where all tries of the gateway met the crash, its listing tells of the dispute after this test's end.
  const isTold = await until("the dispute is settled", owed, 10_000).catch(() => false);
  if (!isTold) return;
  if (random.chance(0.5)) {
    await topUp(parts, student, 2_000);
    return;
  }
  const { body: asked } = await twice(
    parts,
    posting<Id>("other", randomUUID(), asks, `/admin/debts/${student.id}/write-off`, { reason: "for the torture" }),
  );
  if (asked?.id) await approveTwice(parts, "write_off", asked.id, `/admin/debt-write-offs/${asked.id}/approve`, [agrees, agrees]);
}

const account = "SE45 5000 0000 0583 9825 7466";

/** A student leaves: the rest is agreed to by one, and paid by another, while both ask twice. */
export async function leave(parts: VisitorParts, _: Student): Promise<void> {
  const { campus, log, accountants } = parts;
  const student = await untilDone(() => campus.fundedStudent({ balanceMinor: 4_000 }));
  const proof = await untilDone(() => student.proof({ purpose: "close_out", pay_to: account }));
  const { body: asked } = await askUntilDefinite(
    log,
    posting<Id>("other", randomUUID(), student, "/wallet/close-out", { pay_to: account, ...proof }),
    side(parts),
  );
  if (!asked?.id) return;
  for (const person of accountants) {
    const body = { bank_reference: "SEB-77", expected_amount_minor: 4_000 };
    await twice(parts, posting("other", asked.id, person, `/admin/close-outs/${asked.id}/approve`, body));
  }
}
