import { z } from "@hono/zod-openapi";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { json, listOf, required, route, router } from "../platform/http/router.ts";
import { languages } from "../platform/languages.ts";
import { nameField, otpField, phoneField } from "./field-schemas.ts";
import { holderOfRequest, signedIn, student, studentOf } from "./guards.ts";
import { type ConfirmKey, listConfirmKeys } from "./list-confirm-keys.ts";
import { changeProfile, type Profile, readProfile } from "./profile.ts";
import { registerPushToken, removePushToken } from "./push-tokens.ts";
import { registerConfirmKey } from "./register-confirm-key.ts";
import { removeConfirmKey } from "./remove-confirm-key.ts";

const language = z.enum(languages);
const switches = { orders: z.boolean(), payments: z.boolean() };

const ProfileBody = z
  .object({
    id: z.uuid(),
    phone: phoneField,
    name: z.string().nullable(),
    language,
    notifications: z.object(switches),
    requires_signature: z.boolean(),
    created_at: z.iso.datetime(),
  })
  .openapi("Profile");

const ConfirmKeyBody = z.object({ id: z.uuid(), public_key: z.string(), created_at: z.iso.datetime() }).openapi("ConfirmKey");

const base64url = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .regex(/^[\w-]+$/, "must be base64url without padding");

const pushToken = z.string().regex(/^[\x21-\x7e]{8,4096}$/, "must be 8 to 4096 visible ASCII characters");
const PushTokenBody = z.object({ platform: z.enum(["android", "ios", "web"]), is_active: z.literal(true) }).openapi("PushToken");

const getProfile = route({
  method: "get",
  path: "/users/me",
  operationId: "getProfile",
  tags: ["me"],
  summary: "The own profile",
  who: student(),
  responses: { 200: json(ProfileBody, "The profile") },
});

const putProfile = route({
  method: "put",
  path: "/users/me",
  operationId: "changeProfile",
  tags: ["me"],
  summary: "Replace name, language and notification switches",
  who: student(),
  request: { body: required(z.strictObject({ name: nameField(100).nullable(), language, notifications: z.strictObject(switches) })) },
  responses: { 200: json(ProfileBody, "The profile as it is now") },
});

const postPushToken = route({
  method: "post",
  path: "/users/device-token",
  operationId: "registerPushToken",
  tags: ["me"],
  summary: "Send notifications to this installation of the app; the token moves to its newest owner",
  who: signedIn(),
  idempotency: "optional",
  request: { body: required(z.strictObject({ token: pushToken, platform: z.enum(["android", "ios", "web"]) })) },
  responses: { 201: json(PushTokenBody, "Registered") },
});

const BrowserPushes = z
  .object({
    web_app: z
      .object({ api_key: z.string(), project_id: z.string(), app_id: z.string(), messaging_sender_id: z.string(), vapid_key: z.string() })
      .nullable(),
  })
  .openapi("BrowserPushes");

const getBrowserPushes = route({
  method: "get",
  path: "/users/device-token/browser",
  operationId: "getBrowserPushes",
  tags: ["me"],
  summary: "What a browser needs to ask Firebase for a push token",
  who: signedIn(),
  responses: { 200: json(BrowserPushes, "The Firebase web app of this campus, nothing of it secret; null where browsers get no pushes") },
});

const deletePushToken = route({
  method: "delete",
  path: "/users/device-token",
  operationId: "removePushToken",
  tags: ["me"],
  summary: "Send no more notifications to this installation of the app",
  who: signedIn(),
  request: { body: required(z.strictObject({ token: pushToken })) },
  responses: { 204: { description: "It gets none, whether or not it was registered" } },
});

const getConfirmKeys = route({
  method: "get",
  path: "/users/confirm-keys",
  operationId: "listConfirmKeys",
  tags: ["me"],
  summary: "The keys that may sign this student's payments",
  who: student(),
  responses: { 200: json(listOf(ConfirmKeyBody), "All of them, five at most") },
});

