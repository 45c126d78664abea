import { randomBytes } from "node:crypto";
import { Refusal } from "./answers.ts";

export type PaymentOutcome = "captured" | "failed";

export interface Payment {
  readonly id: string;
  readonly entity: "payment";
  readonly order_id: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: PaymentOutcome;
  readonly captured: boolean;
  readonly method: "upi";
  readonly fee: number;
  readonly tax: number;
  readonly error_code: string | null;
  readonly customer_id: string | null;
  readonly token_id: string | null;
  // Real entities carry these too: whoever keeps an entity whole keeps a person.
  readonly contact: string;
  readonly vpa: string;
  readonly created_at: number;
}

export interface Order {
  readonly id: string;
  readonly amount: number;
  readonly currency: string;
  readonly receipt: string | null;
  readonly notes: Record<string, string>;
  readonly createdAtSeconds: number;
  readonly payments: Payment[];
}

export interface GatewayRefund {
  readonly id: string;
  readonly entity: "refund";
  readonly payment_id: string;
  readonly amount: number;
  readonly currency: string;
  readonly notes: Record<string, string>;
  status: "pending" | "processed" | "failed";
  readonly created_at: number;
}

export interface Dispute {
  readonly id: string;
  readonly entity: "dispute";
  readonly payment_id: string;
  readonly amount: number;
  readonly currency: string;
  readonly reason_code: string;
  readonly respond_by: number;
  status: "open" | "under_review" | "won" | "lost";
  readonly created_at: number;
}

const orderLimit = 5_000;
const paymentsPerOrderLimit = 20;

/** What the stand-in remembers, the oldest orders forgotten first. */
export interface GatewayBooks {
  readonly orders: Map<string, Order>;
  readonly payments: Map<string, Payment>;
  readonly refunds: Map<string, GatewayRefund>;
  readonly disputes: Map<string, Dispute>;
  /** By its key, so that a repeated request is one refund. */
  readonly refundKeys: Map<string, GatewayRefund>;
}

export const emptyBooks = (): GatewayBooks => ({
  orders: new Map(),
  payments: new Map(),
  refunds: new Map(),
  disputes: new Map(),
  refundKeys: new Map(),
});

export const nowSeconds = (): number => Math.floor(Date.now() / 1_000);
export const gatewayId = (prefix: "order" | "pay" | "rfnd" | "disp" | "token"): string => `${prefix}_${randomBytes(7).toString("hex")}`;

export function keepOrder(books: GatewayBooks, wanted: Pick<Order, "amount" | "currency" | "receipt" | "notes">): Order {
  const order: Order = { ...wanted, id: gatewayId("order"), createdAtSeconds: nowSeconds(), payments: [] };
  books.orders.set(order.id, order);
  if (books.orders.size > orderLimit) {
    const oldest = books.orders.values().next().value as Order;
    for (const payment of oldest.payments) books.payments.delete(payment.id);
    books.orders.delete(oldest.id);
  }
  return order;
}

/** A payment of the order; `token` where the payer lets the gateway keep the method, or paid by a kept one. */
export function pay(books: GatewayBooks, order: Order, outcome: PaymentOutcome, token: string | null): Payment {
  if (order.payments.some((payment) => payment.captured)) throw new Refusal(400, "VALIDATION_ERROR", "This order is paid already.");
  if (order.payments.length >= paymentsPerOrderLimit) throw new Refusal(400, "VALIDATION_ERROR", "This order has too many payments.");
  const payment: Payment = {
    id: gatewayId("pay"),
    entity: "payment",
    order_id: order.id,
    amount: order.amount,
    currency: order.currency,
    status: outcome,
    captured: outcome === "captured",
    method: "upi",
    fee: Math.round(order.amount * 0.02),
    tax: 0,
    error_code: outcome === "failed" ? "BAD_REQUEST_ERROR" : null,
    customer_id: token === null ? null : `cust_${token}`,
    token_id: token,
    contact: "+46700000099",
    vpa: "somebody@bank",
    created_at: nowSeconds(),
  };
  order.payments.push(payment);
  books.payments.set(payment.id, payment);
  return payment;
}

/** Real gateways refuse what was not captured and what goes beyond it; the same key is the same refund. */
export function refundPayment(
  books: GatewayBooks,
  payment: Payment,
  wanted: { readonly amount: number; readonly notes: Record<string, string>; readonly key: string | undefined },
): GatewayRefund | undefined {
  const known = wanted.key === undefined ? undefined : books.refundKeys.get(wanted.key);
  if (known) return known;
  const given = [...books.refunds.values()].filter(({ payment_id, status }) => payment_id === payment.id && status !== "failed");
  if (!payment.captured || given.reduce((sum, { amount }) => sum + amount, wanted.amount) > payment.amount) return undefined;
  const refund: GatewayRefund = {
    id: gatewayId("rfnd"),
    entity: "refund",
    payment_id: payment.id,
    amount: wanted.amount,
    currency: payment.currency,
    notes: wanted.notes,
    status: "pending",
    created_at: nowSeconds(),
  };
  books.refunds.set(refund.id, refund);
  if (wanted.key !== undefined) books.refundKeys.set(wanted.key, refund);
  return refund;
}
