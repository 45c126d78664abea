import { z } from "@hono/zod-openapi";
import { getCookie } from "hono/cookie";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { everyone, type HttpContext, json, required, route, router, validationError } from "../platform/http/router.ts";
import { staffRoles } from "./access-token.ts";
import { csrfTokenOf } from "./csrf.ts";
import { nameField, otpField, phoneField } from "./field-schemas.ts";
import { holderOfRequest, signedIn, staff, staffOf } from "./guards.ts";
import type { Identity } from "./identity.ts";
import { newBrowserSign } from "./known-browser.ts";
import { logInStaff } from "./log-in-staff.ts";
import { logInStudent } from "./log-in-student.ts";
import { logOut } from "./log-out.ts";
import { holderOfSession, type Session, type User } from "./open-session.ts";
import { readStaff } from "./read-staff.ts";
import { refreshSession } from "./refresh-session.ts";
import { requestOtp } from "./request-otp.ts";
import {
  browserCookie,
  browserCookieName,
  endedCookies,
  endedStudentCookie,
  refreshCookieName,
  sessionCookies,
  studentCookie,
  studentRefreshCookieName,
} from "./session-cookies.ts";

const StudentUser = z.object({ id: z.uuid(), phone: phoneField, name: z.string().nullable() }).openapi("StudentUser");
const StaffUser = z
  .object({ id: z.uuid(), username: z.string(), name: z.string(), role: z.enum(staffRoles), cafe_id: z.uuid().nullable() })
  .openapi("StaffUser");

const tokens = { access_token: z.string(), refresh_token: z.string(), token_type: z.literal("bearer"), expires_in: z.int() };
const StudentTokens = z.object({ ...tokens, user: StudentUser }).openapi("StudentTokens");
const StaffTokens = z.object({ ...tokens, user: StaffUser }).openapi("StaffTokens");
const { refresh_token: _, ...tokensBesideCookie } = tokens;
const StudentCookieSession = z.object({ ...tokensBesideCookie, user: StudentUser }).openapi("StudentCookieSession");
const CookieSession = z
  .object({ token_type: z.literal("cookie"), expires_in: z.int(), csrf_token: z.string(), user: StaffUser })
  .openapi("CookieSession");
const OwnSession = z.object({ csrf_token: z.string(), user: StaffUser }).openapi("StaffSession");

const sessionHeader = z.object({
  "x-session": z.literal("cookie").optional().openapi({ description: "Asks for HttpOnly cookies instead of tokens in the body." }),
});

const refreshHeader = z.object({
  "x-session": z.enum(["cookie", "student-cookie"]).optional().openapi({
    description: "The refresh token is in an HttpOnly cookie. A browser that holds a student's and the portal's names the student's.",
  }),
});

const askOtp = route({
  method: "post",
  path: "/auth/request-otp",
  operationId: "requestOtp",
  tags: ["auth"],
  summary: "Send a one-time password to a phone; the answer is the same for every phone",
  who: everyone,
  errors: ["RATE_LIMITED"],
  request: { body: required(z.strictObject({ phone: phoneField })) },
  responses: { 200: json(z.object({ message: z.string(), expires_in: z.int(), request_id: z.uuid() }), "It is on its way") },
});

const VerifyOtp = z
  .strictObject({
    phone: phoneField,
    otp: otpField,
    request_id: z.uuid().optional().openapi({
      description: "From the answer of request-otp. With it the code of that request counts, and nobody else's wrong tries do.",
    }),
  })
  .openapi("VerifyOtp");

const verifyOtp = route({
  method: "post",
  path: "/auth/verify-otp",
  operationId: "verifyOtp",
  tags: ["auth"],
  summary: "Log in with the one-time password; a phone's first login makes the student",
  who: everyone,
  errors: ["INVALID_OTP"],
  description: "With X-Session: cookie the refresh token goes into an HttpOnly cookie and only the access token is in the body.",
  request: { headers: sessionHeader, body: required(VerifyOtp) },
  responses: { 200: json(z.union([StudentTokens, StudentCookieSession]), "Logged in") },
});

const refresh = route({
  method: "post",
  path: "/auth/refresh",
  operationId: "refreshSession",
  tags: ["auth"],
  summary: "Exchange a refresh token, once, for new tokens; a second use ends the session",
  description:
    "A cookie session sends {} and X-Session: cookie. No page of another origin can set that header, so it needs no CSRF token. " +
    "The same token again within 10 s (a second tab, a lost answer) gets the same next one; later it ends the session.",
  who: everyone,
  errors: ["INVALID_TOKEN"],
  request: { headers: refreshHeader, body: required(z.strictObject({ refresh_token: z.string().min(1).max(200).optional() })) },
  responses: { 200: json(z.union([StudentTokens, StudentCookieSession, StaffTokens, CookieSession]), "New tokens") },
});

const logout = route({
  method: "post",
  path: "/auth/logout",
  operationId: "logOut",
  tags: ["auth"],
  summary: "End this session: its access and refresh tokens are refused from now on",
  who: signedIn(),
  responses: { 204: { description: "Ended" } },
});

const loginStaff = route({
  method: "post",
  path: "/admin/auth/login",
  operationId: "logInStaff",
  tags: ["auth"],
  summary: "Log in as staff with username and password",
  who: everyone,
  errors: ["INVALID_CREDENTIALS", "RATE_LIMITED", "CONFLICT"],
  request: {
    headers: sessionHeader,
    body: required(z.strictObject({ username: nameField(50), password: z.string().min(1).max(200) })),
  },
  responses: { 200: json(z.union([StaffTokens, CookieSession]), "Logged in") },
});

