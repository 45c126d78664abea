import { randomUUID, sign, verify } from "node:crypto";
import type { Keyring } from "./keyring.ts";

export const staffRoles = ["owner", "cashier", "kitchen", "delivery", "finance", "admin"] as const;
export type StaffRole = (typeof staffRoles)[number];

/** Who a session belongs to, as its access tokens say it. */
export type Holder =
  | { readonly kind: "student"; readonly id: string; readonly sessionId: string }
  | {
      readonly kind: "staff";
      readonly id: string;
      readonly sessionId: string;
      readonly role: StaffRole;
      readonly cafeId: string | null;
    };

export interface VerifiedToken {
  readonly holder: Holder;
  readonly expiresAtMs: number;
}

interface Payload {
  readonly iss: string;
  /** The API that takes it: what is signed for another service with the same keys opens nothing here. */
  readonly aud: string;
  readonly sub: string;
  readonly kind: "student" | "staff";
  readonly role: "student" | StaffRole;
  readonly cafe_id: string | null;
  readonly sid: string;
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
}

const audienceOf = (issuer: string): string => `${issuer}/api`;

export interface Signing {
  readonly issuer: string;
  readonly lifeSeconds: number;
  readonly nowMs: number;
}

export function signAccessToken(keyring: Keyring, holder: Holder, { issuer, lifeSeconds, nowMs }: Signing): string {
  const iat = Math.floor(nowMs / 1000);
  const payload: Payload = {
    iss: issuer,
    aud: audienceOf(issuer),
    sub: holder.id,
    kind: holder.kind,
    role: holder.kind === "student" ? "student" : holder.role,
    cafe_id: holder.kind === "student" ? null : holder.cafeId,
    sid: holder.sessionId,
    iat,
    exp: iat + lifeSeconds,
    jti: randomUUID(),
  };
  const signed = `${encode({ alg: "RS256", typ: "JWT", kid: keyring.signer.kid })}.${encode(payload)}`;
  return `${signed}.${sign("sha256", Buffer.from(signed), keyring.signer.key).toString("base64url")}`;
}

/**
 * The token's content when one of our keys signed it, expired or not; undefined otherwise. Synchronous on purpose: the
 * thread-pool hops of WebCrypto cost 28 % of the throughput.
 */
export function readAccessToken(keyring: Keyring, issuer: string, token: string): VerifiedToken | undefined {
  const [header, payload, signature, ...rest] = token.split(".");
  if (!header || !payload || !signature || rest.length > 0) return undefined;
  const { alg, kid } = decode<{ alg: unknown; kid: unknown }>(header) ?? {};
  const key = alg === "RS256" && typeof kid === "string" ? keyring.verifiers.get(kid) : undefined;
  if (!key || !verify("sha256", Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, "base64url"))) return undefined;
  const claims = decode<Payload>(payload);
  if (!claims || claims.iss !== issuer || claims.aud !== audienceOf(issuer)) return undefined;
  return { holder: holderOf(claims), expiresAtMs: claims.exp * 1000 };
}

/** Which key the token says that it was signed with: not checked. */
export function keyIdOf(token: string): string | undefined {
  const { kid } = decode<{ kid: unknown }>(token.split(".")[0] ?? "") ?? {};
  return typeof kid === "string" ? kid : undefined;
}

const holderOf = ({ kind, sub, sid, role, cafe_id }: Payload): Holder =>
  kind === "staff" && role !== "student"
    ? { kind: "staff", id: sub, sessionId: sid, role, cafeId: cafe_id }
    : { kind: "student", id: sub, sessionId: sid };

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function decode<T>(text: string): (Partial<T> & T) | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}
