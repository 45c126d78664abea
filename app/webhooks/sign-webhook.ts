import { createHmac, randomBytes } from "node:crypto";

/** What webhook secrets are sealed for. */
export const webhookSealPurpose = "webhook-secret";

export const newWebhookSecret = (): string => `whsec_${randomBytes(32).toString("base64url")}`;

/** The headers of one try: the time is signed too, so that a copy that was overheard is of no use later. */
export function signedHeaders(secret: string, eventId: string, body: string, nowMs: number): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  return {
    "Content-Type": "application/json",
    "User-Agent": "Campus-Pay-Webhooks/1",
    "Campus-Pay-Event-Id": eventId,
    "Campus-Pay-Timestamp": timestamp,
    "Campus-Pay-Signature": `v1=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`,
  };
}
