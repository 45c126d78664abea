import type { Credential, ServiceAccount } from "firebase-admin/app";
import { createBreaker } from "../../platform/breaker.ts";
import type { Platform } from "../../platform/context.ts";
import { createFcmSender } from "./fcm.ts";
import type { PushSender } from "./push-sender.ts";

/** The SDK would wait 15 s and then try again; a request at the counter lives for 60 s. */
const deadlineMs = 3_000;
const breakerFailures = 5;
const breakerRestMs = 5_000;
const standInProject = "campus-pay-sandbox";

/** FCM with the service account, the stand-in in the sandbox, or undefined: then nothing is pushed. */
export function openPushSender(platform: Platform): PushSender | undefined {
  const { config, secrets, log } = platform;
  const breaker = createBreaker({
    name: "FCM",
    failures: breakerFailures,
    restMs: breakerRestMs,
    onChange: (isOpen) =>
      log.warn({ is_open: isOpen }, isOpen ? "FCM does not take pushes; it is left alone for a moment" : "FCM takes pushes again"),
  });
  if (config.FCM_PROJECT_ID !== undefined && secrets.has("FCM_SERVICE_ACCOUNT")) {
    const account = () => secrets.get("FCM_SERVICE_ACCOUNT");
    return createFcmSender({ projectId: config.FCM_PROJECT_ID, account, credentialOf: googleCredential, breaker, deadlineMs });
  }
  if (config.CAMPUS_ENV !== "sandbox") return undefined;
  const { hostname, port } = new URL(config.SANDBOX_URL);
  return createFcmSender({
    projectId: standInProject,
    account: async () => "stand-in",
    credentialOf: async () => standInCredential,
    standIn: { host: hostname, port: Number(port || 80) },
    breaker,
    deadlineMs,
  });
}

const googleCredential = async (account: string): Promise<Credential> => {
  const { cert } = await import("firebase-admin/app");
  return cert(JSON.parse(account) as ServiceAccount);
};

const standInCredential: Credential = { getAccessToken: async () => ({ access_token: "sandbox", expires_in: 3_600 }) };
