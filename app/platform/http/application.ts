import { randomUUID } from "node:crypto";
import { getConnInfo } from "@hono/node-server/conninfo";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { ErrorHandler, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { routePath } from "hono/route";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Config } from "../config.ts";
import type { Platform } from "../context.ts";
import { CodedError, errorBody, unavailable } from "../errors.ts";
import { databaseRefusal, OutcomeUnknown } from "../postgres.ts";
import type { ReportError } from "../report-error.ts";
import { earlyHeader } from "./early-header.ts";
import { type HttpEnv, router } from "./router.ts";

type OnAnswered = (answer: { readonly route: string; readonly status: number; readonly elapsedMs: number }) => void;

/** The outermost layer: what happens to every request, whatever feature answers it; `longBodies` are the paths that take a long file of one content type. */
export function createApplication(
  platform: Platform,
  reportError: ReportError,
  onAnswered: OnAnswered = () => undefined,
  longBodies: LongBodies = {},
): OpenAPIHono<HttpEnv> {
  const app = router();
  const { config } = platform;
  app.use(openRequest(platform, onAnswered));
  app.use(securityHeaders);
  app.use(answerOtherOrigins(config.CORS_ORIGINS));
  app.use(limitTime(config.REQUEST_TIMEOUT_MS));
  app.use(limitBody(config, longBodies));
  app.use(keepLiteralsApart(app));
  app.onError(answerError(platform, reportError));
  app.notFound((c) => {
    throw methodsAt(app, c.req.path);
  });
  return app;
}

const requestIdPattern = /^[A-Za-z0-9._-]{8,64}$/;

function openRequest(platform: Platform, onAnswered: OnAnswered): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const startedAtMs = performance.now();
    const asked = c.req.header("x-request-id");
    const requestId = asked !== undefined && requestIdPattern.test(asked) ? asked : randomUUID();
    c.set("requestId", requestId);
    c.set("platform", platform);
    c.set("log", platform.log.child({ request_id: requestId }));
    c.set("remoteAddress", remoteAddress(c, platform.config.TRUSTED_PROXIES));
    earlyHeader(c, "X-Request-Id", requestId);
    await next();
    const elapsedMs = performance.now() - startedAtMs;
    const path = routePath(c, -1);
    const route = `${c.req.method} ${path === "/*" || path === "*" ? "unmatched" : path}`;
    platform.metrics.count("http_requests_total", { route, status: String(c.res.status) });
    platform.metrics.observe("http_request_ms", { route }, elapsedMs);
    onAnswered({ route, status: c.res.status, elapsedMs });
    c.var.log.info({ route, status: c.res.status, ms: Math.round(elapsedMs * 10) / 10, principal: c.var.principal?.id }, "request");
  };
}

/** The nearest address that is not one of our own proxies; an entry that a client wrote itself stands further left. */
function remoteAddress(c: Parameters<MiddlewareHandler<HttpEnv>>[0], trustedProxies: number): string {
  if (trustedProxies > 0) {
    const hops = (c.req.header("x-forwarded-for") ?? "").split(",").map((hop) => hop.trim());
    const hop = hops[hops.length - trustedProxies];
    if (hop) return hop;
  }
  return (c.env as { incoming?: unknown } | undefined)?.incoming ? (getConnInfo(c).remote.address ?? "unknown") : "unknown";
}

const headersOfAll = Object.entries({
  "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cache-Control": "no-store",
  Vary: "Origin",
});

/** Set before the answer is made, and a route may overwrite them. */
const securityHeaders: MiddlewareHandler<HttpEnv> = (c, next) => {
  for (const [name, value] of headersOfAll) earlyHeader(c, name, value);
  return next();
};

/** Only a listed origin is told that it may read the answer; without an Origin header there is nothing to tell. */
function answerOtherOrigins(origins: readonly string[]): MiddlewareHandler<HttpEnv> {
  const answer = cors({
    origin: [...origins],
    allowMethods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
    allowHeaders: [
      "Authorization",
      "Content-Type",
      "Idempotency-Key",
      "X-Request-Id",
      "X-CSRF-Token",
      "X-Session",
      "X-Staff-Authorization",
      "Last-Event-ID",
    ],
    exposeHeaders: ["X-Request-Id", "Idempotency-Hit", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "ETag"],
    credentials: true,
    maxAge: 600,
  });
  const listed = new Set(origins);
  return async (c, next) => (c.req.method === "OPTIONS" || listed.has(c.req.header("origin") ?? "") ? answer(c, next) : next());
}

