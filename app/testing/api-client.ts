export interface ApiOptions {
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown;
  /** The credential of whoever calls: `Bearer <token>` or `Device <id>.<key>`. */
  readonly authorization?: string;
  readonly token?: string;
  readonly device?: { readonly authorization: string };
  readonly cookie?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Which of the two API processes is asked; the first unless told. */
  readonly process?: 0 | 1;
}

export interface ApiAnswer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
  readonly text: string;
}

/** Calls `/api/v1` + path, or the path itself where `path` begins with "root:" (`root:/ready`). */
export type Api = <Body = unknown>(method: string, path: string, options?: ApiOptions) => Promise<ApiAnswer<Body>>;

const timeoutMs = 20_000;

export function createApi(urls: readonly string[]): Api {
  return async <Body>(method: string, path: string, options: ApiOptions = {}) => {
    const base = urls[options.process ?? 0];
    const url = path.startsWith("root:") ? `${base}${path.slice("root:".length)}` : `${base}/api/v1${path}`;
    const answer = await fetch(url, {
      method,
      headers: headersOf(options),
      ...(options.body === undefined ? {} : { body: typeof options.body === "string" ? options.body : JSON.stringify(options.body) }),
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: bodyOf(answer, text) as Body, text };
  };
}

/** The same API as one caller. */
export const callAs =
  (api: Api, authorization: string): Api =>
  (method, path, options = {}) =>
    api(method, path, { authorization, ...options });

function headersOf(options: ApiOptions): Record<string, string> {
  const authorization = options.authorization ?? (options.token === undefined ? options.device?.authorization : `Bearer ${options.token}`);
  return {
    ...(options.body === undefined ? {} : { "Content-Type": "application/json" }),
    ...(authorization === undefined ? {} : { Authorization: authorization }),
    ...(options.cookie === undefined ? {} : { Cookie: options.cookie }),
    ...options.headers,
  };
}

const bodyOf = (answer: Response, text: string): unknown =>
  text !== "" && answer.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text;
