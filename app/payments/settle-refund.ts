import type { Platform } from "../platform/context.ts";
import { sql } from "../platform/postgres.ts";
import { type Gateway, type GatewayRefund, GatewayRefused } from "./gateway.ts";

type RefundNews = Pick<GatewayRefund, "reference" | "status"> & { readonly gatewayRefundId: string | null };

/** How a refund ended at the gateway. The first end counts; a failed one gives the money back to the order. */
export async function settleRefund(platform: Platform, { reference, gatewayRefundId, status }: RefundNews): Promise<void> {
  if (reference === null || !uuidPattern.test(reference) || status === "pending") return;
  await platform.db.callAtomic(sql`select finish_refund(${reference}, ${gatewayRefundId}, ${status}) as status`);
}

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

interface Waiting {
  readonly id: string;
  readonly paymentId: string;
  readonly amountMinor: number;
  readonly gatewayRefundId: string | null;
}

/**
 * Tells the gateway to give the money back, or asks how that went. Our id goes with it and makes a second request the
 * same refund. What the gateway refuses has failed.
 */
export async function sendRefund(platform: Platform, gateway: Gateway, refundId: string): Promise<void> {
  const waiting = await platform.db.row<Waiting>(sql`
    select f.id, p.payment_id, f.amount_minor, f.gateway_refund_id from gateway_refunds f join gateway_payments p on p.id = f.payment_row_id
    where f.id = ${refundId} and f.status = 'pending'`);
  if (!waiting) return;
  try {
    const refund =
      waiting.gatewayRefundId === null
        ? await gateway.refund(waiting.paymentId, waiting.amountMinor, waiting.id)
        : await gateway.refundOf(waiting.paymentId, waiting.gatewayRefundId);
    await platform.db.run(
      sql`update gateway_refunds set gateway_refund_id = ${refund.gatewayRefundId} where id = ${refundId} and gateway_refund_id is null`,
    );
    await settleRefund(platform, { ...refund, reference: refundId });
  } catch (error) {
    if (!(error instanceof GatewayRefused)) throw error;
    platform.log.warn({ refund_id: refundId, code: error.code }, "The gateway refused a refund; its money goes back to the order");
    await settleRefund(platform, { gatewayRefundId: waiting.gatewayRefundId, reference: refundId, status: "failed" });
  }
}
