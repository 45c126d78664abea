import type { MiddlewareHandler } from "hono";
import type { Config } from "../config.ts";
import { CodedError } from "../errors.ts";
import type { Cache } from "../redis.ts";
import { earlyHeader } from "./early-header.ts";

export type Bucket = "general" | "status" | "device" | "order" | "stop";

/** Of what stops, and of the lists that name it: nobody stops more often than that, and whoever spends another's requests keeps them from none of it. */
const stopsPerMinute = 20;

const limitOf = (config: Config): Record<Bucket, number> => ({
  general: config.RATE_GENERAL_PER_MINUTE * config.RATE_LIMIT_SCALE,
  status: config.RATE_STATUS_PER_MINUTE * config.RATE_LIMIT_SCALE,
  device: config.RATE_DEVICE_PER_MINUTE * config.RATE_LIMIT_SCALE,
  order: config.RATE_ORDERS_PER_10_MINUTES * config.RATE_LIMIT_SCALE,
  stop: stopsPerMinute * config.RATE_LIMIT_SCALE,
});

const windowSecondsOf: Readonly<Record<Bucket, number>> = { general: 60, status: 60, device: 60, order: 600, stop: 60 };

// One command and not two in a MULTI: half the work for the client, and no key is ever left without an end.
const countScript =
  "local n = redis.call('INCRBY', KEYS[1], ARGV[1]) if n == tonumber(ARGV[1]) then redis.call('EXPIRE', KEYS[1], ARGV[2]) end return n";

/**
 * Counts one request of `who` in a window that all processes share; without Redis each process counts for itself. The first
 * `alone` of a window are counted here only, and told to the others with the next one.
 */
export async function countRequest(cache: Cache, who: string, windowSeconds: number, nowMs: number, alone = 0): Promise<number> {
  const key = keyOf(who, windowSeconds, nowMs);
  const own = countLocally(cache, key, windowSeconds, nowMs);
  if (own <= alone) return own;
  const untold = own === alone + 1 ? own : 1;
  const shared = await cache.use(async (redis) => Number(await redis.eval(countScript, 1, key, untold, windowSeconds + 1)));
  return shared ?? own;
}

const keyOf = (who: string, windowSeconds: number, nowMs: number): string => `rate:${who}:${Math.floor(nowMs / 1000 / windowSeconds)}`;

/** Takes back what `countRequest` counted with the same words. */
async function giveBack(cache: Cache, who: string, windowSeconds: number, nowMs: number, alone: number): Promise<void> {
  const key = keyOf(who, windowSeconds, nowMs);
  const own = counts.get(cache)?.get(key);
  if (!own) return;
  const shared = own.count > alone ? await cache.use((redis) => redis.eval(countScript, 1, key, -1, windowSeconds + 1)) : undefined;
  if (shared === undefined) own.count -= 1;
}

const maxLocalKeys = 50_000;
const counts = new WeakMap<Cache, Map<string, { count: number; endsAtMs: number }>>();

function countLocally(cache: Cache, key: string, windowSeconds: number, nowMs: number): number {
  const local = counts.get(cache) ?? new Map();
  counts.set(cache, local);
  const entry = local.get(key);
  if (entry) return ++entry.count;
  if (local.size >= maxLocalKeys) {
    for (const [old, { endsAtMs }] of local) if (endsAtMs <= nowMs) local.delete(old);
    if (local.size >= maxLocalKeys) local.clear();
  }
  local.set(key, { count: 1, endsAtMs: nowMs + windowSeconds * 1000 });
  return 1;
}

/**
 * So much of its limit may a principal ask of one process before the others hear of it: whoever asks a few times a minute
 * costs no round trip to Redis, and a limit is passed by no more than this part for each further process.
 */
const aloneShare = 1 / 16;

/** What it needs to know of a request. */
interface Limited {
  Variables: {
    readonly platform: { readonly cache: Cache; readonly config: Config };
    readonly principal: { readonly kind: string; readonly id: string; readonly session?: string };
  };
}

/** Runs after the guard: the limit is the principal's, never the address's, because a campus sits behind one address. */
export function limitRate(bucket: Bucket): MiddlewareHandler<Limited> {
  return async (c, next) => {
    const { cache, config } = c.var.platform;
    const { kind, id, session } = c.var.principal;
    // Who holds a stolen token spends its stops only: after a new log-in its owner has all of them.
    const who = bucket === "stop" && session !== undefined ? `${id}:${session}` : id;
    const limit = limitOf(config)[bucket];
    const windowSeconds = windowSecondsOf[bucket];
    const nowMs = Date.now();
    const alone = Math.floor(limit * aloneShare);
    const count = await countRequest(cache, `${bucket}:${kind}:${who}`, windowSeconds, nowMs, alone);
    const resetSeconds = windowSeconds - (Math.floor(nowMs / 1000) % windowSeconds);
    earlyHeader(c, "RateLimit-Limit", String(limit));
    earlyHeader(c, "RateLimit-Remaining", String(Math.max(0, limit - count)));
    earlyHeader(c, "RateLimit-Reset", String(resetSeconds));
    if (count > limit)
      throw new CodedError("RATE_LIMITED", "Too many requests: please wait a moment.", { retryAfterSeconds: resetSeconds });
    await next();
    // An order that we were away for was none: who sent it again, as we ask, would else wait for the rest of ten minutes.
    if (bucket === "order" && c.res.status === 503) await giveBack(cache, `${bucket}:${kind}:${who}`, windowSeconds, nowMs, alone);
  };
}
