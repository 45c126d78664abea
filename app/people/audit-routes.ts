import { z } from "@hono/zod-openapi";
import { staff } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { momentField } from "../platform/http/days.ts";
import { json, listOf, listQuery, route, router } from "../platform/http/router.ts";
import { type AuditLine, listAudit } from "./list-audit.ts";

const AuditLineBody = z
  .object({
    id: z.uuid(),
    at: z.iso.datetime(),
    actor_kind: z.string().openapi({ description: "staff, student, device or system; may grow" }),
    actor_id: z.uuid().nullable(),
    actor_name: z.string().nullable().openapi({ description: "Of staff and students, as it is now" }),
    action: z.string(),
    target_kind: z.string(),
    target_id: z.uuid().nullable(),
    target_name: z.string().nullable().openapi({ description: "Of a student, a card's student, staff or a café, as it is now" }),
    cafe_id: z.uuid().nullable(),
    cafe_name: z.string().nullable(),
    details: z.record(z.string(), z.unknown()),
    request_id: z.string().nullable(),
  })
  .openapi("AuditLine");

const word = z.string().regex(/^[a-z_.]{1,60}$/, "must be lower-case letters, dots and underscores");

const list = route({
  method: "get",
  path: "/admin/audit",
  operationId: "listAudit",
  tags: ["audit"],
  summary: "Who changed what, newest first. Nobody can change a line, the system itself included",
  who: staff("admin"),
  request: {
    query: listQuery.extend({
      actor_id: z.uuid().optional(),
      action: word.optional().openapi({ example: "card.issued", description: "A whole one, or what stands before its dot: card" }),
      target_kind: word.optional().openapi({ example: "card" }),
      target_id: z.uuid().optional(),
      cafe_id: z.uuid().optional(),
      from: momentField.optional(),
      to: momentField.optional().openapi({ description: "Before this moment" }),
    }),
  },
  responses: { 200: json(listOf(AuditLineBody), "A page of it") },
});

export const auditRoutes = (platform: Platform) =>
  router().openapi(list, async (c) => {
    const { limit, cursor, actor_id, action, target_kind, target_id, cafe_id, from, to } = c.req.valid("query");
    const { items, next } = await listAudit(platform.db, {
      limit,
      after: cursor,
      actorId: actor_id,
      action,
      objectKind: target_kind,
      objectId: target_id,
      cafeId: cafe_id,
      from: from === undefined ? undefined : new Date(from),
      to: to === undefined ? undefined : new Date(to),
    });
    return c.json({ items: items.map(presentLine), next_cursor: next }, 200);
  });

const presentLine = (line: AuditLine): z.infer<typeof AuditLineBody> => ({
  id: line.id,
  at: line.at.toISOString(),
  actor_kind: line.actorKind,
  actor_id: line.actorId,
  actor_name: line.actorName,
  action: line.action,
  target_kind: line.objectKind,
  target_id: line.objectId,
  target_name: line.objectName,
  cafe_id: line.cafeId,
  cafe_name: line.cafeName,
  details: line.details,
  request_id: line.requestId,
});
