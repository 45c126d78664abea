import { z } from "@hono/zod-openapi";
import { cafeOf, staff, staffOf } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import { type Assignment, listAssignments, moveAssignment, readAssignment } from "./deliveries.ts";
import { OrderSchema } from "./schemas.ts";

const assignmentStatus = z.enum(["assigned", "picked_up", "delivered"]);

const AssignmentSchema = z
  .object({
    id: z.uuid(),
    status: assignmentStatus,
    assigned_at: z.iso.datetime(),
    picked_up_at: z.iso.datetime().nullable(),
    delivered_at: z.iso.datetime().nullable(),
    student_name: z.string().nullable(),
    student_phone: z.string().nullable(),
    order: OrderSchema,
  })
  .openapi("DeliveryAssignment");

const list = route({
  method: "get",
  path: "/delivery/assignments",
  operationId: "listAssignments",
  tags: ["delivery"],
  summary: "What the driver is to bring, newest first",
  who: staff("delivery"),
  request: { query: listQuery.extend({ status: assignmentStatus.optional() }) },
  responses: { 200: json(listOf(AssignmentSchema), "A page of assignments") },
});

const move = route({
  method: "patch",
  path: "/delivery/assignments/{assignmentId}",
  operationId: "moveAssignment",
  tags: ["delivery"],
  summary: "Picked up, then delivered: the order moves with it",
  who: staff("delivery"),
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: {
    params: z.object({ assignmentId: z.uuid() }),
    body: required(z.strictObject({ status: z.enum(["picked_up", "delivered"]) })),
  },
  responses: { 200: json(AssignmentSchema, "As it is now") },
});

export const deliveryRoutes = (platform: Platform) =>
  router()
    .openapi(list, async (c) => {
      const page = await listAssignments(platform.db, staffOf(c).id, c.req.valid("query"));
      return c.json({ items: page.items.map(present), next_cursor: page.next }, 200);
    })
    .openapi(move, async (c) => {
      const { assignmentId } = c.req.valid("param");
      const driverId = staffOf(c).id;
      const input = { assignmentId, driverId, cafeId: cafeOf(c, undefined), to: c.req.valid("json").status, requestId: c.var.requestId };
      const assignment = await platform.db.transaction(async (tx) => {
        await moveAssignment(tx, input);
        return readAssignment(tx, assignmentId, driverId);
      });
      return c.json(present(assignment), 200);
    });

const present = (made: Assignment): z.infer<typeof AssignmentSchema> => ({
  id: made.id,
  status: made.status,
  assigned_at: made.assignedAt.toISOString(),
  picked_up_at: made.pickedUpAt?.toISOString() ?? null,
  delivered_at: made.deliveredAt?.toISOString() ?? null,
  student_name: made.studentName,
  student_phone: made.studentPhone,
  order: made.order,
});
