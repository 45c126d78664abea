import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";

export const subprotocol = "campuspay.v1";
const bearerPrefix = "bearer.";

interface Handshake {
  readonly protocols: string | undefined;
  readonly queryToken: string | undefined;
  readonly authorization: string | undefined;
}

/** A browser cannot set a header on a WebSocket, so its token travels as a subprotocol; the query is for old clients. */
export function socketToken({ protocols, queryToken, authorization }: Handshake): string {
  const [first, ...others] = (protocols ?? "").split(",").map((name) => name.trim());
  if (protocols !== undefined && first !== subprotocol)
    throw new CodedError("VALIDATION_ERROR", `The first Sec-WebSocket-Protocol must be ${subprotocol}: the server answers with the first.`);
  const offered = others.find((name) => name.startsWith(bearerPrefix))?.slice(bearerPrefix.length);
  const token = offered ?? queryToken ?? /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  if (token === undefined || token === "")
    throw new CodedError(
      "INVALID_TOKEN",
      `This needs an access token: connect with the subprotocols ${subprotocol} and ${bearerPrefix}<token>.`,
    );
  return token;
}

/** Tokens are sent by hand, so another origin could only act with one that it was given; it is refused all the same. */
export function refuseForeignOrigin(config: Config, origin: string | undefined, host: string | undefined): void {
  if (origin === undefined || config.CORS_ORIGINS.includes(origin)) return;
  if (origin === new URL(config.PUBLIC_URL).origin) return;
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  throw new CodedError("CSRF_FAILED", "This origin may not connect: add it to CORS_ORIGINS.");
}
