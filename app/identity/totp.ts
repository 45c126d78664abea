import { Secret, TOTP } from "otpauth";

// What every authenticator app assumes where it is not told otherwise (RFC 6238).
const issuer = "Campus Pay";
const stepSeconds = 30;
// A phone's clock may be one step off.
const window = 1;

export const newTotpSecret = (): string => new Secret({ size: 20 }).base32;

/** The same secret from the same bytes: for the demo campus. */
export const totpSecretOf = (bytes: Buffer): string => new Secret({ buffer: new Uint8Array(bytes.subarray(0, 20)).buffer }).base32;

const totpOf = (secret: string, username: string): TOTP =>
  new TOTP({ issuer, label: username, secret: Secret.fromBase32(secret), period: stepSeconds });

/** What the QR code says that an authenticator app scans. */
export const totpUri = (secret: string, username: string): string => totpOf(secret, username).toString();

/** The time step to which this code belongs; undefined for a wrong one. The caller sees that a step opens once. */
export function stepOfCode(secret: string, code: string, nowMs = Date.now()): number | undefined {
  const delta = totpOf(secret, "").validate({ token: code, window, timestamp: nowMs });
  return delta === null ? undefined : Math.floor(nowMs / 1000 / stepSeconds) + delta;
}

export const codeNow = (secret: string, nowMs = Date.now()): string => totpOf(secret, "").generate({ timestamp: nowMs });
