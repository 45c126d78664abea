import type { Config } from "../platform/config.ts";

type CookieConfig = Pick<Config, "COOKIE_SECURE" | "ACCESS_TOKEN_SECONDS" | "REFRESH_TOKEN_SECONDS">;

// The prefix makes browsers refuse a cookie that a sibling domain planted. It forbids a narrower path, so the refresh
// token travels with every request of the portal; over plain HTTP on loopback it stays under /api/v1/auth.
const prefix = "__Host-";
const refreshPath = "/api/v1/auth";

export const accessCookieName = ({ COOKIE_SECURE }: Pick<Config, "COOKIE_SECURE">) => `${COOKIE_SECURE ? prefix : ""}campus_access`;
export const refreshCookieName = ({ COOKIE_SECURE }: Pick<Config, "COOKIE_SECURE">) => `${COOKIE_SECURE ? prefix : ""}campus_refresh`;

/** A student's own name for it: one origin is one jar, and a barista may be a student too. */
export const studentRefreshCookieName = ({ COOKIE_SECURE }: Pick<Config, "COOKIE_SECURE">) =>
  `${COOKIE_SECURE ? prefix : ""}campus_student_refresh`;

/** The value of a student's one Set-Cookie header: the access token goes to the page, which needs it for its WebSocket. */
export const studentCookie = (config: CookieConfig, refreshToken: string): string =>
  cookie(config, studentRefreshCookieName(config), refreshToken, refreshPathOf(config), config.REFRESH_TOKEN_SECONDS);

export const endedStudentCookie = (config: CookieConfig): string =>
  cookie(config, studentRefreshCookieName(config), "", refreshPathOf(config), 0);

const browserCookieSeconds = 180 * 86_400;
export const browserCookieName = ({ COOKIE_SECURE }: Pick<Config, "COOKIE_SECURE">) => `${COOKIE_SECURE ? prefix : ""}campus_browser`;

/** It opens nothing: it says that a name has logged in here before, and stays when the session ends. */
export const browserCookie = (config: CookieConfig, sign: string): string =>
  cookie(config, browserCookieName(config), sign, refreshPathOf(config) === "/" ? "/" : "/api/v1/admin/auth", browserCookieSeconds);

export const studentBrowserCookieName = ({ COOKIE_SECURE }: Pick<Config, "COOKIE_SECURE">) =>
  `${COOKIE_SECURE ? prefix : ""}campus_student_browser`;

/** The same for a student's phone number: codes that strangers ask for do not use up those of this installation. */
export const studentBrowserCookie = (config: CookieConfig, sign: string): string =>
  cookie(config, studentBrowserCookieName(config), sign, refreshPathOf(config), browserCookieSeconds);

/** The values of the two Set-Cookie headers. */
export function sessionCookies(config: CookieConfig, tokens: { readonly accessToken: string; readonly refreshToken: string }): string[] {
  return [
    cookie(config, accessCookieName(config), tokens.accessToken, "/", config.ACCESS_TOKEN_SECONDS),
    cookie(config, refreshCookieName(config), tokens.refreshToken, refreshPathOf(config), config.REFRESH_TOKEN_SECONDS),
  ];
}

export function endedCookies(config: CookieConfig): string[] {
  return [cookie(config, accessCookieName(config), "", "/", 0), cookie(config, refreshCookieName(config), "", refreshPathOf(config), 0)];
}

const refreshPathOf = ({ COOKIE_SECURE }: Pick<Config, "COOKIE_SECURE">) => (COOKIE_SECURE ? "/" : refreshPath);

const cookie = ({ COOKIE_SECURE }: CookieConfig, name: string, value: string, path: string, maxAgeSeconds: number): string =>
  `${name}=${value}; Max-Age=${maxAgeSeconds}; Path=${path}; HttpOnly; SameSite=Strict${COOKIE_SECURE ? "; Secure" : ""}`;
