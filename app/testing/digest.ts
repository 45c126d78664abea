import { createHash } from "node:crypto";

/** What a student agrees to. Any change of it is another digest, and so another agreement (dynamic linking). */
export interface Agreement {
  readonly digestVersion: number;
  readonly chargeId: string;
  readonly orderId: string;
  readonly orderVersion: number;
  readonly cafeId: string;
  readonly deviceId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly nonce: string;
  readonly expiresAtMs: number;
}

/** base64url(SHA-256) of the fields joined by line feeds, the time in whole milliseconds. As a phone computes it for itself; the product has it from the database (digest_of). */
export function digestOf(agreement: Agreement): string {
  const { digestVersion, chargeId, orderId, orderVersion, cafeId, deviceId, amountMinor, currency, nonce, expiresAtMs } = agreement;
  const text = [digestVersion, chargeId, orderId, orderVersion, cafeId, deviceId, amountMinor, currency, nonce, expiresAtMs].join("\n");
  return createHash("sha256").update(text).digest("base64url");
}
