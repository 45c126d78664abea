import type { Platform } from "../platform/context.ts";
import { sql } from "../platform/postgres.ts";
import { noteFailure } from "./apply-event.ts";
import { creditPayment } from "./credit-payment.ts";
import { type Gateway, type GatewayPayment, GatewayRefused, type SavedMethod } from "./gateway.ts";
import { type GatewayOrder, openAtGateway } from "./gateway-order.ts";

/** The wallet's entry that took it below a line. */
export interface LowBalance {
  readonly studentId: string;
  readonly walletSeq: number;
}

/**
 * Answers one fall of the balance below its line with at most one payment. A worker that died anywhere on the way is followed by another: the row is
 * unique for the fall, the gateway's order collects once, and an attempt that is known there is not made again.
 */
export async function runAutoTopUp(platform: Platform, gateway: Gateway, low: LowBalance): Promise<void> {
  const row = await writeOrder(platform, gateway, low);
  if (!row) return;
  const { gatewayOrderId, amountMinor, currency, id } = await openAtGateway(platform, gateway, row);
  const attempts = await gateway.paymentsOf(gatewayOrderId);
  const known = attempts.find(({ status }) => status === "captured") ?? attempts[0];
  const payment = known ?? (await charge(platform, gateway, { gatewayOrderId, amountMinor, currency, id, method: row }));
  if (payment?.status === "captured") await creditPayment(platform, gateway.name, payment, "token");
  if (payment === undefined || payment.status === "failed") await noteFailure(platform, gateway, gatewayOrderId);
}

type AutoOrder = GatewayOrder & SavedMethod;

/** As long as one charge may still be on its way: a second one for the same gap waits for it. */
const underwayMinutes = 10;

/** Undefined where the wallet, the lines or the saved method are no longer so, or the fall was answered. */
async function writeOrder(
  { db, config }: Platform,
  gateway: Gateway,
  { studentId, walletSeq }: LowBalance,
): Promise<AutoOrder | undefined> {
  await db.transaction(async (tx) => {
    // One fall after the other: each sees what the one before it has begun.
    await tx.run(sql`select 1 from wallets where student_id = ${studentId} for update`);
    await tx.run(sql`
    insert into gateway_orders (gateway, purpose, student_id, wallet_seq, amount_minor, currency, wallet_max_minor)
    select ${gateway.name}, 'auto_top_up', w.student_id, ${walletSeq}, greatest(m.fill_to_minor - w.balance_minor, ${config.TOP_UP_MIN_MINOR}), w.currency, ${config.WALLET_MAX_MINOR}
    from wallets w join saved_methods m on m.student_id = w.student_id and m.gateway = ${gateway.name}
    where w.student_id = ${studentId} and w.status = 'active' and w.balance_minor < w.auto_top_up_below_minor
      and not exists (select from gateway_orders g where g.student_id = w.student_id and g.purpose = 'auto_top_up' and g.status = 'created'
        and g.created_at > now() - make_interval(mins => ${underwayMinutes}))
      and (select count(*) from gateway_orders g where g.student_id = w.student_id and g.purpose = 'auto_top_up' and g.created_at > now() - interval '1 day') < ${config.AUTO_TOP_UPS_PER_DAY}
    on conflict (student_id, wallet_seq) where wallet_seq is not null do nothing`);
  });
  return db.row<AutoOrder>(sql`
    select g.id, g.gateway_order_id, g.amount_minor, g.currency, m.customer, m.token
    from gateway_orders g join saved_methods m on m.student_id = g.student_id
    where g.student_id = ${studentId} and g.wallet_seq = ${walletSeq} and g.status = 'created'`);
}

interface Due {
  readonly id: string;
  readonly gatewayOrderId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly method: SavedMethod;
}

async function charge({ log }: Platform, gateway: Gateway, due: Due): Promise<GatewayPayment | undefined> {
  const { gatewayOrderId, amountMinor, currency, id, method } = due;
  try {
    return await gateway.chargeSaved(gatewayOrderId, { amountMinor, currency, reference: id }, method);
  } catch (error) {
    if (!(error instanceof GatewayRefused)) throw error;
    log.warn({ top_up_id: id, code: error.code }, "The gateway refused an automatic top-up");
    return undefined;
  }
}
