import { upgradeWebSocket } from "@hono/node-server";
import { z } from "@hono/zod-openapi";
import { getCookie } from "hono/cookie";
import type { WebSocket } from "ws";
import { cafeOf, device, deviceOf, staff, staffOf, studentOf } from "../identity/guards.ts";
import type { Identity } from "../identity/identity.ts";
import { accessCookieName } from "../identity/session-cookies.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { type Guard, type HttpContext, route, router } from "../platform/http/router.ts";
import { type Cursor, cursorPattern, parseCursor } from "./cursor.ts";
import { eventList } from "./event-catalogue.ts";
import { answerWithEvents } from "./event-stream.ts";
import type { Live } from "./live.ts";
import { markPrompted } from "./prompted.ts";
import { type SocketFeed, serveSocket } from "./socket.ts";
import { refuseForeignOrigin, socketToken, subprotocol } from "./socket-credential.ts";
import { isFinalStatus, readWatchedOrder } from "./watched-order.ts";

const aboutSockets = [
  `A WebSocket: \`Sec-WebSocket-Protocol: ${subprotocol}, bearer.<access token>\` (or \`?token=\`).`,
  "Each message is `{event, data, id?}`. The first `heartbeat` says that from here on nothing is missed; later ones come at most 20 s apart.",
  "After a cut connect again with `?last_event_id=` and the last id: what was missed is replayed, each event once. Unknown events are to be ignored.",
  "Close codes: 1000 the order is final · 1012 the process restarts, come back after `retry_after_ms` · 1013 try again later · 4401 the token has ended: refresh it.",
  eventList,
].join("\n\n");

const aboutStreams = [
  "Server-sent events. A comment comes at most 20 s apart; `retry:` says when to come back after a cut.",
  "With the `Last-Event-ID` header what was missed is replayed, each event once. Unknown events are to be ignored.",
  eventList,
].join("\n\n");

const lastEventId = z.string().regex(cursorPattern, "must be an id that the server gave").optional();
const switching = { 101: { description: `Switching to WebSocket, with the subprotocol ${subprotocol}` } };

/** A student, whose token a browser cannot put into a header. */
const socketStudent = (): Guard => ({
  scheme: "bearer",
  roles: ["student"],
  errors: ["TOKEN_EXPIRED", "INVALID_TOKEN", "INSUFFICIENT_ROLE", "CSRF_FAILED", "VALIDATION_ERROR"],
  check: async (c, next) => {
    refuseForeignOrigin(c.var.platform.config, c.req.header("origin"), c.req.header("host"));
    const holder = c.var.identity.verifyAccessToken(tokenOf(c));
    if (holder.kind !== "student") throw new CodedError("INSUFFICIENT_ROLE", `This is for students; you are ${holder.role}.`);
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket")
      throw new CodedError("VALIDATION_ERROR", "This address speaks WebSocket: send Upgrade: websocket.");
    c.set("holder", holder);
    c.set("principal", { kind: holder.kind, id: holder.id });
    await next();
  },
});

const tokenOf = (c: HttpContext): string =>
  socketToken({
    protocols: c.req.header("sec-websocket-protocol"),
    queryToken: c.req.query("token"),
    authorization: c.req.header("authorization"),
  });

const socketQuery = z.strictObject({
  last_event_id: lastEventId,
  token: z.string().max(4_096).optional().openapi({ description: "The access token, for clients that cannot send it as a subprotocol" }),
});

const studentSocket = route({
  method: "get",
  path: "/ws/me",
  operationId: "watchMe",
  tags: ["live"],
  summary: "WebSocket: the student's charges and orders as they happen",
  description: aboutSockets,
  who: socketStudent(),
  request: { query: socketQuery },
  responses: switching,
});

const orderSocket = route({
  method: "get",
  path: "/ws/orders/{orderId}",
  operationId: "watchOrder",
  tags: ["live"],
  summary: "WebSocket: one own order until it is completed or cancelled",
  description: aboutSockets,
  who: socketStudent(),
  errors: ["NOT_FOUND"],
  request: { params: z.object({ orderId: z.uuid() }), query: socketQuery },
  responses: switching,
});

