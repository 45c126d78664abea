import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Platform } from "../platform/context.ts";
import { keyFor } from "../platform/seal.ts";

/**
 * A browser or app in which a name has logged in before carries a sign of it; a student's name is the phone number. What strangers type
 * for that name is counted apart, so that nobody can be kept out by it. The sign opens nothing: the password or code is still needed.
 */
const signOf = async ({ secrets }: Pick<Platform, "secrets">, username: string, browser: string): Promise<Buffer> =>
  createHmac("sha256", keyFor(await secrets.get("SEAL_KEY"), "browser"))
    .update(`${browser}|${username.toLowerCase()}`)
    .digest();

export async function newBrowserSign(platform: Pick<Platform, "secrets">, username: string): Promise<string> {
  const browser = randomBytes(16).toString("base64url");
  return `${browser}.${(await signOf(platform, username, browser)).toString("base64url")}`;
}

/** The browser's id where its sign is for this name. */
export async function knownBrowser(
  platform: Pick<Platform, "secrets">,
  username: string,
  given: string | undefined,
): Promise<string | undefined> {
  const [browser = "", sign = ""] = (given ?? "").split(".");
  if (browser === "") return undefined;
  const [wanted, found] = [await signOf(platform, username, browser), Buffer.from(sign, "base64url")];
  return found.length === wanted.length && timingSafeEqual(found, wanted) ? browser : undefined;
}
