import { useSyncExternalStore } from "react";
import { authClient } from "../shared/api/clients.ts";
import { ApiError, plainFetch, unwrap } from "../shared/api/request.ts";

/**
 * Who stands at this till. Each logs in once with a password and chooses a PIN for this page: the PIN opens nothing but the page's own
 * lock, so the server never hears of it, and after a few wrong ones it takes the password again. All of it is in memory: a reload
 * forgets everybody.
 */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly role: string;
}

interface AtTill extends Person {
  readonly salt: Uint8Array<ArrayBuffer>;
  readonly pinHash: string;
  wrongPins: number;
  accessToken: string;
  refreshToken: string;
  /** Of performance.now(). */
  renewAt: number;
}

export interface People {
  readonly all: readonly Person[];
  /** Nobody while the till is locked, or where nobody has logged in. */
  readonly current: Person | undefined;
}

export interface Login {
  readonly username: string;
  readonly password: string;
  readonly totp?: string;
  readonly pin: string;
}

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
}

export const pinPattern = "[0-9]{4}";
export const pinLength = 4;
const mostWrongPins = 5;
const renewBeforeMs = 60_000;
const hashRounds = 50_000;

const auth = authClient(plainFetch);
const atTill = new Map<string, AtTill>();
let state: People = { all: [], current: undefined };
const listeners = new Set<() => void>();

function become(current: Person | undefined): void {
  state = { all: [...atTill.values()].map(({ id, name, role }) => ({ id, name, role })), current };
  for (const listener of listeners) listener();
}

export const usePeople = (): People =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => state,
  );

const renewalOf = ({ access_token, refresh_token, expires_in }: Tokens) => ({
  accessToken: access_token,
  refreshToken: refresh_token,
  renewAt: performance.now() + expires_in * 1_000 - renewBeforeMs,
});

/** Only the till's own café's people: another one's could answer for nothing here. */
export async function arrive({ pin, totp, ...login }: Login, cafeId: string): Promise<void> {
  const json = { ...login, ...(totp ? { totp } : {}) };
  const body = (await unwrap(auth.admin.auth.login.$post({ json, header: {} }))) as Tokens & {
    user: Person & { cafe_id: string | null };
  };
  const { id, name, role, cafe_id } = body.user;
  if (cafe_id !== cafeId) {
    await end(body.access_token);
    throw new ApiError("INSUFFICIENT_ROLE", "", { status: 403 });
  }
  const before = atTill.get(id);
  const salt = crypto.getRandomValues(new Uint8Array(16));
  atTill.set(id, { id, name, role, salt, pinHash: await hashOf(pin, salt), wrongPins: 0, ...renewalOf(body) });
  become({ id, name, role });
  if (before) await end(before.accessToken);
}

/** How many tries are left; undefined where the PIN was right. */
export async function unlock(id: string, pin: string): Promise<number | undefined> {
  const person = atTill.get(id);
  if (!person) return 0;
  if ((await hashOf(pin, person.salt)) === person.pinHash) {
    person.wrongPins = 0;
    become({ id, name: person.name, role: person.role });
    return undefined;
  }
  person.wrongPins += 1;
  if (person.wrongPins >= mostWrongPins) await leave(id);
  return Math.max(0, mostWrongPins - person.wrongPins);
}

export const lock = (): void => {
  if (state.current) become(undefined);
};

export async function leave(id: string): Promise<void> {
  const person = atTill.get(id);
  atTill.delete(id);
  become(state.current?.id === id ? undefined : state.current);
  if (person) await end(person.accessToken);
}

/** The session ends by itself where the network is away. */
const end = (accessToken: string): Promise<unknown> =>
  plainFetch("/api/v1/auth/logout", { method: "POST", headers: { Authorization: `Bearer ${accessToken}` } }).catch(() => undefined);

/** In whose name something is done at this till, as the server asks for it; nobody's where nobody has logged in. */
export async function inName(): Promise<{ readonly staffId: string; readonly header: { "x-staff-authorization": string } } | undefined> {
  const person = state.current && atTill.get(state.current.id);
  if (!person) return undefined;
  if (performance.now() >= person.renewAt) {
    const renewed = (await unwrap(auth.auth.refresh.$post({ json: { refresh_token: person.refreshToken }, header: {} })).catch(
      (error: unknown) => {
        if (error instanceof ApiError && error.status === 401) void leave(person.id);
        throw error;
      },
    )) as Tokens;
    Object.assign(person, renewalOf(renewed));
  }
  return { staffId: person.id, header: { "x-staff-authorization": `Bearer ${person.accessToken}` } };
}

/** What a route is asked with: its JSON in the name of whoever stands here, under a key of this till. */
export async function named<Json extends object>(key: string, json: Json) {
  const person = await inName();
  return [
    { header: person?.header ?? {}, json: { ...json, ...(person ? { staff_id: person.staffId } : {}) } },
    { headers: { "idempotency-key": key } },
  ] as const;
}

async function hashOf(pin: string, salt: Uint8Array<ArrayBuffer>): Promise<string> {
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: hashRounds }, key, 256);
  return String.fromCharCode(...new Uint8Array(bits));
}
