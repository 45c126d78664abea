import { timingSafeEqual } from "node:crypto";
import { type Context, Hono } from "hono";
import { z } from "zod";
import { Refusal } from "./answers.ts";
import { openBooks } from "./books-file.ts";
import type { Faults } from "./faults.ts";
import { countRefunds, type GatewayBooks, keepOrder, type Order, type Payment, pay, refundPayment } from "./gateway-books.ts";
import { type GatewayBehaviour, gatewayDoors } from "./gateway-doors.ts";
import type { GatewayKey } from "./gateway-key.ts";
import { gatewayPage } from "./gateway-page.ts";
import type { Webhooks } from "./gateway-webhooks.ts";

const notes = z.record(z.string(), z.string()).default({});
const amount = z.number().int().positive();
const orderBody = z.object({ amount, currency: z.string().regex(/^[A-Z]{3}$/), receipt: z.string().max(40).optional(), notes });
const refundBody = z.object({ amount, notes });
const seconds = z.coerce.number().int().min(0);
const page = { count: seconds.max(100).default(10), skip: seconds.default(0) };
const spanQuery = z.object({ from: seconds, to: seconds, ...page });
const listQuery = z.object({ from: seconds.default(0), to: seconds.default(Number.MAX_SAFE_INTEGER), ...page });
const dayQuery = z.object({
  year: seconds,
  month: seconds.max(12),
  day: seconds.max(31).optional(),
  count: seconds.max(1_000).default(10),
  skip: seconds.default(0),
});
const recurringBody = z.object({ amount, currency: z.string(), order_id: z.string(), customer_id: z.string(), token: z.string() });

interface GatewayParts {
  readonly faults: Faults;
  readonly key: GatewayKey;
  readonly webhooks: Webhooks;
  /** Where the books are kept over a restart; in memory alone without it. */
  readonly booksFile: string | undefined;
}

/** Razorpay's orders, payments, refunds and disputes, as far as we ask for them, and doors of our own that play the others. */
export const gatewayRoutes = ({ faults, key, webhooks, booksFile }: GatewayParts): Hono => {
  const routes = new Hono();
  const { books, write } = openBooks(booksFile);
  const behaviour: GatewayBehaviour = { refunds: "processed", savedMethods: "captured" };
  const checked = guard(faults, key);
  for (const path of [
    "/v1/orders",
    "/v1/orders/*",
    "/v1/payments",
    "/v1/payments/*",
    "/v1/refunds",
    "/v1/disputes",
    "/v1/disputes/*",
    "/v1/settlements",
    "/v1/settlements/*",
  ])
    routes.use(path, checked, writeAfter(write));
  routes.use("/sandbox/gateway/*", writeAfter(write));
  addOrders(routes, books);
  addPayments(routes, books, webhooks, behaviour);
  addDisputes(routes, books, webhooks);
  addListings(routes, books);
  routes.route("/", gatewayPage({ key, books, webhooks }));
  routes.route("/", gatewayDoors({ key, books, webhooks, behaviour }));
  return routes;
};

function addOrders(routes: Hono, books: GatewayBooks): void {
  routes.post("/v1/orders", async (c) => {
    const body = orderBody.safeParse(await bodyOf(c));
    if (!body.success) return refuse(c, 400, body.error.issues[0]?.message ?? "The order does not fit.");
    return c.json(presentOrder(keepOrder(books, { ...body.data, receipt: body.data.receipt ?? null })));
  });

  routes.get("/v1/orders/:orderId", (c) => {
    const order = books.orders.get(c.req.param("orderId"));
    return order ? c.json(presentOrder(order)) : unknown(c);
  });

  routes.get("/v1/orders/:orderId/payments", (c) => {
    const order = books.orders.get(c.req.param("orderId"));
    if (!order) return unknown(c);
    return c.json({ entity: "collection", count: order.payments.length, items: order.payments });
  });
}

