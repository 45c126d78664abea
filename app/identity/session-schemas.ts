import { z } from "@hono/zod-openapi";
import type { Platform } from "../platform/context.ts";
import type { HttpContext } from "../platform/http/router.ts";
import { staffRoles } from "./access-token.ts";
import { csrfTokenOf } from "./csrf.ts";
import { phoneField } from "./field-schemas.ts";
import type { Identity } from "./identity.ts";
import { newBrowserSign } from "./known-browser.ts";
import { holderOfSession, type Session, type User } from "./open-session.ts";
import { browserCookie, sessionCookies, studentCookie } from "./session-cookies.ts";

export const StudentUser = z.object({ id: z.uuid(), phone: phoneField, name: z.string().nullable() }).openapi("StudentUser");
export const StaffUser = z
  .object({ id: z.uuid(), username: z.string(), name: z.string(), role: z.enum(staffRoles), cafe_id: z.uuid().nullable() })
  .openapi("StaffUser");

const tokens = { access_token: z.string(), refresh_token: z.string(), token_type: z.literal("bearer"), expires_in: z.int() };
export const StudentTokens = z.object({ ...tokens, user: StudentUser }).openapi("StudentTokens");
export const StaffTokens = z.object({ ...tokens, user: StaffUser }).openapi("StaffTokens");
const { refresh_token: _, ...tokensBesideCookie } = tokens;
export const StudentCookieSession = z.object({ ...tokensBesideCookie, user: StudentUser }).openapi("StudentCookieSession");
export const CookieSession = z
  .object({ token_type: z.literal("cookie"), expires_in: z.int(), csrf_token: z.string(), user: StaffUser })
  .openapi("CookieSession");
export const OwnSession = z.object({ csrf_token: z.string(), user: StaffUser }).openapi("StaffSession");

export const sessionHeader = z.object({
  "x-session": z.literal("cookie").optional().openapi({ description: "Asks for HttpOnly cookies instead of tokens in the body." }),
});

/** A login of staff: in cookies where it asked for them, and the browser is known from now on. */
export async function answerStaff(
  c: HttpContext,
  platform: Platform,
  identity: Identity,
  session: Session,
  asked: "cookie" | undefined,
): Promise<z.infer<typeof StaffTokens> | z.infer<typeof CookieSession>> {
  await markBrowser(c, platform, session);
  return asked === "cookie"
    ? answerInCookies(c, platform, identity, session)
    : presentTokens(platform, identity, session, presentStaff(session.user));
}

/** From now on what strangers type for this name is counted apart from what is typed in this browser. */
async function markBrowser(c: HttpContext, platform: Platform, { user }: Session): Promise<void> {
  if (user.kind !== "staff") return;
  c.header("Set-Cookie", browserCookie(platform.config, await newBrowserSign(platform, user.username)), { append: true });
}

interface Tokens<U> {
  access_token: string;
  refresh_token: string;
  token_type: "bearer";
  expires_in: number;
  user: U;
}

export function presentTokens<U>({ config }: Platform, identity: Identity, session: Session, user: U): Tokens<U> {
  return {
    access_token: identity.signAccessToken(holderOfSession(session), session.secondsLeft),
    refresh_token: session.refreshToken,
    token_type: "bearer",
    expires_in: Math.min(config.ACCESS_TOKEN_SECONDS, session.secondsLeft),
    user,
  };
}

/** The refresh token goes where no script can read it. */
export function answerStudentInCookie(
  c: HttpContext,
  platform: Platform,
  identity: Identity,
  session: Session,
): z.infer<typeof StudentCookieSession> {
  const { refresh_token, ...shown } = presentTokens(platform, identity, session, presentStudent(session.user));
  c.header("Set-Cookie", studentCookie(platform.config, refresh_token), { append: true });
  return shown;
}

/** The tokens go where no script can read them; the body has what the page needs beside. */
export async function answerInCookies(
  c: HttpContext,
  platform: Platform,
  identity: Identity,
  session: Session,
): Promise<z.infer<typeof CookieSession>> {
  const accessToken = identity.signAccessToken(holderOfSession(session), session.secondsLeft);
  for (const cookie of sessionCookies(platform.config, { accessToken, refreshToken: session.refreshToken }))
    c.header("Set-Cookie", cookie, { append: true });
  return {
    token_type: "cookie",
    expires_in: Math.min(platform.config.ACCESS_TOKEN_SECONDS, session.secondsLeft),
    csrf_token: await csrfTokenOf(platform, session.id),
    user: presentStaff(session.user),
  };
}

export function presentStudent(user: User): z.infer<typeof StudentUser> {
  if (user.kind !== "student") throw new Error("A student's session belongs to a student.");
  return { id: user.id, phone: user.phone, name: user.name };
}

export function presentStaff(user: User): z.infer<typeof StaffUser> {
  if (user.kind !== "staff") throw new Error("A staff session belongs to staff.");
  return { id: user.id, username: user.username, name: user.name, role: user.role, cafe_id: user.cafeId };
}
