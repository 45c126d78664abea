import { useSyncExternalStore } from "react";
import { authClient } from "../api/clients.ts";
import { ApiError, errorOf, type Fetch, plainFetch, unwrap } from "../api/request.ts";
import { sendLogOut } from "./send-log-out.ts";

/**
 * A student's session: the access token in memory alone, the token that renews it in a cookie no script can read. One
 * renewal at a time over all tabs, since a renewal token is good for one use.
 */
export interface Student {
  readonly id: string;
  readonly phone: string;
  readonly name: string | null;
}

export type SessionState =
  | { readonly kind: "unknown" | "out" }
  | { readonly kind: "in"; readonly student: Student; readonly token: string };

const hintKey = "campus.student.signed-in";
const lockName = "campus.student.renewal";
const auth = authClient(plainFetch);

let state: SessionState = { kind: "unknown" };
const listeners = new Set<() => void>();
const atEnd = new Set<() => void>();

function become(next: SessionState): void {
  state = next;
  for (const listener of listeners) listener();
}

export const studentSession = (): SessionState => state;

export const subscribeToSession = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

export const useSession = (): SessionState => useSyncExternalStore(subscribeToSession, studentSession);

/** What is to be forgotten when somebody logs out: the next one at this phone is somebody else. */
export const onSessionEnd = (forget: () => void): void => void atEnd.add(forget);

/** Whether somebody logged in here before: only then it is worth asking. */
const hint = {
  read: () => storage(() => localStorage.getItem(hintKey) !== null) ?? false,
  write: (isIn: boolean) => void storage(() => (isIn ? localStorage.setItem(hintKey, "1") : localStorage.removeItem(hintKey))),
};

function storage<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

const askAgainMs = 5_000;

/** Whoever logged in before is not logged out because nothing answers: asked again when the network says so, else after a while. */
export async function openSession(): Promise<void> {
  if (state.kind !== "unknown") return;
  if (!hint.read()) return become({ kind: "out" });
  await renew().catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 401) return;
    const again = () => {
      clearTimeout(timer);
      removeEventListener("online", again);
      void openSession();
    };
    const timer = setTimeout(again, askAgainMs);
    addEventListener("online", again);
  });
}

export const askForCode = (phone: string) => unwrap(auth.auth["request-otp"].$post({ json: { phone } }));

export async function logIn(phone: string, otp: string): Promise<Student> {
  const body = await unwrap(auth.auth["verify-otp"].$post({ json: { phone, otp }, header: { "x-session": "cookie" } }));
  hint.write(true);
  become({ kind: "in", token: body.access_token, student: body.user });
  return body.user;
}

let renewal: Promise<string> | undefined;

/** One renewal at a time in this tab, and by the lock in all of them. */
export function renew(): Promise<string> {
  renewal ??= withLock(askForToken).finally(() => {
    renewal = undefined;
  });
  return renewal;
}

const withLock = <T>(work: () => Promise<T>): Promise<T> =>
  "locks" in navigator ? (navigator.locks.request(lockName, work) as Promise<T>) : work();

async function askForToken(): Promise<string> {
  try {
    const body = await unwrap(auth.auth.refresh.$post({ json: {}, header: { "x-session": "student-cookie" } }));
    if (!("access_token" in body) || !("phone" in body.user))
      throw new ApiError("INVALID_TOKEN", "This session is not a student's.", { status: 401 });
    hint.write(true);
    become({ kind: "in", token: body.access_token, student: body.user });
    return body.access_token;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) endHere();
    throw error;
  }
}

function endHere(): void {
  hint.write(false);
  for (const forget of atEnd) forget();
  become({ kind: "out" });
}

export async function logOut(): Promise<void> {
  await sendLogOut(studentFetch);
  endHere();
}

/** fetch as the student: a token that ran out is renewed once, and the request sent again. */
export const studentFetch: Fetch = async (input, init) => {
  const token = state.kind === "in" ? state.token : hint.read() ? await renew() : undefined;
  const answer = await plainFetch(input, withToken(init, token));
  if (answer.status !== 401 || token === undefined) return answer;
  const { code } = await errorOf(answer.clone());
  if (code !== "TOKEN_EXPIRED" && code !== "INVALID_TOKEN") return answer;
  return plainFetch(input, withToken(init, await renew()));
};

function withToken(init: RequestInit | undefined, token: string | undefined): RequestInit {
  const headers = new Headers(init?.headers);
  if (token !== undefined) headers.set("Authorization", `Bearer ${token}`);
  return { ...init, headers };
}
