import { z } from "@hono/zod-openapi";
import { actorOf, staff } from "../identity/guards.ts";
import type { Identity } from "../identity/identity.ts";
import { listProposals, proposalStatuses, rejectProposal } from "../identity/proposal.ts";
import type { Platform } from "../platform/context.ts";
import { type HttpContext, json, listOf, listQuery, route, router } from "../platform/http/router.ts";
import { newOneTimePassword } from "./one-time-password.ts";
import type { Manager } from "./staff-member.ts";
import { approveStaffRequest, staffRequests } from "./staff-request.ts";
import { presentStaff, presentStaffRequest, StaffBody, StaffRequestBody } from "./staff-schemas.ts";

const who = staff("admin", "finance");
const tags = ["staff"];
const params = z.object({ requestId: z.uuid() });
const errors = ["NOT_FOUND", "INVALID_TRANSITION", "CONFLICT", "READ_ONLY_REGION"] as const;

const list = route({
  method: "get",
  path: "/admin/staff-requests",
  operationId: "listStaffRequests",
  tags,
  summary: "Accounts of finance and admin that one person asked to add, reset or change, newest first",
  who,
  request: { query: listQuery.extend({ status: z.enum(proposalStatuses).optional() }) },
  responses: { 200: json(listOf(StaffRequestBody), "A page of them") },
});

const approve = route({
  method: "post",
  path: "/admin/staff-requests/{requestId}/approve",
  operationId: "approveStaffRequest",
  tags,
  summary: "The second person does it. The one-time password is shown this once, so there is no Idempotency-Key: the request is the key",
  who,
  errors,
  request: { params },
  responses: {
    200: json(z.object({ member: StaffBody, one_time_password: z.string().nullable() }).openapi("ApprovedStaffRequest"), "Done"),
  },
});

const reject = route({
  method: "post",
  path: "/admin/staff-requests/{requestId}/reject",
  operationId: "rejectStaffRequest",
  tags,
  summary: "Say no to it, or take it back",
  who,
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: { params },
  responses: { 200: json(StaffRequestBody, "Rejected") },
});

/** What concerns the university's own accounts has no café. */
const managerOf = (c: HttpContext): Manager => ({ ...actorOf(c), cafeId: null });

export const staffRequestRoutes = (platform: Platform, identity: Pick<Identity, "passwords" | "sessionsEnded">) =>
  router()
    .openapi(list, async (c) => {
      const { status, limit, cursor } = c.req.valid("query");
      const { items, next } = await listProposals(platform.db, staffRequests, { status, limit, after: cursor });
      return c.json({ items: items.map(presentStaffRequest), next_cursor: next }, 200);
    })
    .openapi(approve, async (c) => {
      const password = newOneTimePassword();
      const passwordHash = await identity.passwords.hash(password);
      const { requestId } = c.req.valid("param");
      const done = await platform.db.transaction((tx) => approveStaffRequest(platform, tx, requestId, passwordHash, managerOf(c)));
      identity.sessionsEnded(done.endedSessionIds);
      return c.json({ member: presentStaff(done.member), one_time_password: done.hasOneTimePassword ? password : null }, 200);
    })
    .openapi(reject, async (c) => {
      const rejected = await platform.db.transaction((tx) => rejectProposal(tx, staffRequests, c.req.valid("param").requestId, actorOf(c)));
      return c.json(presentStaffRequest(rejected), 200);
    });
