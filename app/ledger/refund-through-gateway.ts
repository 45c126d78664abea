import { CodedError } from "../platform/errors.ts";
import { enqueue } from "../platform/outbox.ts";
import { sql, type Transaction } from "../platform/postgres.ts";

interface GatewayRefundInput {
  readonly orderId: string;
  readonly cafeId: string;
  readonly paidTransactionId: string | null;
  readonly amountMinor: number;
  readonly currency: string;
  readonly reason: string;
  readonly requestedBy: string | null;
}

export interface PostedRefund {
  readonly id: string;
  readonly transactionId: string;
  readonly createdAt: Date;
}

/**
 * Takes the money from what the café is owed and leaves it to the worker to tell the gateway. It counts as given back from
 * this commit on, so that no second refund can be asked for meanwhile; one that fails there is taken back.
 */
export async function postGatewayRefund(tx: Transaction, input: GatewayRefundInput): Promise<PostedRefund> {
  const { orderId, cafeId, paidTransactionId, amountMinor, currency, reason, requestedBy } = input;
  const payment = await tx.row<{ id: string }>(sql`select id from gateway_payments where transaction_id = ${paidTransactionId}`);
  if (!payment) throw new CodedError("CONFLICT", "This order was not paid through the gateway: give the money back to the wallet.");
  const posted = await tx.row<PostedRefund>(sql`
    with moved as (
      select post_between('gateway_refund', account_of('cafe_payable', null, ${cafeId}, ${currency}), account_of('gateway_clearing', null, null, ${currency}),
        ${amountMinor}, ${currency}, ${orderId}, ${paidTransactionId}) as id)
    insert into gateway_refunds (payment_row_id, order_id, amount_minor, currency, reason, transaction_id, requested_by)
    select ${payment.id}, ${orderId}, ${amountMinor}, ${currency}, ${reason}, moved.id, ${requestedBy} from moved
    returning id, transaction_id, created_at`);
  if (!posted) throw new Error("The refund was not posted.");
  await enqueue(tx, "gateway.refund", { refund_id: posted.id });
  return posted;
}
