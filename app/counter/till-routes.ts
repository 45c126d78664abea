import { z } from "@hono/zod-openapi";
import { device, deviceOf } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { json, route, router } from "../platform/http/router.ts";
import { readTill } from "./till.ts";

const TillSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    cafe: z.object({ id: z.uuid(), code: z.string(), name: z.string(), time_zone: z.string(), currency: z.string() }),
  })
  .openapi("Till");

const read = route({
  method: "get",
  path: "/pos/till",
  operationId: "getTill",
  tags: ["pos"],
  summary: "Which terminal this is, and of which café: what a counter page asks first",
  who: device(),
  responses: { 200: json(TillSchema, "The terminal") },
});

export const tillRoutes = ({ db }: Platform) =>
  router().openapi(read, async (c) => {
    const till = await readTill(db, deviceOf(c).id);
    return c.json(
      {
        id: till.id,
        name: till.name,
        cafe: { id: till.cafeId, code: till.cafeCode, name: till.cafeName, time_zone: till.timeZone, currency: till.currency },
      },
      200,
    );
  });
