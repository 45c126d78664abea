import { randomUUID } from "node:crypto";
import type { MoneyStudent, Till } from "../../app/testing/money.ts";

/** A receipt that a phone was given: what the system has acknowledged. */
export interface Acknowledged {
  readonly student: MoneyStudent;
  readonly till: Till;
  readonly receipt: string;
  readonly receiptId: string;
  readonly transactionId: string;
  readonly orderId: string;
  readonly amountMinor: number;
  readonly heardAtMs: number;
}

export interface Shopping {
  readonly acknowledged: readonly Acknowledged[];
  /** Ends when each shopper was refused or cut off, or was told to stop. */
  readonly ended: Promise<void>;
  stop(): void;
}

export interface Shop {
  readonly till: Till;
  readonly dish: { readonly id: string; readonly priceMinor: number };
}

/** Every student orders, is scanned and confirms, one meal after the other, over both processes, and keeps each receipt. */
export function startShopping(students: readonly MoneyStudent[], shops: readonly [Shop, ...Shop[]]): Shopping {
  const acknowledged: Acknowledged[] = [];
  let isStopped = false;
  const shopper = async (student: MoneyStudent, place: number) => {
    const shop = shops[place % shops.length] ?? shops[0];
    while (!isStopped) {
      const bought = await buyMeal(student, shop, (place % 2) as 0 | 1).catch(() => undefined);
      if (!bought) return;
      acknowledged.push(bought);
    }
  };
  const ended = Promise.all(students.map(shopper)).then(() => undefined);
  return {
    acknowledged,
    ended,
    stop() {
      isStopped = true;
    },
  };
}

/** Undefined where a step was refused or its answer was no receipt: only a 200 with one is an acknowledgement. */
export async function buyMeal(student: MoneyStudent, { till, dish }: Shop, process: 0 | 1): Promise<Acknowledged | undefined> {
  const order = await student.api<{ order?: { id: string } }>("POST", "/orders", {
    process,
    headers: { "Idempotency-Key": randomUUID() },
    body: { cafe_id: till.cafe.id, items: [{ menu_item_id: dish.id, quantity: 1 }] },
  });
  const orderId = order.body.order?.id;
  if (orderId === undefined) return undefined;
  return payOrder(student, { till, dish }, orderId, process);
}

export async function payOrder(
  student: MoneyStudent,
  { till, dish }: Shop,
  orderId: string,
  process: 0 | 1,
): Promise<Acknowledged | undefined> {
  const scanned = await student.scan(till, { orderId, process });
  if (scanned.status > 201) return undefined;
  const charge = await student.readCharge(scanned.body.charge.id);
  const confirmed = await student.confirm({ ...charge, match_code: scanned.body.match_code }, { process });
  const { receipt, receipt_id: receiptId } = confirmed.body;
  if (confirmed.status !== 200 || receipt === undefined || receiptId === undefined) return undefined;
  const payload = JSON.parse(Buffer.from(receipt.split(".")[1] ?? "", "base64url").toString()) as { transaction_id: string };
  return {
    student,
    till,
    receipt,
    receiptId,
    transactionId: payload.transaction_id,
    orderId,
    amountMinor: dish.priceMinor,
    heardAtMs: Date.now(),
  };
}
