import { createRoute, OpenAPIHono, type RouteConfig, z } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import type { Platform } from "../context.ts";
import { CodedError, type ErrorCode, type ErrorStatus, errorCodes, statusOfCode } from "../errors.ts";
import type { Logger } from "../log.ts";
import { type Bucket, limitRate } from "./rate-limit.ts";
import "./plain-issues.ts";
import { takeTexts } from "./text.ts";

/** Where a commit may have happened and nobody knows yet. */
export const PendingBody = z.object({ status: z.literal("pending"), status_url: z.string() }).openapi("Pending");

/** Who makes the request. What the ids mean is known to the feature that made the guard. */
export interface Principal {
  readonly kind: string;
  readonly id: string;
  /** Of those who log in. */
  readonly session?: string;
}

export interface HttpEnv {
  Variables: { requestId: string; log: Logger; platform: Platform; principal: Principal; remoteAddress: string; mayPend?: true };
}

export type HttpContext = Context<HttpEnv>;

/** Lets a request through or refuses it. `scheme` and `roles` are what the API document says about it. */
export interface Guard {
  readonly scheme: "public" | "bearer" | "device";
  readonly roles: readonly string[];
  readonly check: MiddlewareHandler<HttpEnv> | undefined;
  readonly errors: readonly ErrorCode[];
}

export const everyone: Guard = { scheme: "public", roles: [], check: undefined, errors: [] };

export const router = () =>
  new OpenAPIHono<HttpEnv>({
    defaultHook: (result) => {
      if (!result.success) throw validationError(result.target, result.error.issues);
    },
  });

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

const maxNamedFields = 20;

/** Fields are named as the client sent them: `items.0.quantity`; the body as a whole is `body`. */
export function validationError(where: string, issues: readonly Issue[]): CodedError {
  const whole = where === "json" ? "body" : where;
  const fields = issues
    .slice(0, maxNamedFields)
    .map(({ path, message }) => ({ field: path.length > 0 ? path.map(String).join(".") : whole, problem: message }));
  return new CodedError("VALIDATION_ERROR", `The request does not fit: ${fields[0]?.field} ${fields[0]?.problem}`, { details: { fields } });
}

export const ErrorSchema = z
  .object({
    error: z.object({
      code: z.enum(errorCodes as [ErrorCode, ...ErrorCode[]]),
      message: z.string(),
      details: z.record(z.string(), z.unknown()),
    }),
  })
  .openapi("Error");

type Spec = Omit<RouteConfig, "path"> & {
  readonly path: string;
  readonly who: Guard;
  /** The codes beyond those that every route of its kind can answer. */
  readonly errors?: readonly ErrorCode[];
  readonly bucket?: Bucket;
  /** "required" where money moves; "optional" for every other POST that creates something. */
  readonly idempotency?: "required" | "optional";
  /** Its commit may be lost on the way, and then it answers 202: where `once` keeps the answer for ever. */
  readonly mayPend?: true;
};

/** createRoute with what every route of ours has: its guard, its limit, its errors, its idempotency key. */
export function route<const R extends Spec>(spec: R): R {
  const { who, errors = [], bucket, idempotency, mayPend, ...config } = spec;
  const bodies = config.request?.body !== undefined;
  const codes: ErrorCode[] = [
    ...errors,
    ...who.errors,
    ...(config.request === undefined && idempotency === undefined ? [] : (["VALIDATION_ERROR"] as const)),
    ...(bodies ? (["VALIDATION_ERROR", "UNSUPPORTED_MEDIA_TYPE"] as const) : []),
    // A body that nobody asked for is limited too.
    ...(config.method === "get" ? [] : (["PAYLOAD_TOO_LARGE"] as const)),
    ...(idempotency === undefined ? [] : (["IDEMPOTENCY_MISMATCH", "CONFLICT"] as const)),
    ...(who.scheme === "public" ? [] : (["RATE_LIMITED"] as const)),
    "INTERNAL_ERROR",
    "TEMPORARILY_UNAVAILABLE",
  ];
  const full = {
    ...config,
    ...(who.scheme === "public" ? {} : { security: schemes(who.scheme) }),
    ...(who.roles.length === 0 ? {} : { "x-roles": who.roles }),
    request: { ...config.request, ...(idempotency === undefined ? {} : { headers: idempotencyHeader(idempotency) }) },
    responses: { ...errorResponses(codes), ...(mayPend && { 202: pendingAnswer }), ...config.responses },
    middleware: [
      ...(who.check ? [who.check, limitRate(bucket ?? (who.scheme === "device" ? "device" : "general")), askAgain(who.check)] : []),
      ...(bodies ? [takeBodyTexts] : []),
      takeQueryTexts,
      ...(mayPend ? [noteMayPend] : []),
      ...[config.middleware ?? []].flat(),
    ],
  };
  return createRoute(full as unknown as RouteConfig) as unknown as R;
}

