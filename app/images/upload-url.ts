import { createHmac, timingSafeEqual } from "node:crypto";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { keyFor } from "../platform/seal.ts";

/** An address of ours that takes one upload for a while, without a login: the signature is the right to it. */
export async function signUploadUrl(platform: Platform, imageId: string, expiresAt: Date): Promise<string> {
  const expires = Math.floor(expiresAt.getTime() / 1000);
  const signature = (await sign(platform, imageId, expires)).toString("base64url");
  return `${platform.config.PUBLIC_URL}/api/v1/uploads/${imageId}?expires=${expires}&signature=${signature}`;
}

export async function checkUploadUrl(platform: Platform, imageId: string, expires: number, signature: string): Promise<void> {
  const expected = await sign(platform, imageId, expires);
  const given = Buffer.from(signature, "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new CodedError("INVALID_SIGNATURE", "This upload address is not one of ours: ask for a new one.");
  if (expires * 1000 <= Date.now()) throw new CodedError("INVALID_SIGNATURE", "This upload address has expired: ask for a new one.");
}

const sign = async ({ secrets }: Platform, imageId: string, expires: number): Promise<Buffer> =>
  createHmac("sha256", keyFor(await secrets.get("SEAL_KEY"), "uploads"))
    .update(`${imageId}\n${expires}`)
    .digest();
