import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/** Encrypts a short text that must pass through a table (AES-256-GCM). `purpose` gives each use its own key. */
export function seal(secret: string, purpose: string, text: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", keyFor(secret, purpose), nonce);
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64url");
}

export function unseal(secret: string, purpose: string, sealed: string): string {
  const bytes = Buffer.from(sealed, "base64url");
  const decipher = createDecipheriv("aes-256-gcm", keyFor(secret, purpose), bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
}

const derivedKeys = new Map<string, Buffer>();

/** One key of a secret for each purpose, so that what leaks in one place opens nothing in another. Each is derived once: a scan needs one. */
export function keyFor(secret: string, purpose: string): Buffer {
  const name = `${purpose}\n${secret}`;
  const key = derivedKeys.get(name) ?? Buffer.from(hkdfSync("sha256", secret, "campus-pay", purpose, 32));
  derivedKeys.set(name, key);
  return key;
}