const postConfirmKey = route({
  method: "post",
  path: "/users/confirm-keys",
  operationId: "registerConfirmKey",
  tags: ["me"],
  summary: "Register this phone's key; from the first one on every payment must be signed",
  description:
    "`proof` is the ES256 signature (raw r‖s, base64url) over the lines `campuspay.v1`, `confirm-key`, the student's id and `public_key`, " +
    "joined by a line feed. `otp` is a code of POST /users/me/step-up for this key; the first key within ten minutes of the log-in needs none. " +
    "The key is its own idempotency key: the same one again is the same registration.",
  who: student(),
  errors: ["INVALID_OTP", "INVALID_SIGNATURE", "CONFLICT"],
  request: {
    body: required(
      z.strictObject({
        public_key: base64url(200).openapi({
          description: "The DER bytes of the SubjectPublicKeyInfo of a P-256 public key, as base64url without padding.",
          example:
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D7gS2XpJFbZiItSs3m9-9Ue6GnvHw_GW2ZZaVtszggXIw",
        }),
        proof: base64url(200),
        otp: otpField.optional(),
      }),
    ),
  },
  responses: { 201: json(ConfirmKeyBody, "Registered") },
});

const deleteConfirmKey = route({
  method: "delete",
  path: "/users/confirm-keys/{keyId}",
  operationId: "removeConfirmKey",
  tags: ["me"],
  summary: "Remove a key; payments must be signed all the same",
  who: student(),
  errors: ["NOT_FOUND"],
  request: { params: z.object({ keyId: z.uuid() }) },
  responses: { 204: { description: "Removed" } },
});

export const profileRoutes = (platform: Platform) =>
  router()
    .openapi(getProfile, async (c) => c.json(presentProfile(await readProfile(platform.db, studentOf(c).id)), 200))
    .openapi(putProfile, async (c) => {
      const { name, language, notifications } = c.req.valid("json");
      const change = { name, language, notifyOrders: notifications.orders, notifyPayments: notifications.payments };
      return c.json(presentProfile(await changeProfile(platform.db, studentOf(c).id, change)), 200);
    })
    .openapi(postPushToken, async (c) => {
      const { token, platform: kind } = c.req.valid("json");
      return once(c, "a day", async (tx) => {
        await registerPushToken(tx, holderOfRequest(c), token, kind);
        return { status: 201, body: { platform: kind, is_active: true as const } };
      });
    })
    .openapi(getBrowserPushes, (c) => c.json(presentBrowserPushes(platform.config.FCM_WEB_APP), 200))
    .openapi(deletePushToken, async (c) => {
      await removePushToken(platform.db, holderOfRequest(c), c.req.valid("json").token);
      return c.body(null, 204);
    })
    .openapi(getConfirmKeys, async (c) => {
      const keys = await listConfirmKeys(platform.db, studentOf(c).id);
      return c.json({ items: keys.map(presentConfirmKey), next_cursor: null, total: keys.length }, 200);
    })
    .openapi(postConfirmKey, async (c) => {
      const { public_key: publicKey, proof, otp } = c.req.valid("json");
      const { id: studentId, sessionId } = studentOf(c);
      const input = { studentId, sessionId, publicKey, proof, otp, requestId: c.var.requestId };
      return c.json(presentConfirmKey(await registerConfirmKey(platform, input)), 201);
    })
    .openapi(deleteConfirmKey, async (c) => {
      await removeConfirmKey(platform, { studentId: studentOf(c).id, keyId: c.req.valid("param").keyId, requestId: c.var.requestId });
      return c.body(null, 204);
    });

const presentProfile = (profile: Profile): z.infer<typeof ProfileBody> => ({
  id: profile.id,
  phone: profile.phone,
  name: profile.name,
  language: profile.language,
  notifications: { orders: profile.notifyOrders, payments: profile.notifyPayments },
  requires_signature: profile.requiresSignature,
  created_at: profile.createdAt.toISOString(),
});

const presentBrowserPushes = (app: Platform["config"]["FCM_WEB_APP"]): z.infer<typeof BrowserPushes> => ({
  web_app: app
    ? {
        api_key: app.apiKey,
        project_id: app.projectId,
        app_id: app.appId,
        messaging_sender_id: app.messagingSenderId,
        vapid_key: app.vapidKey,
      }
    : null,
});

const presentConfirmKey = (key: ConfirmKey): z.infer<typeof ConfirmKeyBody> => ({
  id: key.id,
  public_key: key.publicKey.toString("base64url"),
  created_at: key.createdAt.toISOString(),
});
