import { createHash, createHmac } from "node:crypto";
import type { Platform } from "../../platform/context.ts";
import { keyFor } from "../../platform/seal.ts";

/** The demo part of .campus/start.json, with its field names. */
export interface Demo {
  readonly students: readonly {
    readonly id: string;
    readonly phone: string;
    readonly card_uid: string | null;
    readonly balance_minor: number;
  }[];
  readonly staff: readonly {
    readonly username: string;
    readonly password: string;
    readonly role: string;
    readonly cafe_id: string | null;
    /** For an authenticator app. The demo lets everybody in without a code too, and checks one that is given. */
    readonly totp_secret: string;
  }[];
  readonly devices: readonly { readonly id: string; readonly key: string; readonly cafe_id: string }[];
  readonly cafes: readonly {
    readonly id: string;
    readonly name: string;
    readonly items: readonly { readonly id: string; readonly price_minor: number }[];
  }[];
}

/** Writes what one feature adds to the demo campus, where it is missing, and returns the demo with it. */
export type DemoPart = (platform: Platform, demo: Demo, secretOf: SecretOf) => Promise<Demo>;

/** A secret that is the same at every start of this installation and unknown elsewhere. */
export type SecretOf = (name: string) => Buffer;

export function secretsOfInstallation(sealKey: string): SecretOf {
  const key = keyFor(sealKey, "demo");
  return (name) => createHmac("sha256", key).update(name).digest();
}

/** An id that follows from the name: the same at every start, everywhere (a UUID of version 8, free-form). */
export function idOf(name: string): string {
  const hex = createHash("sha256").update(`campus-pay demo ${name}`).digest("hex");
  const variant = "89ab"[Number.parseInt(hex.charAt(16), 16) % 4];
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `${variant}${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
}
