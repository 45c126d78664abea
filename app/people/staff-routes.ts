import { z } from "@hono/zod-openapi";
import { type StaffRole, staffRoles } from "../identity/access-token.ts";
import { proofFields, proofOf } from "../identity/factor-routes.ts";
import { cafeQuery, nameField, newPasswordField, usernamePattern } from "../identity/field-schemas.ts";
import { actorOf, ownCafeOf, staff, staffOf } from "../identity/guards.ts";
import type { Identity } from "../identity/identity.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { everyone, type HttpContext, json, listOf, listQuery, required, route, router, validationError } from "../platform/http/router.ts";
import { addStaff } from "./add-staff.ts";
import { type ChangedStaff, changeStaff } from "./change-staff.ts";
import { choosePassword } from "./choose-password.ts";
import { guardOwner } from "./guard-owner.ts";
import { newOneTimePassword } from "./one-time-password.ts";
import { resetPassword } from "./reset-password.ts";
import { isOfUniversity, listStaff, lockStaff, type Manager, type StaffMember } from "./staff-member.ts";
import { requestStaff } from "./staff-request.ts";
import { presentStaff, presentStaffRequest, StaffBody, StaffRequestBody, StaffWithPassword } from "./staff-schemas.ts";

const params = z.object({ staffId: z.uuid() });
const who = staff("owner", "admin");
const tags = ["staff"];
const role = z.enum(staffRoles);
const username = z.string().regex(usernamePattern, "must be 3 to 50 of a-z, 0-9, dot, underscore and hyphen");
const asked = "An account of finance or admin: a second person does it with POST /admin/staff-requests/{id}/approve";

const list = route({
  method: "get",
  path: "/admin/staff",
  operationId: "listStaff",
  tags,
  summary: "The café's staff, newest first; for an admin everybody, or those of `cafe_id`",
  who,
  request: { query: listQuery.extend({ role: role.optional(), ...cafeQuery.shape }) },
  responses: { 200: json(listOf(StaffBody), "A page of them") },
});

const add = route({
  method: "post",
  path: "/admin/staff",
  operationId: "addStaff",
  tags,
  summary: "Add a member of staff. The one-time password is shown this once, so there is no Idempotency-Key: the username is the key",
  description: "An owner adds to the own café; an admin names the café of an owner, cashier, kitchen or delivery with `cafe_id`.",
  who,
  errors: ["NOT_FOUND", "CONFLICT", "READ_ONLY_REGION"],
  request: { query: cafeQuery, body: required(z.strictObject({ username, name: nameField(100), role })) },
  responses: { 201: json(StaffWithPassword, "Added"), 202: json(StaffRequestBody, asked) },
});

const change = route({
  method: "patch",
  path: "/admin/staff/{staffId}",
  operationId: "changeStaff",
  tags,
  summary: "Change name or role, deactivate or reactivate; another role and a deactivation end the sessions at once",
  who,
  errors: ["NOT_FOUND", "CONFLICT", "READ_ONLY_REGION"],
  request: {
    params,
    body: required(z.strictObject({ name: nameField(100).optional(), role: role.optional(), is_active: z.boolean().optional() })),
  },
  responses: { 200: json(StaffBody, "The member of staff as it is now"), 202: json(StaffRequestBody, asked) },
});

const reset = route({
  method: "post",
  path: "/admin/staff/{staffId}/reset-password",
  operationId: "resetStaffPassword",
  tags,
  summary: "Give a member of staff a one-time password, shown this once (so there is no Idempotency-Key); sessions end",
  who,
  errors: ["NOT_FOUND", "READ_ONLY_REGION"],
  request: { params },
  responses: { 200: json(StaffWithPassword, "With the one-time password"), 202: json(StaffRequestBody, asked) },
});

const choose = route({
  method: "post",
  path: "/admin/auth/password",
  operationId: "chooseStaffPassword",
  tags: ["auth"],
  summary: "Put an own password in the place of the present or one-time one; sessions end",
  who: everyone,
  errors: ["INVALID_CREDENTIALS", "SECOND_FACTOR_REQUIRED", "RATE_LIMITED", "READ_ONLY_REGION"],
  request: { body: required(z.strictObject({ ...proofFields, new_password: newPasswordField })) },
  responses: { 204: { description: "Changed: log in with it" } },
});

