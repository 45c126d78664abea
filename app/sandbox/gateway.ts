import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { type Context, Hono } from "hono";
import { z } from "zod";
import { parseOrRefuse, Refusal, readJson } from "./answers.ts";
import type { Faults } from "./faults.ts";

export interface GatewayKey {
  readonly id: string;
  readonly secret: string;
}

interface Payment {
  readonly id: string;
  readonly entity: "payment";
  readonly order_id: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: "captured" | "failed";
  readonly captured: boolean;
  readonly method: "upi";
  readonly error_code: string | null;
  readonly created_at: number;
}

interface Order {
  readonly id: string;
  readonly amount: number;
  readonly currency: string;
  readonly receipt: string | null;
  readonly notes: Record<string, string>;
  readonly createdAtSeconds: number;
  readonly payments: Payment[];
}

const orderLimit = 5_000;
const paymentsPerOrderLimit = 20;

const orderBody = z.object({
  amount: z.int().positive(),
  currency: z.string().regex(/^[A-Z]{3}$/),
  receipt: z.string().max(40).optional(),
  notes: z.record(z.string(), z.string()).optional(),
});
const payBody = z.strictObject({ order_id: z.string(), outcome: z.enum(["captured", "failed"]) });

/** Razorpay's orders, as far as a test needs them, and a door of our own that plays the paying student. */
export const gatewayRoutes = ({ faults, key }: { faults: Faults; key: GatewayKey }): Hono => {
  const routes = new Hono();
  const orders = new Map<string, Order>();

  routes.use("/v1/orders", guard(faults, key));
  routes.use("/v1/orders/*", guard(faults, key));

  routes.post("/v1/orders", async (c) => {
    const body = orderBody.safeParse(await c.req.json().catch(() => undefined));
    if (!body.success) return refuse(c, 400, body.error.issues[0]?.message ?? "The order does not fit.");
    return c.json(presentOrder(keep(orders, newOrder(body.data))));
  });

  routes.get("/v1/orders/:orderId", (c) => {
    const order = orders.get(c.req.param("orderId"));
    return order ? c.json(presentOrder(order)) : refuse(c, 400, "The id provided does not exist");
  });

  routes.get("/v1/orders/:orderId/payments", (c) => {
    const order = orders.get(c.req.param("orderId"));
    if (!order) return refuse(c, 400, "The id provided does not exist");
    return c.json({ entity: "collection", count: order.payments.length, items: order.payments });
  });

  routes.post("/sandbox/gateway/pay", async (c) => {
    const body = parseOrRefuse(payBody, await readJson(c));
    const order = orders.get(body.order_id);
    if (!order) throw new Refusal(404, "NOT_FOUND", "The gateway knows no such order.");
    const payment = pay(order, body.outcome);
    return c.json({
      razorpay_order_id: order.id,
      razorpay_payment_id: payment.id,
      razorpay_signature: createHmac("sha256", key.secret).update(`${order.id}|${payment.id}`).digest("hex"),
    });
  });

  return routes;
};

const guard =
  (faults: Faults, key: GatewayKey) =>
  async (c: Context, next: () => Promise<void>): Promise<Response | undefined> => {
    const fault = await faults.meet("gateway", c.req.raw.signal);
    if (fault !== "ok") return refuse(c, 500, "We are facing some trouble completing your request at the moment.", "SERVER_ERROR");
    if (!isAuthorized(c, key)) return refuse(c, 401, "Authentication failed");
    await next();
    return undefined;
  };

const isAuthorized = (c: Context, key: GatewayKey): boolean => {
  const expected = Buffer.from(`Basic ${Buffer.from(`${key.id}:${key.secret}`).toString("base64")}`);
  const given = Buffer.from(c.req.header("authorization") ?? "");
  return given.length === expected.length && timingSafeEqual(given, expected);
};

const newOrder = (body: z.infer<typeof orderBody>): Order => ({
  id: gatewayId("order"),
  amount: body.amount,
  currency: body.currency,
  receipt: body.receipt ?? null,
  notes: body.notes ?? {},
  createdAtSeconds: Math.floor(Date.now() / 1_000),
  payments: [],
});

const keep = (orders: Map<string, Order>, order: Order): Order => {
  orders.set(order.id, order);
  if (orders.size > orderLimit) orders.delete(orders.keys().next().value as string);
  return order;
};

const pay = (order: Order, outcome: "captured" | "failed"): Payment => {
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
    error_code: outcome === "failed" ? "BAD_REQUEST_ERROR" : null,
    created_at: Math.floor(Date.now() / 1_000),
  };
  order.payments.push(payment);
  return payment;
};

const presentOrder = (order: Order) => {
  const isPaid = order.payments.some((payment) => payment.captured);
  return {
    id: order.id,
    entity: "order",
    amount: order.amount,
    amount_paid: isPaid ? order.amount : 0,
    amount_due: isPaid ? 0 : order.amount,
    currency: order.currency,
    receipt: order.receipt,
    status: isPaid ? "paid" : order.payments.length > 0 ? "attempted" : "created",
    attempts: order.payments.length,
    notes: order.notes,
    created_at: order.createdAtSeconds,
  };
};

const gatewayId = (prefix: "order" | "pay"): string => `${prefix}_${randomBytes(7).toString("hex")}`;

const refuse = (c: Context, status: 400 | 401 | 500, description: string, code = "BAD_REQUEST_ERROR"): Response =>
  c.json({ error: { code, description, source: "NA", step: "NA", reason: "NA", metadata: {} } }, status);
