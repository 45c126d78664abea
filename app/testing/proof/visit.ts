import { randomUUID } from "node:crypto";
import type { MoneyStudent, PlacedOrder, ScanBody, ScannedCharge, Till } from "../money.ts";
import type { TestStaff } from "../people.ts";
import { ask, askUntilDefinite, type Request } from "./client.ts";
import type { Random } from "./random.ts";
import { creditByFile, leave, oweAndPayBack, refundLarge, topUpInDispute } from "./visit-office.ts";
import type { Student, VisitorParts } from "./visitor.ts";

type Story = (parts: VisitorParts, student: Student, till: Till) => Promise<void>;

/** What happens at a counter and in the office, and how often beside the others. */
const stories: readonly (readonly [share: number, story: Story])[] = [
  [40, payWith(1)],
  [14, payWith(3)],
  [10, payFromTwoPhones],
  [8, declineAtTheSameTime],
  [8, cancelAtTheSameTime],
  [6, cancelAfterwards],
  [8, refundInParts],
  [6, topUpByTwoPeople],
  [4, refundByTwoPeople],
  [4, creditByFile],
  [4, topUpInDispute],
  [3, oweAndPayBack],
  [2, leave],
];

/** One visit: a story that the seed picked, with the student. */
export async function visit(parts: VisitorParts, student: Student): Promise<void> {
  const { random } = parts;
  const deck = stories.flatMap(([share, story]) => Array.from({ length: share }, () => story));
  const story = deck[random.below(deck.length)];
  await story?.(parts, student, random.pick(parts.tills));
}

const side = (random: Random): 0 | 1 => (random.chance(0.5) ? 0 : 1);

async function order({ campus, log, random, dishes }: VisitorParts, student: MoneyStudent, till: Till): Promise<PlacedOrder> {
  const key = randomUUID();
  const body = { cafe_id: till.cafe.id, items: [{ menu_item_id: dishes.get(till.cafe.id)?.id, quantity: 1 }], special_instructions: key };
  const { body: placed } = await askUntilDefinite<{ order: PlacedOrder }>(
    log,
    {
      verb: "order",
      key,
      sent: JSON.stringify(body),
      send: (process) => campus.api("POST", "/orders", { process, token: student.token, body, headers: { "Idempotency-Key": key } }),
    },
    side(random),
  );
  if (!placed?.order) throw new Error("The order was refused.");
  return placed.order;
}

/** Undefined where the prompts of this student are used up. */
async function scan(parts: VisitorParts, student: MoneyStudent, till: Till, orderId: string): Promise<ScannedCharge | undefined> {
  const { campus, log, random } = parts;
  const scanId = randomUUID();
  const { status, body } = await askUntilDefinite<ScanBody>(
    log,
    { verb: "scan", key: scanId, sent: student.cardUid, send: (process) => student.scan(till, { scanId, orderId, process }) },
    side(random),
  );
  if (status === 429) {
    parts.refused.add(student.id);
    return undefined;
  }
  if (!body?.charge) throw new Error(`The scan was answered ${status}.`);
  const { id } = body.charge;
  const { body: charge } = await askUntilDefinite<ScannedCharge>(
    log,
    { verb: "other", key: id, sent: "", send: (process) => campus.api("GET", `/charges/${id}`, { process, token: student.token }) },
    side(random),
  );
  return charge && { ...charge, match_code: body.match_code };
}

const confirming = (student: MoneyStudent, charge: ScannedCharge, token = student.token): Request<unknown> => ({
  verb: "confirm",
  key: charge.id,
  sent: charge.digest,
  send: (process) => student.confirm(charge, { process, token }),
});

function payWith(copies: number): Story {
  return async (parts, student, till) => {
    const charge = await scan(parts, student, till, (await order(parts, student, till)).id);
    if (!charge) return;
    const first = side(parts.random);
    const turns = Array.from({ length: copies }, (_, index) => ((first + index) % 2) as 0 | 1);
    await Promise.all(turns.map((turn) => askUntilDefinite(parts.log, confirming(student, charge), turn)));
  };
}

async function payFromTwoPhones(parts: VisitorParts, student: Student, till: Till): Promise<void> {
  const charge = await scan(parts, student, till, (await order(parts, student, till)).id);
  if (!charge) return;
  await Promise.all([
    askUntilDefinite(parts.log, confirming(student, charge), 0),
    askUntilDefinite(parts.log, confirming(student, charge, student.otherToken), 1),
  ]);
}

async function declineAtTheSameTime(parts: VisitorParts, student: MoneyStudent, till: Till): Promise<void> {
  const charge = await scan(parts, student, till, (await order(parts, student, till)).id);
  if (!charge) return;
  const decline: Request<unknown> = {
    verb: "decline",
    key: charge.id,
    sent: "",
    send: (process) => student.decline(charge.id, { process }),
  };
  await Promise.all([
    askUntilDefinite(parts.log, confirming(student, charge), side(parts.random)),
    askUntilDefinite(parts.log, decline, side(parts.random)),
  ]);
}