const ownSession = route({
  method: "get",
  path: "/admin/auth/session",
  operationId: "getStaffSession",
  tags: ["auth"],
  summary: "Who is logged in, and the CSRF token of the cookie session: for a page that was loaded anew",
  who: staff(...staffRoles),
  responses: { 200: json(OwnSession, "The session") },
});

export const authRoutes = (platform: Platform, identity: Identity) =>
  router()
    .openapi(askOtp, async (c) => {
      const requestId = await requestOtp(platform, c.req.valid("json").phone);
      const message = "If this phone may log in, a code is on its way.";
      return c.json({ message, expires_in: platform.config.OTP_SECONDS, request_id: requestId }, 200);
    })
    .openapi(verifyOtp, async (c) => {
      const { request_id: requestId, ...given } = c.req.valid("json");
      const session = await logInStudent(platform, { ...given, requestId });
      return c.req.valid("header")["x-session"] === "cookie"
        ? c.json(answerStudentInCookie(c, platform, identity, session), 200)
        : c.json(presentTokens(platform, identity, session, presentStudent(session.user)), 200);
    })
    .openapi(refresh, async (c) => {
      const given = c.req.valid("json").refresh_token;
      const asked = c.req.valid("header")["x-session"];
      const inCookie = given === undefined && asked !== undefined;
      const token = given ?? (inCookie ? cookieToken(c, platform, asked) : undefined);
      if (token === undefined) throw validationError("json", [{ path: ["refresh_token"], message: "is needed" }]);
      const session = await refreshSession(platform, identity, token, c.var.requestId);
      if (session.user.kind === "student")
        return inCookie
          ? c.json(answerStudentInCookie(c, platform, identity, session), 200)
          : c.json(presentTokens(platform, identity, session, presentStudent(session.user)), 200);
      if (!inCookie) return c.json(presentTokens(platform, identity, session, presentStaff(session.user)), 200);
      return c.json(await answerInCookies(c, platform, identity, session), 200);
    })
    .openapi(logout, async (c) => {
      const holder = holderOfRequest(c);
      await logOut(platform, identity, holder.sessionId);
      const ended = holder.kind === "student" ? [endedStudentCookie(platform.config)] : endedCookies(platform.config);
      for (const cookie of ended) c.header("Set-Cookie", cookie, { append: true });
      return c.body(null, 204);
    })
    .openapi(loginStaff, async (c) => {
      const browser = getCookie(c, browserCookieName(platform.config));
      const session = await logInStaff(platform, identity, { ...c.req.valid("json"), requestId: c.var.requestId, browser });
      c.header("Set-Cookie", browserCookie(platform.config, await newBrowserSign(platform, c.req.valid("json").username)), {
        append: true,
      });
      return c.req.valid("header")["x-session"] === "cookie"
        ? c.json(await answerInCookies(c, platform, identity, session), 200)
        : c.json(presentTokens(platform, identity, session, presentStaff(session.user)), 200);
    })
    .openapi(ownSession, async (c) => {
      const { id, sessionId } = staffOf(c);
      return c.json({ csrf_token: await csrfTokenOf(platform, sessionId), user: presentStaff(await readStaff(platform.db, id)) }, 200);
    });

function cookieToken(c: HttpContext, { config }: Platform, asked: "cookie" | "student-cookie"): string {
  const ofStudent = getCookie(c, studentRefreshCookieName(config));
  const token = asked === "student-cookie" ? ofStudent : (getCookie(c, refreshCookieName(config)) ?? ofStudent);
  if (!token) throw new CodedError("INVALID_TOKEN", "There is no cookie session: log in first.");
  return token;
}

interface Tokens<U> {
  access_token: string;
  refresh_token: string;
  token_type: "bearer";
  expires_in: number;
  user: U;
}

function presentTokens<U>({ config }: Platform, identity: Identity, session: Session, user: U): Tokens<U> {
  return {
    access_token: identity.signAccessToken(holderOfSession(session)),
    refresh_token: session.refreshToken,
    token_type: "bearer",
    expires_in: config.ACCESS_TOKEN_SECONDS,
    user,
  };
}

/** The refresh token goes where no script can read it. */
function answerStudentInCookie(
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
async function answerInCookies(
  c: HttpContext,
  platform: Platform,
  identity: Identity,
  session: Session,
): Promise<z.infer<typeof CookieSession>> {
  const accessToken = identity.signAccessToken(holderOfSession(session));
  for (const cookie of sessionCookies(platform.config, { accessToken, refreshToken: session.refreshToken }))
    c.header("Set-Cookie", cookie, { append: true });
  return {
    token_type: "cookie",
    expires_in: platform.config.ACCESS_TOKEN_SECONDS,
    csrf_token: await csrfTokenOf(platform, session.id),
    user: presentStaff(session.user),
  };
}

function presentStudent(user: User): z.infer<typeof StudentUser> {
  if (user.kind !== "student") throw new Error("A student's session belongs to a student.");
  return { id: user.id, phone: user.phone, name: user.name };
}

function presentStaff(user: User): z.infer<typeof StaffUser> {
  if (user.kind !== "staff") throw new Error("A staff session belongs to staff.");
  return { id: user.id, username: user.username, name: user.name, role: user.role, cafe_id: user.cafeId };
}
