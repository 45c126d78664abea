import { otherRegionWrites, type Platform } from "../platform/context.ts";
import { databaseRefusal, sql } from "../platform/postgres.ts";
import { withDeadline } from "../platform/with-deadline.ts";

export type ReplicaState = "ok" | "behind" | "unknown";

const timeoutMs = 1_000;
const keptMs = 1_000;

interface Look {
  readonly answer: Promise<ReplicaState>;
  freshUntilMs: number;
}

const looks = new WeakMap<Platform, Look>();

/**
 * How the copy in the other region follows; undefined, and nothing asked, where none is expected. Whoever asks within a
 * second, or while the database has not answered, shares one look: it never takes more than one connection.
 */
export async function lookAtReplica(platform: Platform): Promise<ReplicaState | undefined> {
  const limitSeconds = platform.config.REPLICA_LAG_LIMIT_SECONDS;
  if (limitSeconds === undefined) return undefined;
  const known = looks.get(platform);
  const look = known && performance.now() < known.freshUntilMs ? known : beginLook(platform, limitSeconds);
  return withDeadline(timeoutMs, "The look at the replica", look.answer).catch(() => "unknown" as const);
}

function beginLook(platform: Platform, limitSeconds: number): Look {
  const look: Look = {
    answer: readLag(platform).then((lagSeconds) => {
      platform.metrics.set("replica_lag_seconds", {}, lagSeconds);
      look.freshUntilMs = performance.now() + keptMs;
      if (Number.isNaN(lagSeconds)) return "unknown";
      // Where another region is to write, what this one has written has to be there, all of it: a planned failover waits for that.
      return lagSeconds <= (otherRegionWrites(platform.config) ? 0 : limitSeconds) ? "ok" : "behind";
    }),
    freshUntilMs: Number.POSITIVE_INFINITY,
  };
  looks.set(platform, look);
  return look;
}

/** Infinite where no replica follows; no number where it cannot be known. */
async function readLag({ db, log }: Platform): Promise<number> {
  try {
    const row = await db.row<{ isVisible: boolean; lagSeconds: number | null }>(sql`select is_visible, lag_seconds from replica_lag()`);
    return row?.isVisible ? (row.lagSeconds ?? Number.POSITIVE_INFINITY) : Number.NaN;
  } catch (error) {
    if (!databaseRefusal(error)) log.error({ err: error }, "The look at the replica failed");
    return Number.NaN;
  }
}
