import { randomBytes } from "node:crypto";
import { Refusal } from "./answers.ts";

export type PaymentOutcome = "captured" | "failed";

export interface Payment {
  readonly id: string;
  readonly entity: "payment";
  readonly order_id: string;
  readonly amount: number;
  readonly currency: string;
  /** Captured money that was given back as a whole says "refunded", and stays `captured`. */
  status: PaymentOutcome | "refunded";
  readonly captured: boolean;
  amount_refunded: number;
  refund_status: "partial" | "full" | null;
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

/** A pay-out: what the gateway sends to the university's bank account. */
export interface Settlement {
  readonly id: string;
  readonly entity: "settlement";
  readonly amount: number;
  readonly status: "processed";
  readonly fees: number;
  readonly tax: number;
  readonly utr: string;
  readonly created_at: number;
}

/** One line of a pay-out's statement. */
export interface SettledLine {
  readonly entity_id: string;
  readonly type: "payment" | "refund" | "adjustment";
  readonly debit: number;
  readonly credit: number;
  readonly amount: number;
  readonly currency: string;
  readonly fee: number;
  readonly tax: number;
  readonly settled: true;
  readonly settlement_id: string;
  readonly settlement_utr: string;
  readonly settled_at: number;
  readonly created_at: number;
  readonly payment_id: string | null;
  readonly dispute_id: string | null;
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
  readonly settlements: Settlement[];
  readonly settledLines: SettledLine[];
}

export const emptyBooks = (): GatewayBooks => ({
  orders: new Map(),
  payments: new Map(),
  refunds: new Map(),
  disputes: new Map(),
  refundKeys: new Map(),
  settlements: [],
  settledLines: [],
});

export const nowSeconds = (): number => Math.floor(Date.now() / 1_000);
export const gatewayId = (prefix: "order" | "pay" | "rfnd" | "disp" | "setl" | "token"): string =>
  `${prefix}_${randomBytes(7).toString("hex")}`;

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
    amount_refunded: 0,
    refund_status: null,
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
  if (!payment.captured || payment.amount_refunded + wanted.amount > payment.amount) return undefined;
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
  countRefunds(books, payment);
  return refund;
}

/** What a payment says of its refunds: counted from the request on, given up again where one fails. */
export function countRefunds(books: GatewayBooks, payment: Payment): void {
  const given = [...books.refunds.values()].filter(({ payment_id, status }) => payment_id === payment.id && status !== "failed");
  payment.amount_refunded = given.reduce((sum, { amount }) => sum + amount, 0);
  const isFull = payment.amount_refunded === payment.amount;
  payment.refund_status = payment.amount_refunded === 0 ? null : isFull ? "full" : "partial";
  if (payment.captured) payment.status = isFull ? "refunded" : "captured";
}

/** Pays out what was collected and not paid out before, less fees, refunds and what disputes took. Undefined where nothing is due. */
export function payOut(books: GatewayBooks): Settlement | undefined {
  const settled = new Set(books.settledLines.map(({ entity_id, type, debit }) => `${type} ${entity_id} ${debit > 0}`));
  const made = { id: gatewayId("setl"), utr: randomBytes(6).toString("hex").toUpperCase(), at: nowSeconds() };
  const common = { settled: true, settlement_id: made.id, settlement_utr: made.utr, settled_at: made.at, tax: 0 } as const;
  const lines: SettledLine[] = [];
  for (const { id, amount, currency, fee, captured, created_at } of books.payments.values())
    if (captured)
      lines.push({
        ...common,
        ...{
          entity_id: id,
          type: "payment",
          debit: 0,
          credit: amount - fee,
          amount,
          currency,
          fee,
          created_at,
          payment_id: id,
          dispute_id: null,
        },
      });
  for (const { id, amount, currency, payment_id, status, created_at } of books.refunds.values())
    if (status !== "failed")
      lines.push({
        ...common,
        ...{ entity_id: id, type: "refund", debit: amount, credit: 0, amount, currency, fee: 0, created_at, payment_id, dispute_id: null },
      });
  for (const { id, amount, currency, payment_id, status, created_at } of books.disputes.values()) {
    const line = {
      ...common,
      entity_id: id,
      type: "adjustment",
      amount,
      currency,
      fee: 0,
      created_at,
      payment_id,
      dispute_id: id,
    } as const;
    lines.push({ ...line, debit: amount, credit: 0 });
    if (status === "won") lines.push({ ...line, debit: 0, credit: amount });
  }
  const due = lines.filter(({ entity_id, type, debit }) => !settled.has(`${type} ${entity_id} ${debit > 0}`));
  if (due.length === 0) return undefined;
  books.settledLines.push(...due);
  const settlement: Settlement = {
    id: made.id,
    entity: "settlement",
    amount: due.reduce((sum, { credit, debit }) => sum + credit - debit, 0),
    status: "processed",
    fees: due.reduce((sum, { fee }) => sum + fee, 0),
    tax: 0,
    utr: made.utr,
    created_at: made.at,
  };
  books.settlements.push(settlement);
  return settlement;
}
