import { z } from "@hono/zod-openapi";
import type { Platform } from "../platform/context.ts";
import { json, route, router } from "../platform/http/router.ts";
import { staffRoles } from "./access-token.ts";
import { staff, staffOf, student, studentOf } from "./guards.ts";
import type { Identity } from "./identity.ts";
import { disownSession, endOwnSession, listSessions, type OpenSession } from "./list-sessions.ts";

const SessionBody = z
  .object({
    id: z.uuid(),
    is_this: z.boolean().openapi({ description: "The session that asks" }),
    network: z.string().nullable().openapi({ example: "192.0.2.x" }),
    browser: z.string().nullable().openapi({ example: "Firefox on Android" }),
    factor: z.string().nullable().openapi({ description: "sms, password, totp, recovery_code, passkey; may grow" }),
    created_at: z.iso.datetime(),
    last_used_at: z.iso.datetime(),
    ends_at: z.iso.datetime(),
  })
  .openapi("OpenSession");
const Sessions = z.object({ items: z.array(SessionBody) });

const params = z.object({ sessionId: z.uuid() });

const routesFor = <const P extends "/users/me/sessions" | "/admin/auth/sessions">(path: P) => {
  const isStudent = path === "/users/me/sessions";
  const who = isStudent ? student() : staff(...staffRoles);
  const whose = isStudent ? "student" : "staff";
  const named = isStudent ? "Own" : "Staff";
  return {
    list: route({
      method: "get",
      path,
      operationId: `list${named}Sessions`,
      tags: ["auth"],
      summary: `Where this ${whose} is logged in, newest first`,
      who,
      // It names what to end.
      bucket: "stop",
      responses: { 200: json(Sessions, "The open sessions, a hundred at most") },
    }),
    end: route({
      method: "delete",
      path: `${path}/{sessionId}` as const,
      operationId: `end${named}Session`,
      tags: ["auth"],
      summary: "End one of the own sessions at once",
      who,
      bucket: "stop",
      errors: ["NOT_FOUND", "READ_ONLY_REGION"],
      request: { params },
      responses: { 204: { description: "Ended" } },
    }),
    disown: route({
      method: "post",
      path: `${path}/{sessionId}/not-me` as const,
      operationId: `disown${named}Session`,
      tags: ["auth"],
      summary: isStudent
        ? "This log-in was not me: every other session ends, keys registered since then go, and the wallet is frozen"
        : "This log-in was not me: every other session ends; then choose another password",
      who,
      bucket: "stop",
      errors: ["NOT_FOUND", "READ_ONLY_REGION"],
      request: { params },
      responses: { 204: { description: "Done" } },
    }),
  };
};

const ofStudent = routesFor("/users/me/sessions");
const ofStaff = routesFor("/admin/auth/sessions");

export const sessionRoutes = (platform: Platform, identity: Identity) => {
  const { db } = platform;
  return router()
    .openapi(ofStudent.list, async (c) => {
      const me = { kind: "student" as const, ...studentOf(c) };
      return c.json({ items: (await listSessions(db, me)).map((each) => presentSession(each, me.sessionId)) }, 200);
    })
    .openapi(ofStudent.end, async (c) => {
      await endOwnSession(platform, identity, { kind: "student", ...studentOf(c) }, c.req.valid("param").sessionId, c.var.requestId);
      return c.body(null, 204);
    })
    .openapi(ofStudent.disown, async (c) => {
      await disownSession(platform, identity, { kind: "student", ...studentOf(c) }, c.req.valid("param").sessionId, c.var.requestId);
      return c.body(null, 204);
    })
    .openapi(ofStaff.list, async (c) => {
      const me = { kind: "staff" as const, ...staffOf(c) };
      return c.json({ items: (await listSessions(db, me)).map((each) => presentSession(each, me.sessionId)) }, 200);
    })
    .openapi(ofStaff.end, async (c) => {
      await endOwnSession(platform, identity, { kind: "staff", ...staffOf(c) }, c.req.valid("param").sessionId, c.var.requestId);
      return c.body(null, 204);
    })
    .openapi(ofStaff.disown, async (c) => {
      await disownSession(platform, identity, { kind: "staff", ...staffOf(c) }, c.req.valid("param").sessionId, c.var.requestId);
      return c.body(null, 204);
    });
};

const presentSession = (each: OpenSession, own: string): z.infer<typeof SessionBody> => ({
  id: each.id,
  is_this: each.id === own,
  network: each.network,
  browser: each.browser,
  factor: each.factor,
  created_at: each.createdAt.toISOString(),
  last_used_at: each.lastUsedAt.toISOString(),
  ends_at: each.endsAt.toISOString(),
});
