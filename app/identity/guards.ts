import { getCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import { CodedError } from "../platform/errors.ts";
import { type Guard, type HttpContext, type HttpEnv, validationError } from "../platform/http/router.ts";
import { type Holder, type StaffRole, staffRoles } from "./access-token.ts";
import type { Actor, CafeActor } from "./actor.ts";
import { csrfTokenMatches } from "./csrf.ts";
import type { Identity } from "./identity.ts";
import type { Device } from "./known-devices.ts";
import { accessCookieName } from "./session-cookies.ts";

declare module "hono" {
  interface ContextVariableMap {
    identity: Identity;
    holder: Holder;
    device: Device;
  }
}

/** Gives the guards of every route below it what they ask. */
export const withIdentity = (identity: Identity) =>
  createMiddleware<HttpEnv>(async (c, next) => {
    c.set("identity", identity);
    await next();
  });

export const student = (): Guard => bearer(["student"]);
/** Staff in one of these roles. */
export const staff = (...roles: readonly [StaffRole, ...StaffRole[]]): Guard => bearer(roles);
/** A student or anyone of the staff. */
export const signedIn = (): Guard => bearer(["student", ...staffRoles]);

function bearer(roles: readonly ("student" | StaffRole)[]): Guard {
  const allowed = new Set<string>(roles);
  return {
    scheme: "bearer",
    roles,
    errors: ["TOKEN_EXPIRED", "INVALID_TOKEN", "INSUFFICIENT_ROLE", "CSRF_FAILED"],
    check: async (c, next) => {
      const holder = await holderOf(c);
      const role = holder.kind === "student" ? "student" : holder.role;
      if (!allowed.has(role)) throw new CodedError("INSUFFICIENT_ROLE", `This is for ${roles.join(", ")}; you are ${role}.`);
      c.set("holder", holder);
      c.set("principal", { kind: holder.kind, id: holder.id, session: holder.sessionId });
      await next();
    },
  };
}

const bearerPattern = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i;
const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

async function holderOf(c: HttpContext): Promise<Holder> {
  const { identity, platform } = c.var;
  const header = c.req.header("authorization");
  if (header !== undefined) {
    const token = bearerPattern.exec(header)?.[1];
    if (token === undefined) throw new CodedError("INVALID_TOKEN", 'The Authorization header must be "Bearer" and an access token.');
    return identity.verifyAccessToken(token);
  }
  const cookie = getCookie(c, accessCookieName(platform.config));
  if (!cookie) throw new CodedError("INVALID_TOKEN", "This needs an access token: log in first.");
  const holder = identity.verifyAccessToken(cookie);
  if (!safeMethods.has(c.req.method) && !(await csrfTokenMatches(platform, holder.sessionId, c.req.header("x-csrf-token"))))
    throw new CodedError("CSRF_FAILED", "A write of a cookie session needs its csrf_token in the X-CSRF-Token header.");
  return holder;
}

const devicePattern = /^Device +(\S+)$/i;

/** An enrolled POS device. */
export const device = (): Guard => ({
  scheme: "device",
  roles: ["device"],
  errors: ["INVALID_TOKEN", "DEVICE_REVOKED"],
  check: async (c, next) => {
    const credential = devicePattern.exec(c.req.header("authorization") ?? "")?.[1];
    if (credential === undefined) throw new CodedError("INVALID_TOKEN", 'The Authorization header must be "Device <id>.<key>".');
    const found = await c.var.identity.devices.recognize(credential);
    c.set("device", found);
    c.set("principal", { kind: "device", id: found.id });
    await next();
  },
});

export interface SignedInStudent {
  readonly id: string;
  readonly sessionId: string;
}

export interface SignedInStaff {
  readonly id: string;
  readonly sessionId: string;
  readonly role: StaffRole;
  readonly cafeId: string | null;
}

export function studentOf(c: HttpContext): SignedInStudent {
  const { holder } = c.var;
  if (holder.kind !== "student") throw new Error("studentOf() is for routes of student().");
  return { id: holder.id, sessionId: holder.sessionId };
}

export function staffOf(c: HttpContext): SignedInStaff {
  const { holder } = c.var;
  if (holder.kind !== "staff") throw new Error("staffOf() is for routes of staff().");
  return { id: holder.id, sessionId: holder.sessionId, role: holder.role, cafeId: holder.cafeId };
}

/** For routes of signedIn(). */
export const holderOfRequest = (c: HttpContext): Holder => c.var.holder;

export const deviceOf = (c: HttpContext): Device => c.var.device;

/** The café of the token; undefined for the university's staff, who name one. Whoever has one may name no other. */
export function ownCafeOf(c: HttpContext, queryCafeId: string | undefined): string | undefined {
  const { cafeId } = staffOf(c);
  if (cafeId === null) return queryCafeId;
  if (queryCafeId !== undefined && queryCafeId.toLowerCase() !== cafeId)
    throw new CodedError("INSUFFICIENT_ROLE", "You act in your own café: leave cafe_id out, or name that one.");
  return cafeId;
}

/** The café that this member of staff acts in: the token's own, or the one that the university's staff name. */
export function cafeOf(c: HttpContext, queryCafeId: string | undefined): string {
  const cafeId = ownCafeOf(c, queryCafeId);
  if (cafeId === undefined) throw validationError("query", [{ path: ["cafe_id"], message: "is needed: name the café" }]);
  return cafeId;
}

export const actorOf = (c: HttpContext): Actor => ({ staffId: staffOf(c).id, requestId: c.var.requestId });

export const cafeActorOf = (c: HttpContext, queryCafeId: string | undefined): CafeActor => ({
  cafeId: cafeOf(c, queryCafeId),
  ...actorOf(c),
});
