import { randomUUID } from "node:crypto";
import type { App, Credential } from "firebase-admin/app";
import type { Message } from "firebase-admin/messaging";
import type { Breaker } from "../../platform/breaker.ts";
import { withDeadline } from "../../platform/with-deadline.ts";
import { createFcmAgent } from "../fcm-agent.ts";
import type { Push, PushAnswer, PushSender } from "./push-sender.ts";

export interface FcmOptions {
  readonly projectId: string;
  /** The service account, asked for at each push so that a rotation needs no restart. */
  readonly account: () => Promise<string>;
  readonly credentialOf: (account: string) => Promise<Credential>;
  readonly standIn?: { readonly host: string; readonly port: number };
  readonly breaker: Breaker;
  readonly deadlineMs: number;
}

/** Sends through firebase-admin, which is loaded at the first push: 25 MB that an API process never needs. */
export function createFcmSender(options: FcmOptions): PushSender {
  let opened: { readonly account: string; readonly app: Promise<App> } | undefined;

  const appOf = async (): Promise<App> => {
    const account = await options.account();
    if (opened && opened.account === account) return opened.app;
    const before = opened;
    opened = { account, app: openApp(options, account) };
    before?.app.then(closeApp).catch(() => undefined);
    return opened.app;
  };

  const ask = async (push: Push): Promise<PushAnswer> => {
    const [app, { getMessaging }] = await Promise.all([appOf(), import("firebase-admin/messaging")]);
    try {
      await getMessaging(app).send(asMessage(push, Date.now()));
      return "accepted";
    } catch (error) {
      const answer = answerOf(error);
      if (answer) return answer;
      throw error;
    }
  };

  // The agent's deadline is that of one exchange with FCM. Google's token is fetched past the agent, and a 503 is repeated.
  return { send: (push) => options.breaker.run(() => withDeadline(options.deadlineMs, "FCM", ask(push))) };
}

async function openApp({ projectId, credentialOf, deadlineMs, standIn }: FcmOptions, account: string): Promise<App> {
  const { initializeApp } = await import("firebase-admin/app");
  const httpAgent = createFcmAgent({ deadlineMs, ...(standIn === undefined ? {} : { standIn }) });
  return initializeApp({ projectId, credential: await credentialOf(account), httpAgent }, `push-${randomUUID()}`);
}

async function closeApp(app: App): Promise<void> {
  const { deleteApp } = await import("firebase-admin/app");
  await deleteApp(app);
}

const refusals = new Set(["messaging/invalid-argument", "messaging/invalid-registration-token", "messaging/mismatched-credential"]);

/** Only UNREGISTERED says that the token is gone; what FCM cannot read or may not deliver would be refused again. */
function answerOf(error: unknown): PushAnswer | undefined {
  const { code } = error as { code?: string };
  if (code === "messaging/registration-token-not-registered") return "unregistered";
  return code !== undefined && refusals.has(code) ? "refused" : undefined;
}

/** High priority and visible on every platform, and gone when it is of no use any more. */
export function asMessage({ token, title, body, data, lifeMs, tag }: Push, nowMs: number): Message {
  return {
    token,
    notification: { title, body },
    data: { ...data },
    android: { priority: "high", ttl: lifeMs, collapseKey: tag, notification: { tag, priority: "max", defaultSound: true } },
    apns: {
      headers: {
        "apns-push-type": "alert",
        "apns-priority": "10",
        "apns-expiration": String(Math.floor((nowMs + lifeMs) / 1000)),
        "apns-collapse-id": tag,
      },
      payload: { aps: { sound: "default", "interruption-level": "time-sensitive" } },
    },
    webpush: {
      headers: { TTL: String(Math.floor(lifeMs / 1000)), Urgency: "high" },
      notification: { title, body, tag, requireInteraction: true },
    },
  };
}
