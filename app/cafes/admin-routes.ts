import { z } from "@hono/zod-openapi";
import { cafeQuery, nameField } from "../identity/field-schemas.ts";
import { actorOf, cafeActorOf, cafeOf, staff, staffOf } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { type HttpContext, json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import { changeCafe } from "./change-cafe.ts";
import { decideCafe, type Verdict } from "./decide-cafe.ts";
import { decideName } from "./decide-name.ts";
import { cafeAddress, cafeName, holidays, openingHours, timeZone } from "./field-schemas.ts";
import { listRegistrations } from "./list-cafes.ts";
import { readCafe } from "./read-cafe.ts";
import { cafeStatus, OwnCafeBody, presentOwnCafe, presentRegistration, RegisteredCafeBody } from "./schemas.ts";

const CafeParams = z.object({ cafeId: z.uuid() });
const who = staff("owner", "admin");

const readOwn = route({
  method: "get",
  path: "/admin/cafe",
  operationId: "getOwnCafe",
  tags: ["cafes"],
  summary: "The own café, approved or not",
  who,
  errors: ["NOT_FOUND"],
  request: { query: cafeQuery },
  responses: { 200: json(OwnCafeBody, "The café") },
});

const change = route({
  method: "patch",
  path: "/admin/cafe",
  operationId: "changeOwnCafe",
  tags: ["cafes"],
  summary: "Change the café: only what is named, null takes away. Another name waits as wanted_name until the university agrees",
  who,
  errors: ["NOT_FOUND", "CONFLICT", "READ_ONLY_REGION"],
  request: {
    query: cafeQuery,
    body: required(
      z.strictObject({
        name: cafeName.optional(),
        address: cafeAddress.nullable().optional(),
        time_zone: timeZone
          .optional()
          .openapi({ description: "Changed by the university alone; days that run or are over keep their end." }),
        opening_hours: openingHours.nullable().optional(),
        holidays: holidays.optional(),
        paused_until: z.iso
          .datetime()
          .regex(/^20\d\d-/, "must be a moment of this century")
          .nullable()
          .optional()
          .openapi({ description: "It takes no orders before this moment." }),
        pause_reason: nameField(120)
          .nullable()
          .optional()
          .openapi({ description: "Why it pauses; students read it. It goes with the pause." }),
        number_match_required: z.boolean().optional(),
      }),
    ),
  },
  responses: { 200: json(OwnCafeBody, "The café as it is now") },
});

const waits = z
  .stringbool({ truthy: ["true"], falsy: ["false"] })
  .default(false)
  .openapi({
    type: "string",
    enum: ["true", "false"],
    default: "false",
    description: "Those alone that wait for an approval, or for another name",
  });

const listAll = route({
  method: "get",
  path: "/admin/cafes",
  operationId: "listRegistrations",
  tags: ["cafes"],
  summary: "Every café, newest first, with its owners",
  who: staff("admin", "finance"),
  request: { query: listQuery.extend({ status: cafeStatus.optional(), waits }) },
  responses: { 200: json(listOf(RegisteredCafeBody), "A page of cafés") },
});

const approve = route({
  method: "post",
  path: "/admin/cafes/{cafeId}/approve",
  operationId: "approveCafe",
  tags: ["cafes"],
  summary: "Let a café sell; doing it again changes nothing. With the `name` that was seen it is no other café by now",
  who: staff("admin"),
  errors: ["NOT_FOUND", "CONFLICT", "READ_ONLY_REGION"],
  request: { params: CafeParams, body: { content: { "application/json": { schema: z.strictObject({ name: cafeName.optional() }) } } } },
  responses: { 200: json(OwnCafeBody, "Approved") },
});

const suspend = route({
  method: "post",
  path: "/admin/cafes/{cafeId}/suspend",
  operationId: "suspendCafe",
  tags: ["cafes"],
  summary: "Stop a café: no orders, no scans, no debits from the answer on; its staff can still log in and read",
  who: staff("admin"),
  errors: ["NOT_FOUND", "READ_ONLY_REGION"],
  request: { params: CafeParams, body: required(z.strictObject({ reason: nameField(500) })) },
  responses: { 200: json(OwnCafeBody, "Suspended") },
});

const nameDecision = {
  method: "post",
  tags: ["cafes"] as string[],
  who: staff("admin"),
  errors: ["NOT_FOUND", "CONFLICT", "READ_ONLY_REGION"],
  request: { params: CafeParams, body: required(z.strictObject({ name: cafeName })) },
} as const;

const approveName = route({
  ...nameDecision,
  path: "/admin/cafes/{cafeId}/approve-name",
  operationId: "approveCafeName",
  summary: "Agree to the name that a café wants; it is named, so that nobody agrees to another one than was seen",
  responses: { 200: json(OwnCafeBody, "Renamed") },
});

const rejectName = route({
  ...nameDecision,
  path: "/admin/cafes/{cafeId}/reject-name",
  operationId: "rejectCafeName",
  summary: "No to the name that a café wants: it keeps its own",
  responses: { 200: json(OwnCafeBody, "It keeps its name") },
});

export const cafeAdminRoutes = ({ db }: Platform) => {
  const decide = (c: HttpContext, cafeId: string, decision: Verdict) =>
    db.transaction((tx) => decideCafe(tx, { cafeId, ...decision, ...actorOf(c) }));
  const decideOnName = (c: HttpContext, cafeId: string, name: string, agrees: boolean) =>
    db.transaction((tx) => decideName(tx, { cafeId, name, agrees, ...actorOf(c) }));
  return router()
    .openapi(readOwn, async (c) => c.json(presentOwnCafe(await readCafe(db, cafeOf(c, c.req.valid("query").cafe_id))), 200))
    .openapi(change, async (c) => {
      const body = c.req.valid("json");
      const input = {
        ...cafeActorOf(c, c.req.valid("query").cafe_id),
        role: staffOf(c).role,
        change: {
          name: body.name,
          address: body.address,
          timeZone: body.time_zone,
          openingHours: body.opening_hours,
          holidays: body.holidays,
          pausedUntil: typeof body.paused_until === "string" ? new Date(body.paused_until) : body.paused_until,
          pauseReason: body.paused_until === null ? null : body.pause_reason,
          numberMatchRequired: body.number_match_required,
        },
      };
      return c.json(presentOwnCafe(await db.transaction((tx) => changeCafe(tx, input))), 200);
    })
    .openapi(listAll, async (c) => {
      const { limit, cursor, status, waits: isWaiting } = c.req.valid("query");
      const { items, next } = await listRegistrations(db, { limit, after: cursor, status, waits: isWaiting });
      return c.json({ items: items.map(presentRegistration), next_cursor: next }, 200);
    })
    .openapi(approve, async (c) =>
      c.json(presentOwnCafe(await decide(c, c.req.valid("param").cafeId, { to: "approved", seenAs: c.req.valid("json").name })), 200),
    )
    .openapi(approveName, async (c) =>
      c.json(presentOwnCafe(await decideOnName(c, c.req.valid("param").cafeId, c.req.valid("json").name, true)), 200),
    )
    .openapi(rejectName, async (c) =>
      c.json(presentOwnCafe(await decideOnName(c, c.req.valid("param").cafeId, c.req.valid("json").name, false)), 200),
    )
    .openapi(suspend, async (c) =>
      c.json(presentOwnCafe(await decide(c, c.req.valid("param").cafeId, { to: "suspended", reason: c.req.valid("json").reason })), 200),
    );
};
