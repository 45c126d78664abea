import { z } from "@hono/zod-openapi";
import type { CafeActor } from "../identity/actor.ts";
import { cafeActorOf, staff } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { type HttpContext, json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import { addEndpoint } from "./add-endpoint.ts";
import { deliveryStates, listDeliveries, type WebhookDelivery, webhookEvents } from "./delivery.ts";
import { listEndpoints, readEndpoint, type WebhookEndpoint } from "./endpoint.ts";
import { redeliver } from "./redeliver.ts";
import { removeEndpoint } from "./remove-endpoint.ts";
import { sendTest } from "./send-test.ts";
import { maxUrlLength } from "./webhook-url.ts";

const EndpointBody = z
  .object({
    id: z.uuid(),
    url: z.string(),
    money: z.boolean().openapi({ description: "Whether it is posted the café's refunds, disputes and settlements too" }),
    created_at: z.iso.datetime(),
  })
  .openapi("Webhook");

const EndpointWithSecret = EndpointBody.extend({
  secret: z.string().openapi({ description: "Signs what is posted. It is told this once." }),
}).openapi("WebhookWithSecret");

const DeliveryBody = z
  .object({
    id: z.uuid(),
    event_id: z.uuid().openapi({ description: "The same at each try: by it a till system knows a second copy." }),
    event: z.enum(webhookEvents),
    order_id: z.uuid().nullable(),
    state: z.enum(deliveryStates).openapi({ description: "dead: refused for good, or not taken in any of its tries." }),
    tries: z.int(),
    last_tried_at: z.iso.datetime().nullable(),
    last_status: z.int().nullable().openapi({ description: "What the till system answered; null where it gave no answer." }),
    last_error: z.string().nullable(),
    delivered_at: z.iso.datetime().nullable(),
    created_at: z.iso.datetime(),
  })
  .openapi("WebhookDelivery");

const EndpointParams = z.object({ endpointId: z.uuid() });
const who = staff("owner");

const list = route({
  method: "get",
  path: "/admin/webhooks",
  operationId: "listWebhooks",
  tags: ["webhooks"],
  summary: "The till systems to which the café's orders are posted",
  who,
  responses: { 200: json(listOf(EndpointBody), "All of them") },
});

const add = route({
  method: "post",
  path: "/admin/webhooks",
  operationId: "addWebhook",
  tags: ["webhooks"],
  summary: "Add a till system; the answer tells its secret, once",
  who,
  errors: ["CONFLICT", "READ_ONLY_REGION"],
  request: {
    body: required(
      z.strictObject({
        url: z.string().min(8).max(maxUrlLength).openapi({ example: "https://till.example.org/orders" }),
        money: z.boolean().default(false).openapi({ description: "Post the café's refunds, disputes and settlements there too" }),
      }),
    ),
  },
  responses: { 201: json(EndpointWithSecret, "The webhook and its secret") },
});

const remove = route({
  method: "delete",
  path: "/admin/webhooks/{endpointId}",
  operationId: "removeWebhook",
  tags: ["webhooks"],
  summary: "Remove a till system: nothing is posted there from now on",
  who,
  errors: ["NOT_FOUND", "READ_ONLY_REGION"],
  request: { params: EndpointParams },
  responses: { 204: { description: "Removed" } },
});

const test = route({
  method: "post",
  path: "/admin/webhooks/{endpointId}/test",
  operationId: "testWebhook",
  tags: ["webhooks"],
  summary: "Post a test; the log of deliveries tells how it went",
  who,
  idempotency: "optional",
  errors: ["NOT_FOUND", "READ_ONLY_REGION"],
  request: { params: EndpointParams },
  responses: { 202: json(DeliveryBody, "On its way") },
});

const deliveries = route({
  method: "get",
  path: "/admin/webhooks/{endpointId}/deliveries",
  operationId: "listWebhookDeliveries",
  tags: ["webhooks"],
  summary: "What was posted to a till system in the last 30 days and how it went, newest first",
  who,
  errors: ["NOT_FOUND"],
  request: { params: EndpointParams, query: listQuery.extend({ state: z.enum(deliveryStates).optional() }) },
  responses: { 200: json(listOf(DeliveryBody), "A page of them") },
});

const again = route({
  method: "post",
  path: "/admin/webhooks/{endpointId}/deliveries/{deliveryId}/redeliver",
  operationId: "redeliverWebhook",
  tags: ["webhooks"],
  summary: "Post the same once more",
  who,
  idempotency: "optional",
  errors: ["NOT_FOUND", "READ_ONLY_REGION"],
  request: { params: EndpointParams.extend({ deliveryId: z.uuid() }) },
  responses: { 202: json(DeliveryBody, "On its way") },
});

export const webhookRoutes = (platform: Platform) =>
  router()
    .openapi(list, async (c) => {
      const endpoints = await listEndpoints(platform.db, actorOf(c).cafeId);
      return c.json({ items: endpoints.map(presentEndpoint), next_cursor: null, total: endpoints.length }, 200);
    })
    .openapi(add, async (c) => {
      const { url, money } = c.req.valid("json");
      const added = await addEndpoint(platform, actorOf(c), { url, hearsMoney: money });
      return c.json({ ...presentEndpoint(added), secret: added.secret }, 201);
    })
    .openapi(remove, async (c) => {
      await platform.db.transaction((tx) => removeEndpoint(tx, actorOf(c), c.req.valid("param").endpointId));
      return c.body(null, 204);
    })
    .openapi(test, async (c) => {
      const { endpointId } = c.req.valid("param");
      return once(c, "a day", async (tx) => ({
        status: 202,
        body: presentDelivery(await sendTest(tx, actorOf(c), endpointId)),
      }));
    })
    .openapi(deliveries, async (c) => {
      const { limit, cursor, state } = c.req.valid("query");
      const endpoint = await readEndpoint(platform.db, actorOf(c).cafeId, c.req.valid("param").endpointId);
      const { items, next } = await listDeliveries(platform.db, endpoint.id, { limit, after: cursor, state });
      return c.json({ items: items.map(presentDelivery), next_cursor: next }, 200);
    })
    .openapi(again, async (c) => {
      const { endpointId, deliveryId } = c.req.valid("param");
      return once(c, "a day", async (tx) => ({
        status: 202,
        body: presentDelivery(await redeliver(tx, actorOf(c), endpointId, deliveryId)),
      }));
    });

const actorOf = (c: HttpContext): CafeActor => cafeActorOf(c, undefined);

const presentEndpoint = ({ id, url, hearsMoney, createdAt }: WebhookEndpoint): z.infer<typeof EndpointBody> => ({
  id,
  url,
  money: hearsMoney,
  created_at: createdAt.toISOString(),
});

const presentDelivery = (delivery: WebhookDelivery): z.infer<typeof DeliveryBody> => ({
  id: delivery.id,
  event_id: delivery.eventId,
  event: delivery.event,
  order_id: delivery.orderId,
  state: delivery.state,
  tries: delivery.tries,
  last_tried_at: delivery.lastTriedAt?.toISOString() ?? null,
  last_status: delivery.lastStatus,
  last_error: delivery.lastError,
  delivered_at: delivery.deliveredAt?.toISOString() ?? null,
  created_at: delivery.createdAt.toISOString(),
});
