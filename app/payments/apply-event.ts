import { isGood } from "../../dashboards/slo.ts";
import { countEvent } from "../health/slo-events.ts";
import type { Platform } from "../platform/context.ts";
import { Undeliverable } from "../platform/outbox.ts";
import { sql } from "../platform/postgres.ts";
import { applyDispute } from "./apply-dispute.ts";
import { creditPayment } from "./credit-payment.ts";
import type { Gateway, GatewayEvent, GatewayPayment } from "./gateway.ts";
import { meetRefund } from "./meet-refund.ts";

/** Acts on kept news. Each effect is guarded by what it is about, so that copies, old news and another order change nothing. */
export async function applyEvent(platform: Platform, gateway: Gateway, eventId: string): Promise<void> {
  const kept = await platform.db.row<{ event: GatewayEvent; receivedAt: Date }>(
    sql`select event, received_at from gateway_events where id = ${eventId}`,
  );
  if (!kept) return;
  const { event } = kept;
  switch (event.kind) {
    case "payment":
      if (event.payment.status === "captured") await creditOrReport(platform, gateway, event.payment, kept.receivedAt);
      if (event.payment.status === "failed" || event.payment.status === "refunded")
        await noteFailure(platform, gateway, event.payment.gatewayOrderId);
      return;
    case "refund":
      if ((await meetRefund(platform, gateway, event.refund)) === "unknown_payment")
        throw new Error(`The refund ${event.refund.gatewayRefundId} is of a payment that is not in the books yet.`);
      return;
    case "dispute":
      return applyDispute(platform, gateway, event.dispute);
  }
}

/** Money for an order that is not ours is nobody's to credit here: a person has to look, so it is kept as undeliverable. */
async function creditOrReport(platform: Platform, gateway: Gateway, payment: GatewayPayment, receivedAt: Date): Promise<void> {
  const { outcome } = await creditPayment(platform, gateway.name, payment, "webhook");
  if (outcome !== "unknown_order") await countCredit(platform, gateway, payment, receivedAt);
  else throw new Undeliverable(`The payment ${payment.paymentId} came for the order ${payment.gatewayOrderId}, which is not ours.`);
}

/** From the news to the money in the books, whoever brought it there first: both times are the database's. */
async function countCredit({ db, metrics }: Platform, gateway: Gateway, { paymentId }: GatewayPayment, receivedAt: Date): Promise<void> {
  const credited = await db.row<{ at: Date }>(
    sql`select at from gateway_payments where gateway = ${gateway.name} and payment_id = ${paymentId}`,
  );
  if (credited) countEvent(metrics, "topUp", isGood("topUp", true, credited.at.getTime() - receivedAt.getTime()));
}

export async function noteFailure({ db }: Platform, gateway: Gateway, gatewayOrderId: string): Promise<void> {
  await db.callAtomic(sql`select note_failed_payment(${gateway.name}, ${gatewayOrderId})`);
}
