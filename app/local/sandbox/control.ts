import { Hono } from "hono";
import { z } from "zod";
import { parseOrRefuse, readJson } from "./answers.ts";
import { type FaultState, type Faults, faultModes } from "./faults.ts";
import type { MessageLog } from "./message-log.ts";

const messagesQuery = z.strictObject({
  // "+" in a query string is a space; people type it anyway.
  to: z
    .string()
    .transform((to) => to.replace(/^ /, "+"))
    .optional(),
  channel: z.enum(["sms", "push"]).optional(),
  after: z.coerce.number().int().nonnegative().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
  cursor: z.coerce.number().int().nonnegative().optional(),
});

const faultsBody = z.strictObject({
  fcm: z.enum(faultModes.fcm).optional(),
  sms: z.enum(faultModes.sms).optional(),
  gateway: z.enum(faultModes.gateway).optional(),
});

/** What people and scripts use: read what was sent, make a provider fail. */
export const controlRoutes = ({ messages, faults }: { messages: MessageLog; faults: Faults }): Hono => {
  const routes = new Hono();

  routes.get("/sandbox/health", (c) => c.json({ status: "healthy" }));

  routes.get("/sandbox/messages", (c) => {
    const { limit, cursor, ...filter } = parseOrRefuse(messagesQuery, c.req.query());
    const { items, hasMore } = messages.newestFirst({ ...filter, before: cursor }, limit);
    return c.json({ items, next_cursor: hasMore ? (items.at(-1)?.id ?? null) : null });
  });

  routes.get("/sandbox/faults", (c) => c.json(faults.state()));

  routes.put("/sandbox/faults", async (c) => c.json(faults.set(given(parseOrRefuse(faultsBody, await readJson(c))))));

  return routes;
};

const given = (body: z.infer<typeof faultsBody>): Partial<FaultState> =>
  Object.fromEntries(Object.entries(body).filter(([, mode]) => mode !== undefined));
