import { z } from "@hono/zod-openapi";
import { staff } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { momentField } from "../platform/http/days.ts";
import { json, route, router, validationError } from "../platform/http/router.ts";
import { sides as sideNames } from "./explained.ts";
import { maxPayments, type Reconciliation, reconcileSpan } from "./reconcile.ts";

const dayMs = 86_400_000;
const maxDays = 31;

const sides = z.enum(sideNames);

const ReconciliationBody = z
  .object({
    from: z.iso.datetime(),
    until: z.iso.datetime(),
    checked_at: z.iso.datetime(),
    gateway_source: z
      .enum(["listing", "none"])
      .openapi({ description: "The gateway's own list of what it collected, or no gateway is set up" }),
    currencies: z.array(
      z.object({
        currency: z.string(),
        total_minor: z.int(),
        explained_minor: z.int(),
        explained_percent: z.number().openapi({ description: "Rounded down: 100 only where all of it is explained" }),
      }),
    ),
    sides: z.array(z.object({ side: sides, currency: z.string(), total_minor: z.int(), explained_minor: z.int() })),
    unexplained: z.array(
      z.object({
        side: sides,
        problem: z.string(),
        amount_minor: z.int(),
        currency: z.string(),
        ids: z.record(z.string(), z.string()).openapi({ description: "payment_id, transaction_id, refund_id, cafe_id, settlement_id, …" }),
      }),
    ),
  })
  .openapi("Reconciliation");

const reconcile = route({
  method: "get",
  path: "/admin/reconciliation",
  operationId: "getReconciliation",
  tags: ["finance"],
  summary: `The gateway, the ledger and the settlements against each other; at most ${maxDays} days and ${maxPayments} gateway payments at once`,
  who: staff("finance", "admin"),
  request: {
    query: z.strictObject({
      from: momentField.optional().openapi({ description: "A day before until, unless told" }),
      until: momentField.optional().openapi({ description: "Now, unless told" }),
    }),
  },
  responses: { 200: json(ReconciliationBody, "What is explained, and everything that is not") },
});

export const reconciliationRoutes = (platform: Platform) =>
  router().openapi(reconcile, async (c) => {
    const { from, until } = c.req.valid("query");
    const untilAt = until === undefined ? new Date() : new Date(until);
    const fromAt = from === undefined ? new Date(untilAt.getTime() - dayMs) : new Date(from);
    const spanMs = untilAt.getTime() - fromAt.getTime();
    if (spanMs <= 0 || spanMs > maxDays * dayMs)
      throw validationError("query", [{ path: ["from"], message: `must lie before until, by at most ${maxDays} days` }]);
    return c.json(presentReconciliation(await reconcileSpan(platform, { from: fromAt, until: untilAt })), 200);
  });

const presentReconciliation = (found: Reconciliation): z.infer<typeof ReconciliationBody> => ({
  from: found.from.toISOString(),
  until: found.until.toISOString(),
  checked_at: found.checkedAt.toISOString(),
  gateway_source: found.gatewaySource,
  currencies: found.currencies.map(({ currency, totalMinor, explainedMinor, explainedPercent }) => ({
    currency,
    total_minor: totalMinor,
    explained_minor: explainedMinor,
    explained_percent: explainedPercent,
  })),
  sides: found.sides.map(({ side, currency, totalMinor, explainedMinor }) => ({
    side,
    currency,
    total_minor: totalMinor,
    explained_minor: explainedMinor,
  })),
  unexplained: found.unexplained.map(({ side, problem, amountMinor, currency, ids }) => ({
    side,
    problem,
    amount_minor: amountMinor,
    currency,
    ids: { ...ids },
  })),
});
