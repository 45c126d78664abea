import { createHmac } from "node:crypto";
import { keyFor } from "../platform/seal.ts";

/**
 * What a card's number is stored and looked up as; case and separators do not matter. A 4-byte number has 32 bits, so a
 * plain hash is reversed in minutes: only the pepper, which the database never sees, keeps it.
 */
export function cardHash(pepper: string, uid: string): Buffer {
  const digits = uid.replaceAll(/[\s:.-]/g, "").toLowerCase();
  return createHmac("sha256", keyFor(pepper, "card")).update(digits).digest();
}
