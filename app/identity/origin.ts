import { createHmac } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";
import type { HttpContext } from "../platform/http/router.ts";
import { keyFor } from "../platform/seal.ts";

/** Where a request came from, as far as it may be kept: enough for its owner to recognize, too little to find a person by. */
export interface Origin {
  /** "192.0.2.x" or "2001:db8:1:x". */
  readonly network: string;
  /** A keyed hash of the whole address: two lines of the trail are of one address or not. */
  readonly addressHash: string;
  /** "Firefox on Android". */
  readonly browser: string;
}

export async function originOf(c: HttpContext): Promise<Origin> {
  const { platform, remoteAddress } = c.var;
  const key = keyFor(await platform.secrets.get("SEAL_KEY"), "address");
  return {
    network: networkOf(remoteAddress),
    addressHash: createHmac("sha256", key).update(remoteAddress).digest("base64url").slice(0, 16),
    browser: browserOf(c.req.header("user-agent") ?? ""),
  };
}

export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:/i, "");
  if (isIPv4(plain)) return `${plain.split(".").slice(0, 3).join(".")}.x`;
  if (!isIPv6(plain)) return "unknown";
  const [head = ""] = plain.split("::");
  return `${head.split(":").slice(0, 3).join(":")}:x`;
}

const browsers: readonly (readonly [RegExp, string])[] = [
  [/Edg\//, "Edge"],
  [/Firefox\//, "Firefox"],
  [/SamsungBrowser\//, "Samsung Internet"],
  [/Chrome\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const systems: readonly (readonly [RegExp, string])[] = [
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/Linux/, "Linux"],
];

/** Words of ours and nothing of what the client wrote, so the list of sessions shows no text of a stranger. */
export function browserOf(userAgent: string): string {
  const find = (known: readonly (readonly [RegExp, string])[]) => known.find(([pattern]) => pattern.test(userAgent))?.[1];
  const [browser, system] = [find(browsers), find(systems)];
  return browser && system ? `${browser} on ${system}` : (browser ?? system ?? "another program");
}
