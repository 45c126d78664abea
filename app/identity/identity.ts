import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { type Holder, keyIdOf, readAccessToken, signAccessToken } from "./access-token.ts";
import { watchEndedSessions } from "./ended-sessions.ts";
import { afterLook, type Keyring, type PublicJwk, parseKeyring } from "./keyring.ts";
import { type KnownDevices, watchDevices } from "./known-devices.ts";
import { createPasswords, type Passwords } from "./passwords.ts";
import { createTokenCache } from "./token-cache.ts";

/**
 * Who is calling, answered without a round trip: access tokens are checked with cached keys, cached signatures and the
 * set of revoked sessions. Redis only makes revocations faster; every login needs PostgreSQL alone.
 */
export interface Identity {
  /** No longer than the session lasts. */
  signAccessToken(holder: Holder, secondsLeft?: number): string;
  /** Throws TOKEN_EXPIRED or INVALID_TOKEN. */
  verifyAccessToken(token: string): Holder;
  /** To be called after the commit that revoked the sessions. */
  sessionsEnded(sessionIds: readonly string[]): void;
  readonly devices: Pick<KnownDevices, "recognize" | "announce">;
  readonly passwords: Pick<Passwords, "hash" | "verify" | "refuseIfFull" | "typicalMs">;
  /** What /.well-known/jwks.json says; other features add their public keys. */
  jwks(extraKeys?: readonly PublicJwk[]): { readonly keys: readonly PublicJwk[] };
  end(): void;
}

const keyRefreshMs = 300_000;
/** Anybody may name a key that never was: Secrets Manager is asked for those no more often. */
const askAgainMs = 10_000;

export async function openIdentity(platform: Platform): Promise<Identity> {
  const { config } = platform;
  const cache = createTokenCache();
  const keys = await watchKeyring(platform, cache.clear);
  const ended = await watchEndedSessions(platform);
  const devices = watchDevices(platform);
  const passwords = createPasswords();

  const verified = (token: string) => {
    const known = cache.get(token);
    if (known) return known;
    const read = readAccessToken(keys.current(), config.PUBLIC_URL, token);
    if (!read) {
      // A process that was started since a rotation signs with a key that this one has not read: the client's next try finds it.
      const keyId = keyIdOf(token);
      if (keyId !== undefined && !keys.current().verifiers.has(keyId)) keys.lookSoon();
      throw new CodedError("INVALID_TOKEN", "This access token is not valid: log in again.");
    }
    cache.set(token, read);
    return read;
  };

  return {
    signAccessToken: (holder, secondsLeft = config.ACCESS_TOKEN_SECONDS) =>
      signAccessToken(keys.current(), holder, {
        issuer: config.PUBLIC_URL,
        lifeSeconds: Math.min(config.ACCESS_TOKEN_SECONDS, secondsLeft),
        nowMs: Date.now(),
      }),
    verifyAccessToken(token) {
      const { holder, expiresAtMs } = verified(token);
      if (expiresAtMs > Date.now() && !ended.has(holder.sessionId)) return holder;
      cache.delete(token);
      if (expiresAtMs <= Date.now()) throw new CodedError("TOKEN_EXPIRED", "This access token has expired: refresh it.");
      throw new CodedError("INVALID_TOKEN", "This session was ended: log in again.");
    },
    sessionsEnded: ended.announce,
    devices,
    passwords,
    jwks: (extraKeys = []) => ({ keys: [...keys.current().published, ...extraKeys] }),
    end() {
      keys.stop();
      ended.stop();
      devices.stop();
      passwords.end();
    },
  };
}

interface WatchedKeys {
  current(): Keyring;
  lookSoon(): void;
  stop(): void;
}

/** The keyring of the secret, looked at anew every 5 minutes: a rotation needs no restart. */
async function watchKeyring({ secrets, log }: Platform, onChange: () => void): Promise<WatchedKeys> {
  let text = await secrets.get("JWT_KEYS");
  let keyring = parseKeyring(text);
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  const refresh = async () => {
    lookedAtMs = performance.now();
    // Not `get`: what it keeps is a moment younger than this look.
    const fresh = await secrets.fresh("JWT_KEYS");
    keyring = afterLook(keyring, parseKeyring(fresh));
    if (fresh === text) return;
    text = fresh;
    onChange();
  };
  const look = () =>
    void refresh().catch((error: unknown) => log.error({ err: error }, "The token keys could not be read; the last known ones are used"));
  const timer = setInterval(look, keyRefreshMs).unref();
  return {
    current: () => keyring,
    lookSoon: () => {
      if (performance.now() >= lookedAtMs + askAgainMs) look();
    },
    stop: () => clearInterval(timer),
  };
}
