import { z } from "@hono/zod-openapi";
import { student, studentOf } from "../identity/guards.ts";
import { minorUnits } from "../ledger/field-schemas.ts";
import type { Platform } from "../platform/context.ts";
import { everyone, json, listOf, required, route, router } from "../platform/http/router.ts";
import { checkoutFormOf } from "./checkout.ts";
import { CheckoutSchema } from "./checkout-schemas.ts";
import { type GiftLink, makeGiftLink, openLinks, readGift, revokeGiftLink } from "./gift-link.ts";
import { gatewayOf } from "./open-gateway.ts";
import { payGift } from "./pay-gift.ts";

const longestLifeHours = 720;
const usualLifeHours = 168;

const GiftLinkSchema = z
  .object({ id: z.uuid(), limit_minor: z.number().int(), currency: z.string(), expires_at: z.iso.datetime(), created_at: z.iso.datetime() })
  .openapi("GiftLink");
const NewGiftLinkSchema = GiftLinkSchema.extend({ url: z.string(), token: z.string() }).openapi("NewGiftLink");
const GiftSchema = z
  .object({
    first_name: z.string().nullable(),
    currency: z.string(),
    min_minor: z.number().int(),
    max_minor: z.number().int(),
    expires_at: z.iso.datetime(),
  })
  .openapi("Gift");
const GiftPaymentSchema = z
  .object({
    gateway_order_id: z.string(),
    amount: z.number().int(),
    currency: z.string(),
    gateway: z.string(),
    key_id: z.string(),
    checkout: CheckoutSchema,
  })
  .openapi("GiftPayment");

const GiftParams = z.object({ token: z.string().regex(/^[\w-]{1,64}$/, "must be the token of a link") });

const make = route({
  method: "post",
  path: "/wallet/gift-link",
  operationId: "makeGiftLink",
  tags: ["wallet"],
  summary: "A link by which somebody without an account pays into this wallet; its token is told this once",
  who: student(),
  errors: ["CONFLICT", "READ_ONLY_REGION"],
  request: {
    body: required(
      z.strictObject({
        limit_minor: minorUnits.min(1).openapi({ description: "All gifts by this link together" }),
        life_hours: z.number().int().min(1).max(longestLifeHours).default(usualLifeHours),
      }),
    ),
  },
  responses: { 201: json(NewGiftLinkSchema, "The link") },
});

const list = route({
  method: "get",
  path: "/wallet/gift-links",
  operationId: "listGiftLinks",
  tags: ["wallet"],
  summary: "The links that are open, newest first",
  who: student(),
  responses: { 200: json(listOf(GiftLinkSchema), "All of them") },
});

const revoke = route({
  method: "delete",
  path: "/wallet/gift-links/{linkId}",
  operationId: "revokeGiftLink",
  tags: ["wallet"],
  summary: "Take a link back",
  who: student(),
  errors: ["NOT_FOUND", "READ_ONLY_REGION"],
  request: { params: z.object({ linkId: z.uuid() }) },
  responses: { 204: { description: "It opens nothing any more" } },
});

const look = route({
  method: "get",
  path: "/gifts/{token}",
  operationId: "getGift",
  tags: ["payments"],
  summary: "Whose wallet a link is for, by first name; unknown and expired links are not there",
  who: everyone,
  errors: ["NOT_FOUND"],
  request: { params: GiftParams },
  responses: { 200: json(GiftSchema, "What it takes") },
});

const pay = route({
  method: "post",
  path: "/gifts/{token}",
  operationId: "payGift",
  tags: ["payments"],
  summary: "Open a payment into that wallet; the gateway tells us when it is paid",
  who: everyone,
  errors: ["NOT_FOUND", "RATE_LIMITED", "SPEND_LIMIT_REACHED", "PAYMENT_FAILED", "METHOD_UNAVAILABLE", "READ_ONLY_REGION"],
  request: { params: GiftParams, body: required(z.strictObject({ amount_minor: minorUnits.min(1) })) },
  responses: { 201: json(GiftPaymentSchema, "To be paid at the gateway") },
});

export const giftRoutes = (platform: Platform) =>
  router()
    .openapi(make, async (c) => {
      const { limit_minor, life_hours } = c.req.valid("json");
      const link = await makeGiftLink(platform, { studentId: studentOf(c).id, limitMinor: limit_minor, lifeHours: life_hours });
      return c.json({ ...presentLink(link), url: `${platform.config.PUBLIC_URL}/gifts/${link.token}`, token: link.token }, 201);
    })
    .openapi(list, async (c) => c.json({ items: (await openLinks(platform.db, studentOf(c).id)).map(presentLink), next_cursor: null }, 200))
    .openapi(revoke, async (c) => {
      await revokeGiftLink(platform, c.req.valid("param").linkId, studentOf(c).id);
      return c.body(null, 204);
    })
    .openapi(look, async (c) => {
      const gift = await readGift(platform.db, c.req.valid("param").token);
      const { TOP_UP_MIN_MINOR, TOP_UP_MAX_MINOR } = platform.config;
      return c.json(
        {
          first_name: gift.firstName,
          currency: gift.currency,
          min_minor: TOP_UP_MIN_MINOR,
          max_minor: Math.min(TOP_UP_MAX_MINOR, gift.limitMinor),
          expires_at: gift.expiresAt.toISOString(),
        },
        200,
      );
    })
    .openapi(pay, async (c) => {
      const { token } = c.req.valid("param");
      const order = await payGift(platform, token, c.req.valid("json").amount_minor);
      const gateway = gatewayOf(platform);
      return c.json(
        {
          gateway_order_id: order.gatewayOrderId,
          amount: order.amountMinor,
          currency: order.currency,
          gateway: gateway.name,
          key_id: gateway.publicKey,
          checkout: checkoutFormOf(platform.config, gateway, order, `/gifts/${token}`),
        },
        201,
      );
    });

const presentLink = (link: GiftLink): z.infer<typeof GiftLinkSchema> => ({
  id: link.id,
  limit_minor: link.limitMinor,
  currency: link.currency,
  expires_at: link.expiresAt.toISOString(),
  created_at: link.createdAt.toISOString(),
});
