import { z } from "@hono/zod-openapi";
import { getCookie } from "hono/cookie";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { everyone, type HttpContext, json, required, route, router, validationError } from "../platform/http/router.ts";
import { staffRoles } from "./access-token.ts";
import { csrfTokenOf } from "./csrf.ts";
import { proofFields, proofOf } from "./factor-routes.ts";
import { otpField, phoneField } from "./field-schemas.ts";
import { holderOfRequest, signedIn, staff, staffOf } from "./guards.ts";
import type { Identity } from "./identity.ts";
import { knownBrowser, newBrowserSign } from "./known-browser.ts";
import { logInStaff } from "./log-in-staff.ts";
import { logInStudent } from "./log-in-student.ts";
import { logOut } from "./log-out.ts";
import { originOf } from "./origin.ts";
import { readStaff } from "./read-staff.ts";
import { refreshSession } from "./refresh-session.ts";
import { requestOtp } from "./request-otp.ts";
import {
  endedCookies,
  endedStudentCookie,
  refreshCookieName,
  studentBrowserCookie,
  studentBrowserCookieName,
  studentRefreshCookieName,
} from "./session-cookies.ts";
import {
  answerInCookies,
  answerStaff,
  answerStudentInCookie,
  CookieSession,
  OwnSession,
  presentStaff,
  presentStudent,
  presentTokens,
  StaffTokens,
  StudentCookieSession,
  StudentTokens,
  sessionHeader,
} from "./session-schemas.ts";

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
  description:
    "A log-in leaves a cookie that says that this phone has logged in here before: with it the codes that strangers ask for are counted apart.",
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
  bucket: "stop",
  responses: { 204: { description: "Ended" } },
});

const loginStaff = route({
  method: "post",
  path: "/admin/auth/login",
  operationId: "logInStaff",
  tags: ["auth"],
  summary: "Log in as staff with username, password and, where the account has or needs one, a second factor",
  description:
    "401 SECOND_FACTOR_REQUIRED says that the password is right: repeat it with `totp` or `recovery_code`. `details.methods` are those of the " +
    "account; with `details.must_enrol` it has none yet and sets one up with POST /admin/auth/totp.",
  who: everyone,
  errors: ["INVALID_CREDENTIALS", "SECOND_FACTOR_REQUIRED", "RATE_LIMITED", "CONFLICT"],
  request: { headers: sessionHeader, body: required(z.strictObject(proofFields)) },
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
      const { phone } = c.req.valid("json");
      const installation = await knownBrowser(platform, phone, getCookie(c, studentBrowserCookieName(platform.config)));
      const { network } = await originOf(c);
      const requestId = await requestOtp(platform, phone, { installation: installation ?? null, network });
      const message = "If this phone may log in, a code is on its way.";
      return c.json({ message, expires_in: platform.config.OTP_SECONDS, request_id: requestId }, 200);
    })
    .openapi(verifyOtp, async (c) => {
      const { request_id: requestId, ...given } = c.req.valid("json");
      const session = await logInStudent(platform, { ...given, requestId, origin: await originOf(c) }, c.var.requestId);
      c.header("Set-Cookie", studentBrowserCookie(platform.config, await newBrowserSign(platform, given.phone)), { append: true });
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
      const session = await logInStaff(platform, identity, await proofOf(c, c.req.valid("json")));
      return c.json(await answerStaff(c, platform, identity, session, c.req.valid("header")["x-session"]), 200);
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
