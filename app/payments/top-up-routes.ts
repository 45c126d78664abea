import { z } from "@hono/zod-openapi";
import { stepUpFields } from "../identity/field-schemas.ts";
import { student, studentOf } from "../identity/guards.ts";
import { minorUnits } from "../ledger/field-schemas.ts";
import { noteFields } from "../ledger/note-schemas.ts";
import type { Platform } from "../platform/context.ts";
import { claimOf } from "../platform/http/once.ts";
import { json, listOf, listQuery, required, route, router, validationError } from "../platform/http/router.ts";
import { answerOnce } from "../platform/idempotency.ts";
import { type AutoTopUp, readAutoTopUp, removeAutoTopUp, setAutoTopUp } from "./auto-top-up.ts";
import { checkoutFormOf } from "./checkout.ts";
import { CheckoutSchema } from "./checkout-schemas.ts";
import { openAtGateway, readGatewayOrder } from "./gateway-order.ts";
import { gatewayOf } from "./open-gateway.ts";
import { requestTopUp } from "./request-top-up.ts";
import { listTopUps, readTopUp, type TopUp, topUpPurposes, topUpStatuses } from "./top-up.ts";

const OpenTopUpSchema = z
  .object({
    id: z.uuid(),
    amount_minor: z.number().int(),
    currency: z.string(),
    gateway: z.string(),
    gateway_order_id: z.string(),
    key_id: z.string().openapi({ description: "The gateway's public key, for its checkout on the phone" }),
    checkout: CheckoutSchema,
  })
  .openapi("OpenTopUp");

