import { createPublicKey, verify } from "node:crypto";

/** True where `signature` (base64url of raw r‖s, P-256) over the digest's text was made by the key (SPKI). */
export function signatureFits(digest: string, signature: string, publicKey: Buffer): boolean {
  const raw = Buffer.from(signature, "base64url");
  if (raw.length !== 64) return false;
  const key = createPublicKey({ key: publicKey, format: "der", type: "spki" });
  return verify("sha256", Buffer.from(digest, "utf8"), { key, dsaEncoding: "ieee-p1363" }, raw);
}
