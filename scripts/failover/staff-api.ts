import { stdin, stdout } from "node:process";
import { createInterface } from "node:readline/promises";
import { PlainError } from "../../app/local/plain-error.ts";

export const couldNotAsk = 2;

/** The API as one of finance: the login comes from the environment, so that no password stands in a list of processes. */
export interface StaffApi {
  get<Body>(path: string): Promise<Body>;
  post<Body>(path: string, body?: unknown): Promise<Body>;
}

export async function logIn(url: string): Promise<StaffApi> {
  const { CAMPUS_USERNAME: username, CAMPUS_PASSWORD: password } = process.env;
  if (!username || !password)
    throw new PlainError("Who are you? Give a finance login in CAMPUS_USERNAME and CAMPUS_PASSWORD.", couldNotAsk);
  const totp = process.env.CAMPUS_TOTP ?? (await codeOfNow());
  const api = `${url.replace(/\/$/, "")}/api/v1`;
  const { access_token: token } = await ask<{ access_token: string }>("POST", `${api}/admin/auth/login`, {
    username,
    password,
    ...(totp && { totp }),
  });
  return {
    get: (path) => ask("GET", `${api}${path}`, undefined, token),
    post: (path, body) => ask("POST", `${api}${path}`, body, token),
  };
}

async function ask<Body>(method: "GET" | "POST", url: string, body: unknown, token?: string): Promise<Body> {
  const answer = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    throw new PlainError(`${url} cannot be reached (${(error as Error).message}): give the address in --url.`, couldNotAsk);
  });
  if (!answer.ok) throw new PlainError(`${url} answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`, couldNotAsk);
  return (await answer.json()) as Body;
}

/** A code opens for half a minute, and a failover takes longer: where somebody is there, they are asked when it is needed. */
async function codeOfNow(): Promise<string | undefined> {
  if (!stdin.isTTY) return undefined;
  const lines = createInterface({ input: stdin, output: stdout });
  const typed = await lines
    .question("The code that the authenticator app shows now (Enter where there is none): ")
    .finally(() => lines.close());
  return typed.replace(/\s/g, "") || undefined;
}