const jsonType = /^application\/([a-z.-]+\+)?json\b/i;

/**
 * What somebody may send is read to its end, and the guard is asked once more: a last byte may come minutes after the head, and a session
 * or a till may be over since. Both answers are kept in this process, and the body is read from memory from here on.
 */
const askAgain =
  (check: MiddlewareHandler<HttpEnv>): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    if (Number(c.req.header("content-length") ?? 0) === 0) return next();
    const isJson = jsonType.test(c.req.header("content-type") ?? "");
    // One that was cut off is refused by whoever wants it.
    await (isJson ? c.req.text() : c.req.arrayBuffer()).catch(() => undefined);
    return check(c, next);
  };

/** Behind the guard: what nobody may send is not read. Hono parses a body once, so the validators see the composed texts. */
const takeBodyTexts: MiddlewareHandler<HttpEnv> = async (c, next) => {
  const isJson = jsonType.test(c.req.header("content-type") ?? "");
  // What is no JSON is refused by the validator.
  const body: unknown = isJson ? await c.req.json().catch(() => undefined) : undefined;
  const problems = takeTexts(body);
  if (problems.length > 0) throw validationError("json", problems);
  // The validators take a body that is missing for {}, and a change in which nothing may be left out would be none.
  if (c.req.method === "PATCH" && c.req.header("content-type") === undefined)
    throw validationError("json", [{ path: [], message: "must be there, as application/json" }]);
  await next();
};

const takeQueryTexts: MiddlewareHandler<HttpEnv> = async (c, next) => {
  const problems = takeTexts(c.req.query());
  if (problems.length > 0) throw validationError("query", problems);
  await next();
};

const noteMayPend: MiddlewareHandler<HttpEnv> = (c, next) => {
  c.set("mayPend", true);
  return next();
};

/** Where a bearer token is taken, the portal's cookie is taken too. */
const schemes = (scheme: "bearer" | "device") => [{ [scheme]: [] }, ...(scheme === "bearer" ? [{ cookie: [] }] : [])];

export const idempotencyKeyPattern = /^[\x21-\x7e]{1,64}$/;

function idempotencyHeader(need: "required" | "optional") {
  const key = z
    .string()
    .regex(idempotencyKeyPattern, "must be 1 to 64 visible ASCII characters")
    .openapi({ example: "0192f0c1-9b1e-7c3a-8f00-5a1d2c3b4e5f" });
  return z.object({ "idempotency-key": need === "required" ? key : key.optional() });
}

/** One response for each status, whose schema lists the codes that the route answers with it. */
function errorResponses(codes: readonly ErrorCode[]): RouteConfig["responses"] {
  const byStatus = new Map<ErrorStatus, Set<ErrorCode>>();
  for (const code of codes) byStatus.set(statusOfCode[code], (byStatus.get(statusOfCode[code]) ?? new Set()).add(code));
  return Object.fromEntries(
    [...byStatus].map(([status, named]) => [
      status,
      { description: [...named].join(", "), content: { "application/json": { schema: ErrorSchema } } },
    ]),
  );
}

/** A JSON answer of a route: `200: json(Profile, "The profile")`. */
export const json = <S extends z.ZodType>(schema: S, description: string) => ({ description, content: { "application/json": { schema } } });

const pendingAnswer = json(PendingBody, "Outcome not known yet: ask the status_url, or repeat with the same key");

/** A JSON body that must be there: without `required` the validators would run the handler on {}. */
export const required = <S extends z.ZodType>(schema: S) => ({ required: true as const, content: { "application/json": { schema } } });

export const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(25),
  cursor: z.uuid().optional(),
});

export const listOf = <S extends z.ZodType>(item: S) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable(), total: z.number().int().optional() });
