import { createHmac, timingSafeEqual } from "node:crypto";
import type { Platform } from "../platform/context.ts";
import { keyFor } from "../platform/seal.ts";

/** The token that a cookie session must repeat in a header: a keyed hash of its session, so nothing is stored. */
export async function csrfTokenOf({ secrets }: Pick<Platform, "secrets">, sessionId: string): Promise<string> {
  const key = keyFor(await secrets.get("SEAL_KEY"), "csrf");
  return createHmac("sha256", key).update(sessionId).digest("base64url");
}

export async function csrfTokenMatches(
  platform: Pick<Platform, "secrets">,
  sessionId: string,
  given: string | undefined,
): Promise<boolean> {
  const expected = Buffer.from(await csrfTokenOf(platform, sessionId));
  const actual = Buffer.from(given ?? "");
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
