import type { Platform } from "../platform/context.ts";
import { sql } from "../platform/postgres.ts";
import type { Gateway, GatewayRefund } from "./gateway.ts";

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

type Met = "ours" | "known" | "taken" | "returned" | "unknown_payment";

/**
 * A refund as the gateway tells it, by webhook or in its list. One that we did not ask for is money that is gone: it is booked at
 * once and waits for people to say who bears it.
 */
export async function meetRefund(platform: Platform, gateway: Gateway, refund: GatewayRefund): Promise<Met> {
  const { gatewayRefundId, paymentId, amountMinor, currency, reference, status } = refund;
  const ownId = reference !== null && uuidPattern.test(reference) ? reference : null;
  const met = await platform.db.callAtomic<{ outcome: Met }>(sql`
    select meet_gateway_refund(${gateway.name}, ${gatewayRefundId}, ${paymentId}, ${amountMinor}, ${currency}, ${ownId}::uuid, ${status}) as outcome`);
  if (!met) throw new Error("The refund got no answer from the books.");
  if (met.outcome === "taken") {
    platform.metrics.count("outside_refunds_total", {});
    platform.log.error({ gateway_refund_id: gatewayRefundId, payment_id: paymentId }, "Money was given back at the gateway, and not by us");
  }
  return met.outcome;
}
