import type { Config, SecretName } from "./config.ts";
import { watchEventLoop } from "./event-loop.ts";
import type { Logger } from "./log.ts";
import { createLog } from "./log.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { type Database, openDatabase } from "./postgres.ts";
import { type Cache, openCache } from "./redis.ts";
import { awsSecretFetcher, createSecrets, type Secrets } from "./secrets.ts";

/** What every part of a process works with. Made once at the start, ended once at the end. */
export interface Platform {
  readonly config: Config;
  readonly secrets: Secrets<SecretName>;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly db: Database;
  readonly cache: Cache;
  end(): Promise<void>;
}

interface PlatformOptions {
  readonly process: string;
  readonly writeLog?: (line: string) => void;
}

/** Since a failover, or on the way to a planned one. */
export const otherRegionWrites = ({ CAMPUS_WRITER, CAMPUS_REGION }: Pick<Config, "CAMPUS_WRITER" | "CAMPUS_REGION">): boolean =>
  CAMPUS_WRITER !== undefined && CAMPUS_WRITER !== CAMPUS_REGION;

export async function openPlatform(config: Config, options: PlatformOptions): Promise<Platform> {
  const early = { warn: (...words: unknown[]) => console.error(...words) };
  const secrets = createSecrets<SecretName>({
    sources: config.secretSources,
    fetchSecret: awsSecretFetcher(config.AWS_REGION),
    log: early,
  });
  const log = createLog({
    level: config.LOG_LEVEL,
    pepper: await secrets.get("LOG_PEPPER"),
    base: { process: options.process, region: config.CAMPUS_REGION, version: config.CAMPUS_VERSION },
    ...(options.writeLog === undefined ? {} : { write: options.writeLog }),
  });
  const metrics = createMetrics();
  const stopWatching = watchEventLoop(metrics);
  const db = openDatabase({
    url: config.DATABASE_URL,
    password: () => secrets.get("DATABASE_PASSWORD"),
    freshPassword: () => secrets.fresh("DATABASE_PASSWORD"),
    poolSize: config.DATABASE_POOL_SIZE,
    connectTimeoutMs: config.DATABASE_CONNECT_TIMEOUT_MS,
    statementTimeoutMs: config.DATABASE_STATEMENT_TIMEOUT_MS,
    lockTimeoutMs: config.DATABASE_LOCK_TIMEOUT_MS,
    idleInTransactionTimeoutMs: config.DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS,
    ca: config.DATABASE_CA,
    onlyReads: otherRegionWrites(config),
    applicationName: `campus-${options.process}`,
    log,
  });
  const redisPassword = async (read: "get" | "fresh") => (secrets.has("REDIS_PASSWORD") ? secrets[read]("REDIS_PASSWORD") : undefined);
  const cache = await openCache({
    url: config.REDIS_URL,
    password: () => redisPassword("get"),
    freshPassword: () => redisPassword("fresh"),
    timeoutMs: config.REDIS_TIMEOUT_MS,
    ca: config.REDIS_CA,
    log,
  });
  return {
    config,
    secrets,
    log,
    metrics,
    db,
    cache,
    async end() {
      stopWatching();
      await cache.end();
      await db.end();
    },
  };
}
