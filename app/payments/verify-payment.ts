import type { Platform } from "../platform/context.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { enqueue } from "../platform/outbox.ts";
import { sql } from "../platform/postgres.ts";
import { withDeadline } from "../platform/with-deadline.ts";
import { noteFailure } from "./apply-event.ts";
import { type Credit, creditPayment } from "./credit-payment.ts";
import { type Checkout, type Gateway, GatewayRefused } from "./gateway.ts";
import { gatewayOf } from "./open-gateway.ts";

export interface VerifiedCredit {
  readonly kind: "credited";
  readonly creditedTo: NonNullable<Credit["creditedTo"]>;
  readonly transactionId: string | null;
  readonly topUpId: string | null;
  readonly orderId: string | null;
}

export interface PendingCredit {
  readonly kind: "pending";
  readonly topUpId: string | null;
  readonly orderId: string | null;
}

interface Own {
  readonly id: string;
  readonly orderId: string | null;
}

// The contract's five seconds, less what the rest of the request takes.
const answerWithinMs = 4_300;

/**
 * The browser says that it has paid. Its signature only proves which payment belongs to which order, so the gateway is
 * asked whether the money is there. What cannot be known in time is looked up by the worker and answered as pending.
 */
export async function verifyPayment(platform: Platform, studentId: string, checkout: Checkout): Promise<VerifiedCredit | PendingCredit> {
  const gateway = gatewayOf(platform);
  if (!(await gateway.isCheckoutSigned(checkout)))
    throw new CodedError("INVALID_SIGNATURE", "The signature does not fit this order and payment.");
  const own = await platform.db.row<Own>(sql`
    select id, order_id from gateway_orders
    where gateway = ${gateway.name} and gateway_order_id = ${checkout.gatewayOrderId} and student_id = ${studentId}`);
  if (!own) throw notFound("The payment");
  const ids = { topUpId: own.orderId === null ? own.id : null, orderId: own.orderId };
  try {
    const credit = await withDeadline(answerWithinMs, "The gateway or the ledger", creditNow(platform, gateway, checkout));
    if (credit !== "pending" && credit.creditedTo !== null)
      return { kind: "credited", creditedTo: credit.creditedTo, transactionId: credit.transactionId, ...ids };
  } catch (error) {
    if (error instanceof CodedError && error.code !== "TEMPORARILY_UNAVAILABLE") throw error;
    platform.log.warn(
      { err: error, gateway_order_id: checkout.gatewayOrderId },
      "A payment could not be credited at once; the worker will",
    );
  }
  await enqueue(platform.db, "gateway.look", { order_row_id: own.id });
  return { kind: "pending", ...ids };
}

async function creditNow(
  platform: Platform,
  gateway: Gateway,
  checkout: Checkout,
): Promise<Pick<Credit, "creditedTo" | "transactionId"> | "pending"> {
  const known = await platform.db.row<Pick<Credit, "creditedTo" | "transactionId">>(sql`
    select p.credited_to, p.transaction_id from gateway_payments p join gateway_orders g on g.id = p.order_row_id
    where p.gateway = ${gateway.name} and p.payment_id = ${checkout.paymentId} and g.gateway_order_id = ${checkout.gatewayOrderId}`);
  if (known) return known;
  const payment = await gateway.payment(checkout.paymentId).catch((error: unknown) => {
    throw error instanceof GatewayRefused ? notFound("The payment") : error;
  });
  if (payment.gatewayOrderId !== checkout.gatewayOrderId) throw notFound("The payment");
  if (payment.status === "captured") return creditPayment(platform, gateway.name, payment, "browser");
  if (payment.status === "pending") return "pending";
  await noteFailure(platform, gateway, checkout.gatewayOrderId);
  throw new CodedError("PAYMENT_FAILED", "The payment failed at the gateway: nothing was taken. Try again or pay another way.", {
    details: { reason: payment.response.error_code ?? null },
  });
}
