import { z } from "@hono/zod-openapi";
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "@simplewebauthn/server";
import type { Platform } from "../platform/context.ts";
import { everyone, json, required, route, router } from "../platform/http/router.ts";
import { staffRoles } from "./access-token.ts";
import { proofErrors, proofFields, proofOf } from "./factor-routes.ts";
import { nameField } from "./field-schemas.ts";
import { staff, staffOf } from "./guards.ts";
import type { Identity } from "./identity.ts";
import { openStaffSession, proveStaff, proveStaffBy } from "./log-in-staff.ts";
import { originOf } from "./origin.ts";
import { addPasskey, beginPasskey, beginPasskeyLogin, listPasskeys, type Passkey, provePasskey, removePasskey } from "./passkeys.ts";
import { answerStaff, CookieSession, StaffTokens, sessionHeader } from "./session-schemas.ts";

const tags = ["auth"];
const PasskeyBody = z
  .object({ id: z.uuid(), name: z.string(), created_at: z.iso.datetime(), last_used_at: z.iso.datetime().nullable() })
  .openapi("Passkey");
const WebAuthnOptions = z
  .object({ challenge_id: z.uuid(), options: z.record(z.string(), z.unknown()) })
  .openapi("WebAuthnOptions", { description: "`options` go to the browser's PublicKeyCredential.parse…FromJSON() as they are." });
const base64url = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[\w-]+=*$/, "must be base64url");
const extensions = z.record(z.string(), z.unknown());

const Attestation = z.object({
  id: base64url,
  rawId: base64url,
  type: z.literal("public-key"),
  authenticatorAttachment: z.enum(["platform", "cross-platform"]).optional(),
  clientExtensionResults: extensions.default({}),
  response: z.object({
    clientDataJSON: base64url,
    // We ask for no attestation, so it is the key and a few hundred bytes.
    attestationObject: base64url,
    transports: z.array(z.string().max(20)).max(8).optional(),
  }),
});

const passkeyErrors = ["METHOD_UNAVAILABLE", ...proofErrors] as const;

const beginKey = route({
  method: "post",
  path: "/admin/auth/passkey-options",
  operationId: "beginPasskey",
  tags,
  summary: "What the browser needs to make a passkey (only where the campus has a host name)",
  who: everyone,
  errors: passkeyErrors,
  request: { body: required(z.strictObject(proofFields)) },
  responses: { 200: json(WebAuthnOptions, "For navigator.credentials.create()") },
});

const addKey = route({
  method: "post",
  path: "/admin/auth/passkeys",
  operationId: "addPasskey",
  tags,
  summary: "Keep the passkey that the browser made; an account's first factor brings ten recovery codes, shown this once",
  who: everyone,
  errors: ["METHOD_UNAVAILABLE", "INVALID_CREDENTIALS", "RATE_LIMITED", "NOT_FOUND", "CONFLICT", "READ_ONLY_REGION"],
  request: {
    body: required(
      z.strictObject({
        username: proofFields.username,
        password: proofFields.password,
        challenge_id: z.uuid(),
        name: nameField(60),
        response: Attestation,
      }),
    ),
  },
  responses: {
    201: json(z.object({ passkey: PasskeyBody, recovery_codes: z.array(z.string()).nullable() }).openapi("NewPasskey"), "Kept"),
  },
});

const listKeys = route({
  method: "get",
  path: "/admin/auth/passkeys",
  operationId: "listPasskeys",
  tags,
  summary: "The caller's passkeys",
  who: staff(...staffRoles),
  responses: { 200: json(z.object({ items: z.array(PasskeyBody) }), "Ten at most") },
});

const removeKey = route({
  method: "delete",
  path: "/admin/auth/passkeys/{passkeyId}",
  operationId: "removePasskey",
  tags,
  summary: "Remove a passkey; the last second factor stays",
  who: staff(...staffRoles),
  errors: ["NOT_FOUND", "CONFLICT", "READ_ONLY_REGION"],
  request: { params: z.object({ passkeyId: z.uuid() }) },
  responses: { 204: { description: "Removed" } },
});

const passkeyOptions = route({
  method: "post",
  path: "/admin/auth/passkey-login/options",
  operationId: "beginPasskeyLogin",
  tags: ["auth"],
  summary: "What the browser needs to log in with a passkey; it names nobody",
  who: everyone,
  errors: ["METHOD_UNAVAILABLE"],
  responses: { 200: json(WebAuthnOptions, "For navigator.credentials.get()") },
});

const Assertion = z.object({
  id: base64url,
  rawId: base64url,
  type: z.literal("public-key"),
  authenticatorAttachment: z.enum(["platform", "cross-platform"]).optional(),
  clientExtensionResults: z.record(z.string(), z.unknown()).default({}),
  response: z.object({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    userHandle: base64url.optional(),
  }),
});

const passkeyLogin = route({
  method: "post",
  path: "/admin/auth/passkey-login",
  operationId: "logInWithPasskey",
  tags: ["auth"],
  summary: "Log in as staff with a passkey alone",
  who: everyone,
  errors: ["METHOD_UNAVAILABLE", "INVALID_CREDENTIALS", "NOT_FOUND", "CONFLICT"],
  request: { headers: sessionHeader, body: required(z.strictObject({ challenge_id: z.uuid(), response: Assertion })) },
  responses: { 200: json(z.union([StaffTokens, CookieSession]), "Logged in") },
});

export const passkeyRoutes = (platform: Platform, identity: Identity) =>
  router()
    .openapi(passkeyOptions, async (c) => {
      const { challengeId, options } = await beginPasskeyLogin(platform);
      return c.json({ challenge_id: challengeId, options }, 200);
    })
    .openapi(passkeyLogin, async (c) => {
      const { challenge_id, response } = c.req.valid("json");
      const member = await provePasskey(platform, challenge_id, response as AuthenticationResponseJSON);
      const session = await openStaffSession(platform, member, "passkey", { origin: await originOf(c), requestId: c.var.requestId });
      return c.json(await answerStaff(c, platform, identity, session, c.req.valid("header")["x-session"]), 200);
    })
    .openapi(beginKey, async (c) => {
      const { staff: member } = await proveStaff(platform, identity, await proofOf(c, c.req.valid("json")), "change");
      const { challengeId, options } = await beginPasskey(platform, member);
      return c.json({ challenge_id: challengeId, options }, 200);
    })
    .openapi(addKey, async (c) => {
      const { challenge_id, name, response, ...known } = c.req.valid("json");
      const added = await proveStaffBy(platform, identity, await proofOf(c, known), (member) =>
        addPasskey(platform, member.id, {
          challengeId: challenge_id,
          name,
          response: response as RegistrationResponseJSON,
          requestId: c.var.requestId,
        }),
      );
      return c.json(
        { passkey: presentPasskey(added.passkey), recovery_codes: added.recoveryCodes === null ? null : [...added.recoveryCodes] },
        201,
      );
    })
    .openapi(listKeys, async (c) => c.json({ items: (await listPasskeys(platform.db, staffOf(c).id)).map(presentPasskey) }, 200))
    .openapi(removeKey, async (c) => {
      await removePasskey(platform, identity, staffOf(c), c.req.valid("param").passkeyId, c.var.requestId);
      return c.body(null, 204);
    });

const presentPasskey = ({ id, name, createdAt, lastUsedAt }: Passkey): z.infer<typeof PasskeyBody> => ({
  id,
  name,
  created_at: createdAt.toISOString(),
  last_used_at: lastUsedAt?.toISOString() ?? null,
});
