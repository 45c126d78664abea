import { useSyncExternalStore } from "react";
import { authClient, passkeyClient } from "../api/clients.ts";
import { ApiError, errorOf, type Fetch, plainFetch, unwrap } from "../api/request.ts";
import { sendLogOut } from "./send-log-out.ts";

/**
 * The portal's session: both tokens are in cookies that no script can read, and a write repeats the session's CSRF token
 * in a header. An access cookie that ran out is renewed once, under a lock over all tabs.
 */
export interface StaffUser {
  readonly id: string;
  readonly username: string;
  readonly name: string;
  readonly role: "owner" | "cashier" | "kitchen" | "delivery" | "finance" | "admin";
  readonly cafe_id: string | null;
}

export type StaffRole = StaffUser["role"];

export type StaffSession =
  | { readonly kind: "unknown" | "out" }
  | { readonly kind: "in"; readonly user: StaffUser; readonly csrfToken: string };

interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly totp?: string;
  readonly recovery_code?: string;
}

const lockName = "campus.staff.renewal";
const auth = authClient(plainFetch);
const passkeys = passkeyClient(plainFetch);

let state: StaffSession = { kind: "unknown" };
const listeners = new Set<() => void>();
const atEnd = new Set<() => void>();

function become(next: StaffSession): void {
  state = next;
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

export const staffSession = (): StaffSession => state;

export const useStaffSession = (): StaffSession => useSyncExternalStore(subscribe, staffSession);

/** What is to be forgotten when somebody logs out: the next one at this screen is somebody else. */
export const onStaffSessionEnd = (forget: () => void): void => void atEnd.add(forget);

/** A cookie from before may still be good: the server knows. */
export async function openStaffSession(): Promise<void> {
  try {
    await readSession();
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    await renewStaff().catch(() => become({ kind: "out" }));
  }
}

async function readSession(): Promise<void> {
  const { csrf_token, user } = await unwrap(auth.admin.auth.session.$get());
  become({ kind: "in", user, csrfToken: csrf_token });
}

export async function logInStaff(credentials: Credentials): Promise<void> {
  const body = await unwrap(auth.admin.auth.login.$post({ json: credentials, header: { "x-session": "cookie" } }));
  if (!("csrf_token" in body)) throw new ApiError("INTERNAL_ERROR", "The server answered with tokens, not with a cookie.");
  become({ kind: "in", user: body.user, csrfToken: body.csrf_token });
}

/** The device's own lock in the place of name, password and code. */
export async function logInWithPasskey(): Promise<void> {
  const { startAuthentication } = await import("@simplewebauthn/browser");
  const { challenge_id, options } = await unwrap(passkeys.admin.auth["passkey-login"].options.$post());
  const response = await startAuthentication({ optionsJSON: options as never });
  const body = await unwrap(
    passkeys.admin.auth["passkey-login"].$post({ json: { challenge_id, response: response as never }, header: { "x-session": "cookie" } }),
  );
  if (!("csrf_token" in body)) throw new ApiError("INTERNAL_ERROR", "The server answered with tokens, not with a cookie.");
  become({ kind: "in", user: body.user, csrfToken: body.csrf_token });
}

// A passkey belongs to a name: at a bare address the browser refuses it.
export const canUsePasskeys = "PublicKeyCredential" in globalThis && !/^[\d.:[\]]+$/.test(location.hostname);

/** A key of this device for a login that has just been proved. An account's first factor brings recovery codes, told this once. */
export async function addPasskey(proof: Credentials, name: string): Promise<readonly string[] | null> {
  const { startRegistration } = await import("@simplewebauthn/browser");
  const { challenge_id, options } = await unwrap(passkeys.admin.auth["passkey-options"].$post({ json: proof }));
  const response = await startRegistration({ optionsJSON: options as never });
  const { username, password } = proof;
  const made = await unwrap(
    passkeys.admin.auth.passkeys.$post({ json: { username, password, challenge_id, name, response: response as never } }),
  );
  return made.recovery_codes;
}

let renewal: Promise<void> | undefined;

/** One renewal at a time in this tab, and by the lock in all of them. */
export function renewStaff(): Promise<void> {
  renewal ??= withLock(askForCookies).finally(() => {
    renewal = undefined;
  });
  return renewal;
}

const withLock = (work: () => Promise<void>): Promise<void> => ("locks" in navigator ? navigator.locks.request(lockName, work) : work());

async function askForCookies(): Promise<void> {
  try {
    const body = await unwrap(auth.auth.refresh.$post({ json: {}, header: { "x-session": "cookie" } }));
    // One origin is one jar: without a portal's cookie the server may have renewed a student's.
    if (!("csrf_token" in body)) throw new ApiError("INVALID_TOKEN", "This session is not the portal's.", { status: 401 });
    become({ kind: "in", user: body.user, csrfToken: body.csrf_token });
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) endHere();
    throw error;
  }
}

function endHere(): void {
  for (const forget of atEnd) forget();
  become({ kind: "out" });
}

export async function logOutStaff(): Promise<void> {
  await sendLogOut(staffFetch);
  endHere();
}

/** fetch as the staff member: a cookie that ran out is renewed once, and the request sent again. */
export const staffFetch: Fetch = async (input, init) => {
  const answer = await plainFetch(input, withCsrf(init));
  if (answer.status !== 401 && answer.status !== 403) return answer;
  const { code } = await errorOf(answer.clone());
  if (code === "CSRF_FAILED") await readSession();
  else if (code === "TOKEN_EXPIRED" || code === "INVALID_TOKEN") await renewStaff();
  else return answer;
  return plainFetch(input, withCsrf(init));
};

function withCsrf(init: RequestInit | undefined): RequestInit {
  const headers = new Headers(init?.headers);
  if (state.kind === "in") headers.set("X-CSRF-Token", state.csrfToken);
  return { ...init, headers };
}