const cancelling = ({ campus }: VisitorParts, student: MoneyStudent, orderId: string): Request<unknown> => {
  const key = randomUUID();
  return {
    verb: "cancel",
    key,
    sent: orderId,
    send: (process) =>
      campus.api("POST", `/orders/${orderId}/cancel`, { process, token: student.token, headers: { "Idempotency-Key": key } }),
  };
};

async function cancelAtTheSameTime(parts: VisitorParts, student: MoneyStudent, till: Till): Promise<void> {
  const placed = await order(parts, student, till);
  const charge = await scan(parts, student, till, placed.id);
  if (!charge) return;
  await Promise.all([
    askUntilDefinite(parts.log, confirming(student, charge), side(parts.random)),
    askUntilDefinite(parts.log, cancelling(parts, student, placed.id), side(parts.random)),
  ]);
}

async function cancelAfterwards(parts: VisitorParts, student: MoneyStudent, till: Till): Promise<void> {
  const placed = await order(parts, student, till);
  const charge = await scan(parts, student, till, placed.id);
  if (!charge) return;
  await askUntilDefinite(parts.log, confirming(student, charge), side(parts.random));
  const cancel = cancelling(parts, student, placed.id);
  await Promise.all([askUntilDefinite(parts.log, cancel, 0), askUntilDefinite(parts.log, cancel, 1)]);
}

async function refundInParts(parts: VisitorParts, student: MoneyStudent, till: Till): Promise<void> {
  const placed = await order(parts, student, till);
  const charge = await scan(parts, student, till, placed.id);
  const cashier = parts.cashiers.get(till.cafe.id);
  if (!charge || !cashier) return;
  await askUntilDefinite(parts.log, confirming(student, charge), side(parts.random));
  // Three of these are more than was paid.
  const amountMinor = Math.ceil(placed.total_minor * 0.4);
  const refunds = [
    refunding(parts, cashier, placed.id, amountMinor),
    refunding(parts, cashier, placed.id, amountMinor),
    refunding(parts, cashier, placed.id, amountMinor),
  ];
  await Promise.all(refunds.flatMap((refund) => [askUntilDefinite(parts.log, refund, 0), askUntilDefinite(parts.log, refund, 1)]));
}

async function refundByTwoPeople(parts: VisitorParts, student: MoneyStudent): Promise<void> {
  const till = parts.tills.at(-1) ?? parts.tills[0];
  const placed = await order(parts, student, till);
  const charge = await scan(parts, student, till, placed.id);
  const [cashier, owner] = [parts.cashiers.get(till.cafe.id), parts.owners.get(till.cafe.id)];
  if (!charge || !cashier || !owner) return;
  await askUntilDefinite(parts.log, confirming(student, charge), side(parts.random));
  await refundLarge(parts, placed.id, cashier, owner);
}

function refunding({ campus }: VisitorParts, cashier: TestStaff, orderId: string, amountMinor: number): Request<unknown> {
  const key = randomUUID();
  const body = { amount_minor: amountMinor, reason: key };
  return {
    verb: "refund",
    key,
    sent: JSON.stringify(body),
    send: (process) =>
      campus.api("POST", `/admin/orders/${orderId}/refund`, { process, token: cashier.token, body, headers: { "Idempotency-Key": key } }),
  };
}

async function topUpByTwoPeople({ campus, log, random, accountants }: VisitorParts, student: MoneyStudent): Promise<void> {
  const [asks, approves] = accountants;
  const key = randomUUID();
  const body = { student_id: student.id, amount_minor: 1_000 + random.below(5_000), currency: "SEK", reason: key };
  const request: Request<{ id: string }> = {
    verb: "adjustment",
    key,
    sent: JSON.stringify(body),
    send: (process) => campus.api("POST", "/admin/adjustments", { process, token: asks.token, body, headers: { "Idempotency-Key": key } }),
  };
  const [{ body: asked }] = await Promise.all([askUntilDefinite(log, request, 0), askUntilDefinite(log, request, 1)]);
  const changed = { ...body, amount_minor: body.amount_minor + 1 };
  await ask(
    log,
    {
      ...request,
      sent: JSON.stringify(changed),
      send: (process) =>
        campus.api("POST", "/admin/adjustments", { process, token: asks.token, body: changed, headers: { "Idempotency-Key": key } }),
    },
    side(random),
  );
  const approval: Request<unknown> = {
    verb: "other",
    key,
    sent: "",
    send: (process) => campus.api("POST", `/admin/adjustments/${asked?.id}/approve`, { process, token: approves.token }),
  };
  await Promise.all([askUntilDefinite(log, approval, 0), askUntilDefinite(log, approval, 1)]);
}
