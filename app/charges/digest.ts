import { createHash, createPublicKey, verify } from "node:crypto";

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

/** base64url(SHA-256) of the fields joined by line feeds, the time in whole milliseconds. The database makes the same one (digest_of). */
export function digestOf(agreement: Agreement): string {
  const { digestVersion, chargeId, orderId, orderVersion, cafeId, deviceId, amountMinor, currency, nonce, expiresAtMs } = agreement;
  const text = [digestVersion, chargeId, orderId, orderVersion, cafeId, deviceId, amountMinor, currency, nonce, expiresAtMs].join("\n");
  return createHash("sha256").update(text).digest("base64url");
}

/** True where `signature` (base64url of raw r‖s, P-256) over the digest's text was made by the key (SPKI). */
export function signatureFits(digest: string, signature: string, publicKey: Buffer): boolean {
  const raw = Buffer.from(signature, "base64url");
  if (raw.length !== 64) return false;
  const key = createPublicKey({ key: publicKey, format: "der", type: "spki" });
  return verify("sha256", Buffer.from(digest, "utf8"), { key, dsaEncoding: "ieee-p1363" }, raw);
}
