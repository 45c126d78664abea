import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import { z } from "zod";
import type { Faults } from "./faults.ts";
import type { MessageLog } from "./message-log.ts";

const notification = z.object({ title: z.string().optional(), body: z.string().optional() });

const sendBody = z.object({
  message: z.object({
    token: z.string().min(1),
    notification: notification.optional(),
    data: z.record(z.string(), z.string()).default({}),
  }),
});

/** FCM's HTTP v1 door, as firebase-admin's `send()` speaks to it. */
export const fcmRoutes = ({ messages, faults }: { messages: MessageLog; faults: Faults }): Hono => {
  const routes = new Hono();

  // Hono reads ":name" up to the next "/", so the last part is matched whole: "messages:send" is not a parameter.
  routes.post("/v1/projects/:project/:verb{messages:send}", async (c) => {
    const fault = await faults.meet("fcm", c.req.raw.signal);
    if (fault === "500") return refuse(c, 500, "INTERNAL", "Internal error encountered.", "INTERNAL");
    if (!c.req.header("authorization")?.startsWith("Bearer ")) return refuse(c, 401, "UNAUTHENTICATED", "Request is missing a credential.");
    const body = sendBody.safeParse(await c.req.json().catch(() => undefined));
    if (!body.success) {
      return refuse(c, 400, "INVALID_ARGUMENT", "The request does not name a registration token and text data.", "INVALID_ARGUMENT");
    }
    if (fault === "unregistered") return refuse(c, 404, "NOT_FOUND", "Requested entity was not found.", "UNREGISTERED");
    const { token, notification: shown, data } = body.data.message;
    const text = [shown?.title, shown?.body].filter(Boolean).join(": ");
    messages.add({ channel: "push", to: token, text, data });
    return c.json({ name: `projects/${c.req.param("project")}/messages/${randomUUID()}` });
  });

  return routes;
};

const refuse = (c: Context, httpStatus: 400 | 401 | 404 | 500, status: string, message: string, errorCode?: string): Response => {
  const details = errorCode ? [{ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", errorCode }] : [];
  return c.json({ error: { code: httpStatus, message, status, details } }, httpStatus);
};
