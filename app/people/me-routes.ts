import { z } from "@hono/zod-openapi";
import { otpField } from "../identity/field-schemas.ts";
import { student, studentOf } from "../identity/guards.ts";
import type { Identity } from "../identity/identity.ts";
import type { Platform } from "../platform/context.ts";
import { json, required, route, router } from "../platform/http/router.ts";
import { eraseMyself } from "./erase-myself.ts";
import { exportPerson, type PersonExport } from "./export-person.ts";

const rows = z.array(z.record(z.string(), z.unknown()));

const ExportBody = z
  .object({
    profile: z.record(z.string(), z.unknown()),
    wallet: z.record(z.string(), z.unknown()).nullable(),
    statement: rows,
    orders: rows,
    charges: rows,
    receipts: rows,
    refunds: rows,
    refund_proposals: rows,
    top_ups: rows,
    gift_links: rows,
    saved_method: z.record(z.string(), z.unknown()).nullable(),
    adjustments: rows,
    cards: rows,
    confirm_keys: rows,
    push_tokens: rows,
    sessions: rows,
    one_time_passwords: rows,
    notifications: rows,
    kept_by_cafes: rows,
    audit: rows,
  })
  .openapi("PersonExport");

const get = route({
  method: "get",
  path: "/users/me/export",
  operationId: "exportMyData",
  tags: ["me"],
  summary: "Everything that is kept about the student, as of one moment",
  who: student(),
  responses: { 200: json(ExportBody, "All of it") },
});

const erase = route({
  method: "delete",
  path: "/users/me",
  operationId: "eraseMyself",
  tags: ["me"],
  summary: "Remove the person for good and keep the books; refused while money, a payment or an order waits",
  description:
    "`otp` is a fresh one-time password of the student's own phone (POST /auth/request-otp): a stolen token alone erases nobody.",
  who: student(),
  errors: ["INVALID_OTP", "NOT_FOUND", "CONFLICT", "READ_ONLY_REGION"],
  request: { body: required(z.strictObject({ otp: otpField })) },
  responses: { 204: { description: "Erased; this was the last answer to this token" } },
});

export const meRoutes = (platform: Platform, identity: Pick<Identity, "sessionsEnded">) =>
  router()
    .openapi(get, async (c) => {
      c.header("Content-Disposition", 'attachment; filename="campus-pay.json"');
      return c.json(presentExport(await exportPerson(platform.db, studentOf(c).id)), 200);
    })
    .openapi(erase, async (c) => {
      const input = { studentId: studentOf(c).id, otp: c.req.valid("json").otp, requestId: c.var.requestId };
      identity.sessionsEnded(await eraseMyself(platform, input));
      return c.body(null, 204);
    });

// The verb writes out each field in its statement: nothing can slip in here.
const presentExport = (held: PersonExport) => held as z.infer<typeof ExportBody>;