export const staffRoutes = (platform: Platform, identity: Pick<Identity, "passwords" | "sessionsEnded">) => {
  const { db } = platform;
  const afterwards = ({ member, endedSessionIds }: ChangedStaff): StaffMember => {
    identity.sessionsEnded(endedSessionIds);
    return member;
  };
  return router()
    .openapi(list, async (c) => {
      const query = c.req.valid("query");
      const cafeId = ownCafeOf(c, query.cafe_id) ?? null;
      const { items, next } = await listStaff(db, { cafeId, role: query.role, limit: query.limit, after: query.cursor });
      return c.json({ items: items.map(presentStaff), next_cursor: next }, 200);
    })
    .openapi(add, async (c) => {
      const input = c.req.valid("json");
      const cafeId = cafeOfNew(c, input.role, c.req.valid("query").cafe_id);
      if (isOfUniversity(input.role))
        return c.json(presentStaffRequest(await db.transaction((tx) => requestStaff(tx, { kind: "add", ...input }, managerOf(c)))), 202);
      const password = newOneTimePassword();
      const passwordHash = await identity.passwords.hash(password);
      const member = await db.transaction((tx) =>
        addStaff(tx, { ...input, cafeId, passwordHash, passwordHours: platform.config.ONE_TIME_PASSWORD_HOURS }, managerOf(c)),
      );
      return c.json({ ...presentStaff(member), one_time_password: password }, 201);
    })
    .openapi(change, async (c) => {
      const { name, role: wanted, is_active } = c.req.valid("json");
      const { staffId } = c.req.valid("param");
      const manager = managerOf(c);
      const outcome = await db.transaction(async (tx) => {
        const before = await lockStaff(tx, staffId, manager);
        if (is_active === false || (wanted !== undefined && wanted !== before.role)) await guardOwner(tx, platform.config, before, manager);
        const isLifted = (wanted !== undefined && wanted !== before.role) || (is_active === true && !before.isActive);
        const needsSecond = isLifted && isOfUniversity(before.role) && staffId !== manager.staffId && isOfUniversity(wanted ?? before.role);
        if (!needsSecond) return changeStaff(tx, staffId, { name, role: wanted, isActive: is_active }, manager);
        return requestStaff(tx, { kind: "change", staffId, role: wanted, isActive: is_active }, manager);
      });
      return "kind" in outcome ? c.json(presentStaffRequest(outcome), 202) : c.json(presentStaff(afterwards(outcome)), 200);
    })
    .openapi(reset, async (c) => {
      const password = newOneTimePassword();
      const passwordHash = await identity.passwords.hash(password);
      const { staffId } = c.req.valid("param");
      const manager = managerOf(c);
      const outcome = await db.transaction(async (tx) => {
        if (staffId === manager.staffId)
          throw new CodedError("INSUFFICIENT_ROLE", "Nobody resets the own password: choose another one with the present one.");
        const member = await lockStaff(tx, staffId, manager);
        await guardOwner(tx, platform.config, member, manager);
        return isOfUniversity(member.role)
          ? requestStaff(tx, { kind: "reset", staffId }, manager)
          : resetPassword(platform, tx, staffId, passwordHash, manager);
      });
      if ("kind" in outcome) return c.json(presentStaffRequest(outcome), 202);
      return c.json({ ...presentStaff(afterwards(outcome)), one_time_password: password }, 200);
    })
    .openapi(choose, async (c) => {
      const { new_password, ...known } = c.req.valid("json");
      await choosePassword(platform, identity, { ...(await proofOf(c, known)), newPassword: new_password });
      return c.body(null, 204);
    });
};

const managerOf = (c: HttpContext): Manager => ({ ...actorOf(c), cafeId: staffOf(c).cafeId });

/** The café that a new member of staff will work in. */
function cafeOfNew(c: HttpContext, wanted: StaffRole, queryCafeId: string | undefined): string | null {
  const own = staffOf(c).cafeId;
  if (own !== null && isOfUniversity(wanted)) throw new CodedError("INSUFFICIENT_ROLE", `An owner makes nobody ${wanted}.`);
  if (isOfUniversity(wanted)) return null;
  const cafeId = ownCafeOf(c, queryCafeId);
  if (cafeId === undefined) throw validationError("query", [{ path: ["cafe_id"], message: `is needed: name the café of the ${wanted}` }]);
  return cafeId;
}
