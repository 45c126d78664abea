import type { Config } from "../platform/config.ts";

type CookieConfig = Pick<Config, "COOKIE_SECURE" | "ACCESS_TOKEN_SECONDS" | "REFRESH_TOKEN_SECONDS">;

// The prefix makes browsers refuse a cookie that a sibling domain planted. It forbids a narrower path, so the refresh
// token travels with every request of the portal; over plain HTTP on loopback it stays under /api/v1/auth.
const prefix = "__Host-";
const refreshPath = "/api/v1/auth";

export const accessCookieName = ({ COOKIE_SECURE }: Pick<Config, "COOKIE_SECURE">) => `${COOKIE_SECURE ? prefix : ""}campus_access`;
export const refreshCookieName = ({ COOKIE_SECURE }: Pick<Config, "COOKIE_SECURE">) => `${COOKIE_SECURE ? prefix : ""}campus_refresh`;

/** The values of the two Set-Cookie headers. */
export function sessionCookies(config: CookieConfig, tokens: { readonly accessToken: string; readonly refreshToken: string }): string[] {
  return [
    cookie(config, accessCookieName(config), tokens.accessToken, "/", config.ACCESS_TOKEN_SECONDS),
    cookie(config, refreshCookieName(config), tokens.refreshToken, config.COOKIE_SECURE ? "/" : refreshPath, config.REFRESH_TOKEN_SECONDS),
  ];
}

export function endedCookies(config: CookieConfig): string[] {
  return [
    cookie(config, accessCookieName(config), "", "/", 0),
    cookie(config, refreshCookieName(config), "", config.COOKIE_SECURE ? "/" : refreshPath, 0),
  ];
}

const cookie = ({ COOKIE_SECURE }: CookieConfig, name: string, value: string, path: string, maxAgeSeconds: number): string =>
  `${name}=${value}; Max-Age=${maxAgeSeconds}; Path=${path}; HttpOnly; SameSite=Strict${COOKIE_SECURE ? "; Secure" : ""}`;
