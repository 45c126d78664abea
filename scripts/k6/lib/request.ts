import http, { type RefinedResponse } from "k6/http";
import { api } from "./campus.ts";

export type Answer = RefinedResponse<"text">;

interface Options {
  readonly body?: unknown;
  /** `Bearer <token>` or `Device <id>.<key>`. */
  readonly as?: string;
  /** Which statuses are right here; all others count as failed. */
  readonly expected: readonly number[];
  /** The requests that are measured together. */
  readonly name: string;
  readonly base?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request of one of the product's clients. */
export function send(method: string, path: string, options: Options): Answer {
  return http.request(method, `${options.base ?? api}${path}`, textOf(options.body), paramsOf(options));
}

export interface Batched extends Options {
  readonly method: string;
  readonly path: string;
}

/** Many requests at once. Their answers come in the order of the requests. */
export function sendAll(requests: readonly Batched[]): Answer[] {
  return http.batch(
    requests.map((request) => ({
      method: request.method,
      url: `${request.base ?? api}${request.path}`,
      body: textOf(request.body),
      params: paramsOf(request),
    })),
  ) as Answer[];
}

/** The body of an answer that had to be one of the expected ones: anything else ends the iteration with what came instead. */
export function bodyOf<Body>(answer: Answer, expected: readonly number[]): Body {
  if (expected.includes(answer.status)) return JSON.parse(answer.body) as Body;
  throw new Error(
    `${answer.request.method} ${answer.url} was answered ${answer.status}, not ${expected.join(" or ")}: ${answer.body ?? answer.error}`,
  );
}

const textOf = (body: unknown): string | null => (body === undefined ? null : JSON.stringify(body));

function paramsOf({ as, body, expected, name, headers = {} }: Options) {
  return {
    headers: {
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(as === undefined ? {} : { Authorization: as }),
      ...headers,
    },
    tags: { name },
    responseCallback: http.expectedStatuses(...expected),
    responseType: "text" as const,
    timeout: "30s",
  };
}