/** Until the answer begins: a stream may last as long as it likes. What the handler does after that is not undone. */
function limitTime(timeoutMs: number): MiddlewareHandler<HttpEnv> {
  return async (_, next) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(unavailable("This takes too long and may still happen: repeat it with the same key.")), timeoutMs);
    });
    try {
      await Promise.race([next(), late]);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** A long table is read by its route alone, after its guard. */
const longLimitBytes = 8 * 1024 * 1024;

/** By path, the content type whose body may be long. */
export type LongBodies = Readonly<Record<string, RegExp>>;

/**
 * What is too large is still taken in and thrown away, up to a point: a connection with half a body left in it would
 * fail the next request that a proxy sends on it.
 */
function limitBody(config: Config, longBodies: LongBodies): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const length = c.req.header("content-length");
    const isChunked = c.req.header("transfer-encoding") !== undefined;
    const limitBytes = isChunked ? config.BODY_LIMIT_BYTES : bodyLimitOf(config, c.req.method, c.req.path);
    const isLong = !isChunked && longBodies[c.req.path]?.test(c.req.header("content-type") ?? "") === true;
    const maxBytes = isLong ? longLimitBytes : limitBytes;
    if (!isChunked && Number(length ?? 0) <= maxBytes) return next();
    const { kept, sizeBytes } = await readUpTo(c.req.raw, maxBytes);
    if (sizeBytes > discardedBytes) c.header("Connection", "close");
    if (sizeBytes > maxBytes)
      throw new CodedError("PAYLOAD_TOO_LARGE", `The body is larger than ${maxBytes} bytes.`, { details: { max_bytes: maxBytes } });
    c.req.raw = new Request(c.req.raw, { body: Buffer.concat(kept) });
    return next();
  };
}

/** A picture is larger than JSON; its route checks its signed address before it reads. What is chunked would be read here. */
const bodyLimitOf = (config: Config, method: string, path: string): number =>
  method === "PUT" && path.startsWith("/api/v1/uploads/") ? config.IMAGE_LIMIT_BYTES : config.BODY_LIMIT_BYTES;

const discardedBytes = 8 * 1024 * 1024;

async function readUpTo(request: Request, maxBytes: number): Promise<{ kept: Uint8Array[]; sizeBytes: number }> {
  const kept: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of request.body ?? []) {
      sizeBytes += chunk.length;
      if (sizeBytes <= maxBytes) kept.push(chunk);
      if (sizeBytes > discardedBytes) break;
    }
  } catch (error) {
    throw new CodedError("VALIDATION_ERROR", "The body ended before it was whole.", { cause: error });
  }
  return { kept, sizeBytes };
}

function answerError(platform: Platform, reportError: ReportError): ErrorHandler<HttpEnv> {
  return (thrown, c) => {
    const error = asCoded(thrown);
    platform.metrics.count("error_codes_total", { code: error.code });
    if (error.status >= 500) {
      c.var.log.error({ err: thrown, code: error.code }, "request failed");
      if (error.code === "INTERNAL_ERROR") reportError(thrown, { requestId: c.var.requestId });
    }
    for (const [name, value] of Object.entries(error.headers)) c.header(name, value);
    if (error.retryAfterSeconds !== undefined) c.header("Retry-After", String(error.retryAfterSeconds));
    const body = errorBody(error);
    if (error.code === "INTERNAL_ERROR") return c.json({ error: { ...body.error, details: { request_id: c.var.requestId } } }, 500);
    return c.json(body, error.status as ContentfulStatusCode);
  };
}

function asCoded(thrown: unknown): CodedError {
  if (thrown instanceof CodedError) return thrown;
  if (thrown instanceof OutcomeUnknown) {
    return new CodedError("TEMPORARILY_UNAVAILABLE", "The outcome is not known yet: repeat the request with the same key.", {
      cause: thrown,
      retryAfterSeconds: 1,
    });
  }
  if (thrown instanceof HTTPException && thrown.status === 415)
    return new CodedError("UNSUPPORTED_MEDIA_TYPE", "The body's Content-Type must be application/json.");
  if (thrown instanceof HTTPException && thrown.status < 500)
    return new CodedError("VALIDATION_ERROR", thrown.message || "The request cannot be read.");
  return (
    databaseRefusal(thrown) ??
    new CodedError("INTERNAL_ERROR", "Something went wrong on our side. Quote the request id when you ask about it.", { cause: thrown })
  );
}

const methodNames = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** An address that is written out has its own methods only: DELETE /things/sheet.png is none of DELETE /things/{id}. */
function keepLiteralsApart(app: OpenAPIHono<HttpEnv>): MiddlewareHandler<HttpEnv> {
  let literals: Map<string, string[]> | undefined;
  return async (c, next) => {
    literals ??= literalMethods(app);
    const methods = literals.get(c.req.path);
    if (methods && methodNames.includes(c.req.method) && !methods.includes(c.req.method)) throw notAllowed(methods);
    await next();
  };
}

function literalMethods(app: OpenAPIHono<HttpEnv>): Map<string, string[]> {
  const known = new Map<string, string[]>();
  for (const { path, method } of app.routes)
    if (methodNames.includes(method) && !/[:*]/.test(path)) known.set(path, [...new Set([...(known.get(path) ?? []), method])]);
  return known;
}

/** 405 with the methods that the path does have, else 404. */
function methodsAt(app: OpenAPIHono<HttpEnv>, path: string): CodedError {
  const methods = methodNames.filter((method) => app.router.match(method, path)[0].some(([[, known]]) => known.method === method));
  if (methods.length === 0) return new CodedError("NOT_FOUND", "There is nothing at this address.");
  return notAllowed(methods);
}

function notAllowed(methods: readonly string[]): CodedError {
  return new CodedError("METHOD_NOT_ALLOWED", `This address answers ${methods.join(", ")}.`, {
    headers: { Allow: methods.join(", ") },
    details: { allow: methods },
  });
}
