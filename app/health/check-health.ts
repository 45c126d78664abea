import type { Platform } from "../platform/context.ts";
import { databaseRefusal, sql, takesWrites } from "../platform/postgres.ts";
import { withDeadline } from "../platform/with-deadline.ts";
import { lookAtReplica, type ReplicaState } from "./replica.ts";

export interface Health {
  readonly status: "healthy" | "degraded" | "down";
  readonly database: "connected" | "read_only" | "full" | "disconnected";
  readonly redis: "connected" | "disconnected";
  /** Only where a replica is expected. */
  readonly replica?: ReplicaState;
}

const timeoutMs = 1_000;

/** What is up and what is down. Without Redis or a replica, or with a database that only reads, much still works: degraded and not down. */
export async function checkHealth(platform: Platform): Promise<Health> {
  const [answer, replica] = await Promise.all([checkDatabase(platform), lookAtReplica(platform)]);
  const database = answer === "connected" && platform.db.isFull() ? "full" : answer;
  const redis = platform.cache.isUp() && (await platform.cache.use((client) => client.ping())) === "PONG" ? "connected" : "disconnected";
  const isWell = database === "connected" && redis === "connected" && (replica ?? "ok") === "ok";
  const status = database === "disconnected" ? "down" : isWell ? "healthy" : "degraded";
  return { status, database, redis, ...(replica === undefined ? {} : { replica }) };
}

/** Ready means: a wallet could be debited here and now. */
export const checkDatabase = (platform: Platform): Promise<Health["database"]> =>
  withDeadline(timeoutMs, "PostgreSQL", askDatabase(platform)).catch(() => "disconnected");

async function askDatabase({ db, log }: Platform): Promise<Health["database"]> {
  try {
    const row = await db.row<{ readOnly: boolean }>(sql`select not ${takesWrites} as read_only`);
    return row?.readOnly ? "read_only" : "connected";
  } catch (error) {
    if (!databaseRefusal(error)) log.error({ err: error }, "The readiness check failed");
    return "disconnected";
  }
}
