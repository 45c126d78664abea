import type { ClientResponse } from "hono/client";
import type { ErrorCode } from "../../../platform/errors.ts";
import { hearTime } from "../clock.ts";

/** What went wrong, in the server's code or one of the two that only a browser can know. */
export type FailureCode = ErrorCode | "OFFLINE" | "UNREACHABLE";

export class ApiError extends Error {
  readonly code: FailureCode;
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;

  constructor(
    code: FailureCode,
    message: string,
    parts: {
      status?: number;
      details?: Readonly<Record<string, unknown>>;
      requestId?: string | null;
      retryAfterSeconds?: number | null;
    } = {},
  ) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.status = parts.status ?? 0;
    this.details = parts.details ?? {};
    this.requestId = parts.requestId ?? null;
    this.retryAfterSeconds = parts.retryAfterSeconds ?? null;
  }
}

export type Fetch = (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>;

/** fetch, with the network's failures as the same kind of error as the server's. */
export const plainFetch: Fetch = async (input, init) => {
  try {
    const answer = await fetch(input, init);
    hearTime(answer.headers);
    return answer;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(navigator.onLine ? "UNREACHABLE" : "OFFLINE", "The server could not be reached.");
  }
};

interface Answer {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: Headers;
  json(): Promise<unknown>;
}
/** A 304 never comes to a page: the browser answers it from its own cache. */
type BodyOf<R> = R extends { readonly status: 304 } ? never : R extends { json(): Promise<infer B> } ? B : never;

/** The body of a call that answers JSON or a file, when it is asked for JSON. */
export type JsonOf<Call> = Call extends (...args: never[]) => Promise<infer R> ? JsonBodyOf<R> : never;
type JsonBodyOf<R> =
  R extends ClientResponse<infer B, infer Status, infer _Format> ? (Status extends 200 ? Exclude<B, string | Response> : never) : never;

/** The body of a good answer; any other one is thrown as an ApiError. */
export async function unwrap<R extends Answer>(asking: Promise<R>): Promise<BodyOf<R>> {
  const answer = await asking;
  if (!answer.ok) throw await errorOf(answer);
  return (answer.status === 204 ? undefined : await answer.json()) as BodyOf<R>;
}

export async function errorOf(answer: Answer): Promise<ApiError> {
  const body = (await answer.json().catch(() => ({}))) as {
    error?: { code?: FailureCode; message?: string; details?: Record<string, unknown> };
  };
  const retryAfter = answer.headers.get("retry-after");
  return new ApiError(
    body.error?.code ?? (answer.status >= 500 ? "TEMPORARILY_UNAVAILABLE" : "INTERNAL_ERROR"),
    body.error?.message ?? "",
    {
      status: answer.status,
      details: body.error?.details ?? {},
      requestId: answer.headers.get("x-request-id"),
      retryAfterSeconds: retryAfter === null ? null : Number(retryAfter),
    },
  );
}