function addPayments(routes: Hono, books: GatewayBooks, webhooks: Webhooks, behaviour: GatewayBehaviour): void {
  routes.post("/v1/payments/create/recurring", async (c) => {
    const body = recurringBody.safeParse(await bodyOf(c));
    const order = body.success ? books.orders.get(body.data.order_id) : undefined;
    if (!body.success || !order || order.amount !== body.data.amount || body.data.customer_id !== `cust_${body.data.token}`)
      return refuse(c, 400, "The recurring payment does not fit its order or its token.");
    const payment = payOrRefuse(books, order, behaviour.savedMethods, body.data.token);
    if (!payment) return refuse(c, 400, "Order already paid");
    webhooks.tell(payment.captured ? "payment.captured" : "payment.failed", { payment });
    return c.json(payment);
  });

  routes.get("/v1/payments", (c) => listing(c, [...books.payments.values()], spanQuery));

  routes.get("/v1/payments/:paymentId", (c) => {
    const payment = books.payments.get(c.req.param("paymentId"));
    return payment ? c.json(payment) : unknown(c);
  });

  routes.post("/v1/payments/:paymentId/refund", async (c) => {
    const body = refundBody.safeParse(await bodyOf(c));
    const payment = books.payments.get(c.req.param("paymentId"));
    if (!body.success || !payment) return unknown(c);
    const refund = refundPayment(books, payment, { ...body.data, key: c.req.header("x-refund-idempotency") });
    if (!refund) return refuse(c, 400, "The total refund amount is greater than the refundable amount");
    if (refund.status === "pending" && behaviour.refunds !== "pending") {
      refund.status = behaviour.refunds;
      countRefunds(books, payment);
      webhooks.tell(`refund.${refund.status}`, { refund, payment });
    }
    return c.json(refund);
  });

  routes.get("/v1/payments/:paymentId/refunds", (c) => {
    const paymentId = c.req.param("paymentId");
    return listing(
      c,
      [...books.refunds.values()].filter(({ payment_id }) => payment_id === paymentId),
      listQuery,
    );
  });

  routes.get("/v1/payments/:paymentId/refunds/:refundId", (c) => {
    const refund = books.refunds.get(c.req.param("refundId"));
    return refund && refund.payment_id === c.req.param("paymentId") ? c.json(refund) : unknown(c);
  });
}

function addDisputes(routes: Hono, books: GatewayBooks, webhooks: Webhooks): void {
  routes.post("/v1/disputes/:disputeId/accept", (c) => {
    const dispute = books.disputes.get(c.req.param("disputeId"));
    if (!dispute) return unknown(c);
    if (dispute.status === "open") {
      dispute.status = "lost";
      webhooks.tell("payment.dispute.lost", { payment: books.payments.get(dispute.payment_id), dispute });
    }
    return c.json(dispute);
  });

  routes.patch("/v1/disputes/:disputeId/contest", (c) => {
    const dispute = books.disputes.get(c.req.param("disputeId"));
    if (!dispute) return unknown(c);
    if (dispute.status === "open") dispute.status = "under_review";
    return c.json(dispute);
  });
}

/** The gateway's own books, newest first. */
function addListings(routes: Hono, books: GatewayBooks): void {
  routes.get("/v1/refunds", (c) => listing(c, [...books.refunds.values()], listQuery));
  routes.get("/v1/disputes", (c) => listing(c, [...books.disputes.values()], listQuery));
  routes.get("/v1/disputes/:disputeId", (c) => {
    const dispute = books.disputes.get(c.req.param("disputeId"));
    return dispute ? c.json(dispute) : unknown(c);
  });
  routes.get("/v1/settlements", (c) => listing(c, books.settlements, listQuery));
  // The lines of the pay-outs of one day.
  routes.get("/v1/settlements/recon/combined", (c) => {
    const wanted = dayQuery.safeParse(c.req.query());
    if (!wanted.success) return refuse(c, 400, wanted.error.issues[0]?.message ?? "The day does not fit.");
    const { year, month, day, count, skip } = wanted.data;
    const prefix = [year, month, ...(day === undefined ? [] : [day])].map((part) => String(part).padStart(2, "0")).join("-");
    const lines = books.settledLines.filter(({ settled_at }) => new Date(settled_at * 1_000).toISOString().startsWith(prefix));
    const items = lines.slice(skip, skip + count);
    return c.json({ entity: "collection", count: items.length, items });
  });
}

function listing(c: Context, entities: readonly { readonly created_at: number }[], query: typeof spanQuery | typeof listQuery): Response {
  const wanted = query.safeParse(c.req.query());
  if (!wanted.success) return refuse(c, 400, wanted.error.issues[0]?.message ?? "The span does not fit.");
  const { from, to, count, skip } = wanted.data;
  const within = entities.filter(({ created_at }) => created_at >= from && created_at <= to).reverse();
  const items = within.slice(skip, skip + count);
  return c.json({ entity: "collection", count: items.length, items });
}

function payOrRefuse(books: GatewayBooks, order: Order, outcome: "captured" | "failed", token: string): Payment | undefined {
  try {
    return pay(books, order, outcome, token);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

const bodyOf = (c: Context): Promise<unknown> => c.req.json().catch(() => undefined);

const writeAfter = (write: () => void) => async (c: Context, next: () => Promise<void>) => {
  await next();
  if (c.req.method !== "GET") write();
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

const unknown = (c: Context): Response => refuse(c, 400, "The id provided does not exist");

const refuse = (c: Context, status: 400 | 401 | 500, description: string, code = "BAD_REQUEST_ERROR"): Response =>
  c.json({ error: { code, description, source: "NA", step: "NA", reason: "NA", metadata: {} } }, status);