const TopUpSchema = z
  .object({
    id: z.uuid(),
    purpose: z.enum(topUpPurposes),
    status: z.enum(topUpStatuses),
    amount_minor: z.number().int(),
    currency: z.string(),
    gateway_order_id: z.string().nullable(),
    transaction_id: z.uuid().nullable(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi("TopUp");

const AutoTopUpSchema = z
  .object({ below_minor: z.number().int().nullable(), to_minor: z.number().int().nullable(), has_saved_method: z.boolean() })
  .openapi("AutoTopUp");

const begin = route({
  method: "post",
  path: "/wallet/top-ups",
  operationId: "beginTopUp",
  tags: ["wallet"],
  summary: "Begin to put money into the wallet; it is paid at the gateway with the id that this gives",
  who: student(),
  idempotency: "required",
  errors: ["PAYMENT_FAILED", "METHOD_UNAVAILABLE", "SPEND_LIMIT_REACHED", "READ_ONLY_REGION"],
  request: {
    body: required(
      z.strictObject({
        amount_minor: minorUnits.min(1),
        save_method: z.boolean().default(false).openapi({ description: "Let the gateway keep the method, for automatic top-ups" }),
        ...noteFields,
      }),
    ),
  },
  responses: { 201: json(OpenTopUpSchema, "To be paid at the gateway") },
});

const list = route({
  method: "get",
  path: "/wallet/top-ups",
  operationId: "listTopUps",
  tags: ["wallet"],
  summary: "What was paid into the wallet or was to be, gifts and automatic ones too, newest first",
  who: student(),
  request: { query: listQuery },
  responses: { 200: json(listOf(TopUpSchema), "A page of them") },
});

const read = route({
  method: "get",
  path: "/wallet/top-ups/{topUpId}",
  operationId: "getTopUp",
  tags: ["wallet"],
  summary: "One top-up",
  who: student(),
  bucket: "status",
  errors: ["NOT_FOUND"],
  request: { params: z.object({ topUpId: z.uuid() }) },
  responses: { 200: json(TopUpSchema, "Where it stands") },
});

const getAuto = route({
  method: "get",
  path: "/wallet/auto-top-up",
  operationId: "getAutoTopUp",
  tags: ["wallet"],
  summary: "When the wallet is filled by itself, and up to what",
  who: student(),
  responses: { 200: json(AutoTopUpSchema, "The two lines; null is off") },
});

const putAuto = route({
  method: "put",
  path: "/wallet/auto-top-up",
  operationId: "setAutoTopUp",
  tags: ["wallet"],
  summary: "Fill the wallet up to to_minor whenever a debit takes it below below_minor, by the saved method",
  description:
    "A line that is new or higher needs a code of POST /users/me/step-up for these two. However often the balance falls, the method is charged AUTO_TOP_UPS_PER_DAY times a day at most.",
  who: student(),
  errors: ["INVALID_OTP", "INVALID_SIGNATURE", "CONFLICT", "READ_ONLY_REGION"],
  request: { body: required(z.strictObject({ below_minor: minorUnits.min(1), to_minor: minorUnits.min(2), ...stepUpFields })) },
  responses: { 200: json(AutoTopUpSchema, "As it is now") },
});

const deleteAuto = route({
  method: "delete",
  path: "/wallet/auto-top-up",
  operationId: "removeAutoTopUp",
  tags: ["wallet"],
  summary: "Switch it off and forget the saved method",
  who: student(),
  errors: ["READ_ONLY_REGION"],
  responses: { 200: json(AutoTopUpSchema, "As it is now") },
});

export const topUpRoutes = (platform: Platform) => {
  const { db, config } = platform;
  return router()
    .openapi(begin, async (c) => {
      const gateway = gatewayOf(platform);
      const { amount_minor, save_method, ...note } = c.req.valid("json");
      const input = { studentId: studentOf(c).id, gateway: gateway.name, amountMinor: amount_minor, saveMethod: save_method, note };
      // The network is asked after the commit. A repeat finds the row by its key and asks only where no answer was kept.
      const kept = await answerOnce(db, await claimOf(c, "forever"), async (tx) => ({
        status: 201,
        body: await requestTopUp(tx, config, input),
      }));
      const row = await readGatewayOrder(db, kept.body);
      if (!row) throw new Error("The top-up was not kept.");
      const order = await openAtGateway(platform, gateway, row);
      if (kept.hit) c.header("Idempotency-Hit", "true");
      return c.json(
        {
          id: order.id,
          amount_minor: order.amountMinor,
          currency: order.currency,
          gateway: gateway.name,
          gateway_order_id: order.gatewayOrderId,
          key_id: gateway.publicKey,
          checkout: checkoutFormOf(config, gateway, order, "/wallet"),
        },
        201,
      );
    })
    .openapi(list, async (c) => {
      const { limit, cursor } = c.req.valid("query");
      const { items, next } = await listTopUps(db, studentOf(c).id, limit, cursor);
      return c.json({ items: items.map(presentTopUp), next_cursor: next }, 200);
    })
    .openapi(read, async (c) => c.json(presentTopUp(await readTopUp(db, c.req.valid("param").topUpId, studentOf(c).id)), 200))
    .openapi(getAuto, async (c) => c.json(presentAuto(await readAutoTopUp(platform, studentOf(c).id)), 200))
    .openapi(putAuto, async (c) => {
      const { below_minor: belowMinor, to_minor: toMinor, ...given } = c.req.valid("json");
      const largest = Math.min(config.WALLET_MAX_MINOR, config.TOP_UP_MAX_MINOR);
      if (toMinor <= belowMinor || toMinor > largest)
        throw validationError("json", [{ path: ["to_minor"], message: `must be above below_minor and at most ${largest}` }]);
      const lines = { studentId: studentOf(c).id, belowMinor, toMinor, given, requestId: c.var.requestId };
      return c.json(presentAuto(await setAutoTopUp(platform, lines)), 200);
    })
    .openapi(deleteAuto, async (c) => c.json(presentAuto(await removeAutoTopUp(platform, studentOf(c).id, c.var.requestId)), 200));
};

const presentTopUp = (topUp: TopUp): z.infer<typeof TopUpSchema> => ({
  id: topUp.id,
  purpose: topUp.purpose,
  status: topUp.status,
  amount_minor: topUp.amountMinor,
  currency: topUp.currency,
  gateway_order_id: topUp.gatewayOrderId,
  transaction_id: topUp.transactionId,
  created_at: topUp.createdAt.toISOString(),
  updated_at: topUp.updatedAt.toISOString(),
});

const presentAuto = (auto: AutoTopUp): z.infer<typeof AutoTopUpSchema> => ({
  below_minor: auto.belowMinor,
  to_minor: auto.toMinor,
  has_saved_method: auto.hasSavedMethod,
});
