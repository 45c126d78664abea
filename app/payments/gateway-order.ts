import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { type Queryable, sql } from "../platform/postgres.ts";
import { type Gateway, GatewayRefused } from "./gateway.ts";

/** What the gateway is to collect, as it stands in our books. */
export interface GatewayOrder {
  readonly id: string;
  readonly gatewayOrderId: string | null;
  readonly amountMinor: number;
  readonly currency: string;
}

export interface OpenGatewayOrder extends GatewayOrder {
  readonly gatewayOrderId: string;
}

export const readGatewayOrder = (db: Queryable, id: string): Promise<GatewayOrder | undefined> =>
  db.row<GatewayOrder>(sql`select id, gateway_order_id, amount_minor, currency from gateway_orders where id = ${id}`);

/**
 * Asks the gateway for the order of a written row, outside any transaction. Of two who ask at once the first is kept; the
 * other's order at the gateway is shown to nobody, so nobody can pay it.
 */
export async function openAtGateway(platform: Platform, gateway: Gateway, row: GatewayOrder): Promise<OpenGatewayOrder> {
  if (row.gatewayOrderId !== null) return { ...row, gatewayOrderId: row.gatewayOrderId };
  const { db, config } = platform;
  const { amountMinor, currency, id } = row;
  const asked = await gateway.createOrder({ amountMinor, currency, reference: id }).catch((error: unknown) => {
    if (!(error instanceof GatewayRefused)) throw error;
    throw new CodedError("PAYMENT_FAILED", "The payment gateway refused this amount.", { details: { reason: error.code }, cause: error });
  });
  await db.run(sql`
    update gateway_orders set gateway_order_id = ${asked}, look_at = now() + make_interval(secs => ${config.GATEWAY_POLL_SECONDS}), updated_at = now()
    where id = ${id} and gateway_order_id is null`);
  const filled = await readGatewayOrder(db, id);
  if (!filled || filled.gatewayOrderId === null) throw new Error("The gateway's order was not kept.");
  return { ...filled, gatewayOrderId: filled.gatewayOrderId };
}
