import type { Platform } from "../platform/context.ts";
import { sql } from "../platform/postgres.ts";
import type { GatewayPayment } from "./gateway.ts";

export interface Credit {
  readonly outcome: "credited" | "already" | "unknown_order";
  readonly creditedTo: "order" | "wallet" | "held" | null;
  /** Our own id of what was collected for. */
  readonly orderRowId: string | null;
  readonly transactionId: string | null;
}

/**
 * Turns a captured payment into money in the books, once for each payment id: browser, webhook, poller and saved method
 * all come here, and the unique id in the database decides who was first. Asked again it tells what was done.
 */
export async function creditPayment(
  platform: Platform,
  gateway: string,
  payment: GatewayPayment,
  foundBy: "browser" | "webhook" | "poller" | "token",
): Promise<Credit> {
  if (payment.status !== "captured")
    throw new Error(`The payment ${payment.paymentId} is ${payment.status}: only captured money is credited.`);
  const credit = await platform.db.callAtomic<Credit>(sql`
    select * from credit_payment(${gateway}, ${payment.paymentId}, ${payment.gatewayOrderId}, ${payment.amountMinor}, ${payment.currency},
      ${payment.feeMinor}, ${foundBy}, ${JSON.stringify(payment.response)}::jsonb, ${payment.savedMethod?.customer ?? null}, ${payment.savedMethod?.token ?? null})`);
  if (!credit) throw new Error("The payment got no answer from the books.");
  return credit;
}
