import { z } from "@hono/zod-openapi";
import { getCookie } from "hono/cookie";
import type { Platform } from "../platform/context.ts";
import { everyone, type HttpContext, json, required, route, router } from "../platform/http/router.ts";
import { staffRoles } from "./access-token.ts";
import { beginTotp, confirmTotp } from "./enrol-totp.ts";
import { nameField, otpField } from "./field-schemas.ts";
import { staff, staffOf } from "./guards.ts";
import type { Identity } from "./identity.ts";
import { proveStaff, proveStaffBy, type StaffProof } from "./log-in-staff.ts";
import { originOf } from "./origin.ts";
import { readFactors } from "./second-factor.ts";
import { browserCookieName } from "./session-cookies.ts";

/** What proves a member of staff without a session. */
export const proofFields = {
  username: nameField(50),
  password: z.string().min(1).max(200),
  totp: otpField.optional().openapi({ description: "A code of the authenticator app" }),
  recovery_code: z.string().min(8).max(40).optional().openapi({ description: "Instead of it, one of the ten; each opens once" }),
};

export async function proofOf(
  c: HttpContext,
  given: {
    readonly username: string;
    readonly password: string;
    readonly totp?: string | undefined;
    readonly recovery_code?: string | undefined;
  },
): Promise<StaffProof> {
  return {
    username: given.username,
    password: given.password,
    totp: given.totp,
    recoveryCode: given.recovery_code,
    requestId: c.var.requestId,
    origin: await originOf(c),
    browser: getCookie(c, browserCookieName(c.var.platform.config)),
  };
}

export const proofErrors = ["INVALID_CREDENTIALS", "SECOND_FACTOR_REQUIRED", "RATE_LIMITED", "CONFLICT", "READ_ONLY_REGION"] as const;
const tags = ["auth"];
const RecoveryCodes = z.object({ recovery_codes: z.array(z.string()) }).openapi("RecoveryCodes");

const readOwn = route({
  method: "get",
  path: "/admin/auth/factors",
  operationId: "getFactors",
  tags,
  summary: "Which second factors the caller has",
  who: staff(...staffRoles),
  responses: {
    200: json(
      z.object({ has_totp: z.boolean(), passkeys: z.int(), recovery_codes_left: z.int(), is_required: z.boolean() }).openapi("Factors"),
      "The factors",
    ),
  },
});

const begin = route({
  method: "post",
  path: "/admin/auth/totp",
  operationId: "beginTotp",
  tags,
  summary: "A secret for an authenticator app. It counts from its first code on; whoever has a second factor gives it here",
  description:
    "Needs no session: this is also how an account that must have a second factor gets its first one. Counted and locked like a login.",
  who: everyone,
  errors: proofErrors,
  request: { body: required(z.strictObject(proofFields)) },
  responses: { 200: json(z.object({ secret: z.string(), uri: z.string() }).openapi("TotpSecret"), "Show `uri` as a QR code") },
});

const confirm = route({
  method: "post",
  path: "/admin/auth/totp/confirm",
  operationId: "confirmTotp",
  tags,
  summary: "The first code of the new secret: from now on it counts, in the place of the one before. Ten recovery codes, shown this once",
  who: everyone,
  errors: ["INVALID_CREDENTIALS", "RATE_LIMITED", "INVALID_OTP", "NOT_FOUND", "READ_ONLY_REGION"],
  request: { body: required(z.strictObject({ username: proofFields.username, password: proofFields.password, totp: otpField })) },
  responses: { 200: json(RecoveryCodes, "Enrolled") },
});

export const factorRoutes = (platform: Platform, identity: Pick<Identity, "passwords">) =>
  router()
    .openapi(readOwn, async (c) => {
      const { id, role } = staffOf(c);
      const { hasTotp, passkeys, recoveryCodesLeft } = await readFactors(platform.db, id);
      const isRequired = platform.config.STAFF_SECOND_FACTOR === "required" && (role === "admin" || role === "finance");
      return c.json({ has_totp: hasTotp, passkeys, recovery_codes_left: recoveryCodesLeft, is_required: isRequired }, 200);
    })
    .openapi(begin, async (c) => {
      const { staff: member } = await proveStaff(platform, identity, await proofOf(c, c.req.valid("json")), "change");
      return c.json(await beginTotp(platform, { ...member, requestId: c.var.requestId }), 200);
    })
    .openapi(confirm, async (c) => {
      const { totp, ...known } = c.req.valid("json");
      const codes = await proveStaffBy(platform, identity, await proofOf(c, known), (member) =>
        confirmTotp(platform, { ...member, requestId: c.var.requestId }, totp),
      );
      return c.json({ recovery_codes: codes }, 200);
    });