const deviceStream = route({
  method: "get",
  path: "/pos/stream",
  operationId: "watchCounter",
  tags: ["live"],
  summary: "Event stream: what becomes of the charges of this terminal",
  description: aboutStreams,
  who: device(),
  request: { headers: z.object({ "last-event-id": lastEventId }) },
  responses: { 200: { description: "Events, until one side ends it", content: { "text/event-stream": { schema: z.string() } } } },
});

const kitchenStream = route({
  method: "get",
  path: "/admin/orders/stream",
  operationId: "watchKitchen",
  tags: ["live"],
  summary: "Event stream: the café's orders as they are placed, paid and moved",
  description: aboutStreams,
  who: staff("kitchen", "owner", "cashier"),
  request: { headers: z.object({ "last-event-id": lastEventId }) },
  responses: { 200: { description: "Events, until one side ends it", content: { "text/event-stream": { schema: z.string() } } } },
});

export const liveRoutes = (platform: Platform, identity: Identity, live: Live) =>
  router()
    .openapi(studentSocket, (c) => {
      const { id } = studentOf(c);
      return openSocket(c, platform, live, {
        ...studentFeed(c, identity),
        kind: "student_socket",
        channels: [`student:${id}`],
        onSent: (event, { charge_id }) => {
          if (event === "charge_opened" && typeof charge_id === "string") markPrompted(platform, charge_id, "ws");
        },
        onOpen: () => live.presence.opened(id),
        onClosed: () => live.presence.closed(id),
      });
    })
    .openapi(orderSocket, async (c) => {
      const { orderId } = c.req.valid("param");
      const read = () => readWatchedOrder(platform.db, orderId, studentOf(c).id);
      await read();
      return openSocket(c, platform, live, {
        ...studentFeed(c, identity),
        kind: "order_socket",
        channels: [`order:${orderId}`],
        firstMessage: async () => {
          const { status, paymentStatus, updatedAt } = await read();
          return {
            event: "status_changed",
            data: { order_id: orderId, status, payment_status: paymentStatus, updated_at: updatedAt.toISOString() },
          };
        },
        isFinal: (event, { status }) => event === "status_changed" && isFinalStatus(status),
      });
    })
    .openapi(deviceStream, (c) => {
      const { id } = deviceOf(c);
      const credential = /^Device +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? "";
      return answerWithEvents(c, live, {
        kind: "device_stream",
        ownerId: id,
        channels: [`device:${id}`],
        after: cursorOf(c.req.valid("header")["last-event-id"]),
        check: () => identity.devices.recognize(credential),
      });
    })
    .openapi(kitchenStream, (c) => {
      const token =
        /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? getCookie(c, accessCookieName(platform.config)) ?? "";
      return answerWithEvents(c, live, {
        kind: "kitchen_stream",
        ownerId: staffOf(c).id,
        channels: [`cafe:${cafeOf(c, undefined)}`],
        after: cursorOf(c.req.valid("header")["last-event-id"]),
        check: () => identity.verifyAccessToken(token),
      });
    });

function studentFeed(c: HttpContext, identity: Identity): Pick<SocketFeed, "ownerId" | "after" | "check"> {
  const token = tokenOf(c);
  return {
    ownerId: studentOf(c).id,
    after: cursorOf(c.req.query("last_event_id")),
    check: () => identity.verifyAccessToken(token),
  };
}

const cursorOf = (text: string | undefined): Cursor | undefined => (text === undefined ? undefined : parseCursor(text));

/** Limits are told before the handshake, with a status; afterwards there are only close codes. */
function openSocket(c: HttpContext, platform: Platform, live: Live, feed: SocketFeed & { readonly onOpen?: () => void }) {
  live.connections.admit(feed.ownerId);
  return upgradeWebSocket(c, {
    onOpen: (_event, { raw }) => {
      feed.onOpen?.();
      void serveSocket(platform, live, raw as unknown as WebSocket, feed);
    },
  }) as never;
}
