import { type Actor, auditActor } from "../identity/actor.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { type Credit, creditPayment } from "./credit-payment.ts";
import { GatewayRefused } from "./gateway.ts";
import { gatewayOf } from "./open-gateway.ts";

/**
 * A payment that reconciliation lists and nobody told us of: the gateway is asked for it, and what it says is credited like any other, once.
 * Nothing of it is anybody's to choose.
 */
export async function creditFoundPayment(platform: Platform, paymentId: string, actor: Actor): Promise<Credit> {
  const gateway = gatewayOf(platform);
  const payment = await gateway.payment(paymentId).catch((error: unknown) => {
    throw error instanceof GatewayRefused ? notFound("The payment") : error;
  });
  if (payment.status !== "captured")
    throw new CodedError("CONFLICT", `The gateway says that this payment is ${payment.status}: only captured money is credited.`);
  const credit = await creditPayment(platform, gateway.name, payment, "poller");
  if (credit.outcome === "unknown_order")
    throw new CodedError("CONFLICT", "This payment is for no order of ours: refund it at the gateway.", {
      details: { gateway_order_id: payment.gatewayOrderId },
    });
  if (credit.outcome === "credited")
    await platform.db.transaction((tx) =>
      auditActor(tx, actor, {
        action: "payment.credited",
        objectKind: "payment",
        objectId: credit.transactionId ?? "",
        details: { payment_id: paymentId, amount_minor: payment.amountMinor, credited_to: credit.creditedTo },
      }),
    );
  return credit;
}
