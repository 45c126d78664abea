import { z } from "zod";
import type { GatewayDispute, GatewayEvent, GatewayPayment, GatewayPayOut, GatewayRefund } from "./gateway.ts";

/*
 * What of Razorpay's answers is read. Everything else falls away here, at the door: a payment entity also carries the
 * payer's e-mail, phone, UPI address and the last digits of a card, and none of that is ours to keep.
 */
const minor = z.number().int().positive();
const currency = z.string().regex(/^[A-Z]{3}$/);
const id = z.string().min(1).max(100);

export const OrderEntity = z.object({ id });

export const PaymentEntity = z.object({
  id,
  order_id: id,
  amount: minor,
  currency,
  status: z.string().max(40),
  method: z.string().max(40).nullish(),
  fee: z.number().int().min(0).nullish(),
  tax: z.number().int().min(0).nullish(),
  error_code: z.string().max(100).nullish(),
  error_reason: z.string().max(200).nullish(),
  customer_id: id.nullish(),
  token_id: id.nullish(),
  created_at: z.number().int().nullish(),
});

export const PaymentList = z.object({ items: z.array(PaymentEntity).max(100) });

/** What its page posts behind who has paid; behind a failure there is `error[code]` and the like. */
export const ReturnFields = z.object({ razorpay_order_id: id, razorpay_payment_id: id, razorpay_signature: z.string().min(1).max(200) });

/** Of everything on the account, also what was collected without an order of ours. */
export const PaymentListing = z.object({
  items: z.array(PaymentEntity.extend({ order_id: id.nullish().transform((orderId) => orderId ?? "") })).max(100),
});

export const RefundEntity = z.object({
  id,
  payment_id: id,
  amount: minor,
  currency,
  status: z.string().max(40),
  // An empty object comes as an empty list.
  notes: z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]).nullish(),
});

export const DisputeEntity = z.object({
  id,
  payment_id: id,
  amount: minor,
  currency,
  reason_code: z.string().max(200),
  respond_by: z.number().int(),
  status: z.string().max(40),
});

export const SettlementEntity = z.object({
  id,
  amount: z.number().int(),
  fees: z.number().int().min(0).nullish(),
  tax: z.number().int().min(0).nullish(),
  utr: z.string().max(100).nullish(),
  created_at: z.number().int(),
});

export const RefundListing = z.object({ items: z.array(RefundEntity).max(100) });
export const DisputeListing = z.object({ items: z.array(DisputeEntity).max(100) });
export const SettlementListing = z.object({ items: z.array(SettlementEntity).max(100) });

const part = <S extends z.ZodType>(entity: S) => z.object({ entity });

const Webhook = z.object({
  event: z.string().max(100),
  payload: z.object({
    payment: part(PaymentEntity).optional().catch(undefined),
    refund: part(RefundEntity).optional().catch(undefined),
    dispute: part(DisputeEntity).optional().catch(undefined),
  }),
});

const statuses: Readonly<Record<string, GatewayPayment["status"]>> = { captured: "captured", refunded: "refunded", failed: "failed" };

export function paymentOf(entity: z.infer<typeof PaymentEntity>): GatewayPayment {
  const { customer_id, token_id, ...response } = entity;
  return {
    paymentId: entity.id,
    gatewayOrderId: entity.order_id,
    status: statuses[entity.status] ?? "pending",
    amountMinor: entity.amount,
    currency: entity.currency,
    feeMinor: entity.fee ?? null,
    savedMethod: customer_id && token_id ? { customer: customer_id, token: token_id } : null,
    response,
  };
}

export const refundOf = ({ id, payment_id, amount, currency, status, notes }: z.infer<typeof RefundEntity>): GatewayRefund => ({
  gatewayRefundId: id,
  paymentId: payment_id,
  amountMinor: amount,
  currency,
  reference: notes && !Array.isArray(notes) && typeof notes.reference === "string" ? notes.reference : null,
  status: status === "processed" || status === "failed" ? status : "pending",
});

export const payOutOf = ({ id, amount, fees, utr, created_at }: z.infer<typeof SettlementEntity>): GatewayPayOut => ({
  payOutId: id,
  amountMinor: amount,
  feeMinor: fees ?? 0,
  bankReference: utr ?? null,
  at: new Date(created_at * 1_000).toISOString(),
});

export const disputeOf = (entity: z.infer<typeof DisputeEntity>): GatewayDispute => ({
  disputeId: entity.id,
  paymentId: entity.payment_id,
  amountMinor: entity.amount,
  currency: entity.currency,
  reason: entity.reason_code,
  respondBy: new Date(entity.respond_by * 1_000).toISOString(),
  status: entity.status === "won" || entity.status === "lost" ? entity.status : "open",
});

/** What the body of a webhook says; "irrelevant" for what we do not act on, "unreadable" for what we would, in a shape unknown to us. */
export function eventOf(body: unknown): GatewayEvent | "irrelevant" | "unreadable" {
  const webhook = Webhook.safeParse(body);
  if (!webhook.success) return "unreadable";
  const { event, payload } = webhook.data;
  // A dispute's and a refund's news carry their payment beside them.
  if (event.startsWith("payment.dispute."))
    return payload.dispute ? { kind: "dispute", dispute: disputeOf(payload.dispute.entity) } : "unreadable";
  if (event.startsWith("refund.")) return payload.refund ? { kind: "refund", refund: refundOf(payload.refund.entity) } : "unreadable";
  if (event.startsWith("payment.")) return payload.payment ? { kind: "payment", payment: paymentOf(payload.payment.entity) } : "unreadable";
  return "irrelevant";
}
