import { z } from "@hono/zod-openapi";
import { staffRoles } from "../identity/access-token.ts";
import { proposalStatuses } from "../identity/proposal.ts";
import type { StaffMember } from "./staff-member.ts";
import { type StaffRequest, staffRequestKinds } from "./staff-request.ts";

const fields = {
  id: z.uuid(),
  username: z.string(),
  name: z.string(),
  role: z.enum(staffRoles),
  cafe_id: z.uuid().nullable(),
  is_active: z.boolean(),
  must_change_password: z.boolean(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
};
export const StaffBody = z.object(fields).openapi("StaffMember");
export const StaffWithPassword = z.object({ ...fields, one_time_password: z.string() }).openapi("StaffMemberWithPassword");

export const StaffRequestBody = z
  .object({
    id: z.uuid(),
    kind: z.enum(staffRequestKinds),
    status: z.enum(proposalStatuses),
    staff_id: z.uuid().nullable(),
    username: z.string().nullable(),
    name: z.string().nullable(),
    role: z.enum(["finance", "admin"]).nullable(),
    is_active: z.boolean().nullable(),
    requested_by: z.uuid(),
    requested_by_name: z.string(),
    staff_name: z.string().nullable().openapi({ description: "Of staff_id" }),
    decided_by: z.uuid().nullable(),
    created_at: z.iso.datetime(),
  })
  .openapi("StaffRequest");

export const presentStaff = (member: StaffMember): z.infer<typeof StaffBody> => ({
  id: member.id,
  username: member.username,
  name: member.name,
  role: member.role,
  cafe_id: member.cafeId,
  is_active: member.isActive,
  must_change_password: member.mustChangePassword,
  created_at: member.createdAt.toISOString(),
  updated_at: member.updatedAt.toISOString(),
});

export const presentStaffRequest = (request: StaffRequest): z.infer<typeof StaffRequestBody> => ({
  id: request.id,
  kind: request.kind,
  status: request.status,
  staff_id: request.staffId,
  username: request.username,
  name: request.name,
  role: request.role,
  is_active: request.isActive,
  requested_by: request.requestedBy,
  requested_by_name: request.requestedByName,
  staff_name: request.staffName,
  decided_by: request.decidedBy,
  created_at: request.createdAt.toISOString(),
});
