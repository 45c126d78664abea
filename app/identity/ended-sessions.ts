import type { Platform } from "../platform/context.ts";
import { unavailable } from "../platform/errors.ts";
import { sql } from "../platform/postgres.ts";
import type { Cache } from "../platform/redis.ts";

const channel = "sessions";
const pollMs = 5_000;
// Longer than any transaction may last, so that a session revoked in one that commits late is still seen.
const overlapSeconds = 60;

/**
 * The sessions that were revoked while one of their access tokens may still live. Redis tells at once; PostgreSQL is
 * asked every 5 s as well, so that without Redis a revoked session ends within that time.
 */
export interface EndedSessions {
  has(sessionId: string): boolean;
  /** To be called after the commit: ends the sessions here now, and on the other processes as fast as Redis is. */
  announce(sessionIds: readonly string[]): void;
  stop(): void;
}

/** For the worker, which checks no tokens itself. To be called after the commit that revoked the sessions. */
export function announceEnded(cache: Pick<Cache, "publish">, sessionIds: readonly string[]): void {
  for (const id of sessionIds) cache.publish(channel, id);
}

export async function watchEndedSessions(platform: Platform): Promise<EndedSessions> {
  const { cache, config, db, log } = platform;
  const rememberMs = (config.ACCESS_TOKEN_SECONDS + overlapSeconds) * 1000;
  const forgetAtMs = new Map<string, number>();
  let caughtUpAtMs: number | undefined;

  const add = (sessionId: string) => forgetAtMs.set(sessionId, performance.now() + rememberMs);
  const catchUp = async () => {
    const startedAtMs = performance.now();
    const windowSeconds = (caughtUpAtMs === undefined ? rememberMs : startedAtMs - caughtUpAtMs) / 1000 + overlapSeconds;
    const rows = await db.rows<{ id: string }>(
      sql`select id from sessions where revoked_at > now() - make_interval(secs => ${windowSeconds}::float8)`,
    );
    for (const { id } of rows) if (!forgetAtMs.has(id)) add(id);
    for (const [id, atMs] of forgetAtMs) if (atMs < startedAtMs) forgetAtMs.delete(id);
    caughtUpAtMs = startedAtMs;
  };
  const poll = () => catchUp().catch((error: unknown) => log.warn({ err: error }, "The revoked sessions could not be read"));

  const unsubscribe = cache.subscribe(channel, add);
  await poll();
  const timer = setInterval(() => void poll(), pollMs).unref();

  return {
    has(sessionId) {
      if (caughtUpAtMs === undefined) throw unavailable("It is not known yet which sessions were ended.");
      return forgetAtMs.has(sessionId);
    },
    announce(sessionIds) {
      for (const id of sessionIds) add(id);
      announceEnded(cache, sessionIds);
    },
    stop() {
      clearInterval(timer);
      unsubscribe();
    },
  };
}
