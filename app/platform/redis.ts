import { Redis } from "ioredis";
import { type Breaker, createBreaker } from "./breaker.ts";
import type { Logger } from "./log.ts";
import { withDeadline } from "./with-deadline.ts";

/**
 * Redis only makes things fast: it is never the guard. Every use says what happens without it, so the only way in is
 * `use`, which answers undefined when Redis is down, slow or flushed away.
 */
export interface Cache {
  use<T>(work: (redis: Redis) => Promise<T>): Promise<T | undefined>;
  publish(channel: string, message: string): void;
  /** Calls `listener` for every message on the channel, across reconnects. Returns the way to stop. */
  subscribe(channel: string, listener: (message: string) => void): () => void;
  isUp(): boolean;
  end(): Promise<void>;
}

interface CacheOptions {
  readonly url: string;
  readonly password: () => Promise<string | undefined>;
  readonly freshPassword: () => Promise<string | undefined>;
  readonly timeoutMs: number;
  readonly ca: string | undefined;
  readonly log: Pick<Logger, "warn" | "info">;
}

const breakerFailures = 5;
const breakerRestMs = 1_000;
const maxReconnectDelayMs = 1_000;
const connectTimeoutMs = 1_000;
// A connection that owes an answer for this long is given up: the other side may be gone without a word.
const silenceMs = 2_000;

export async function openCache(options: CacheOptions): Promise<Cache> {
  const commands = await openClient(options, "commands");
  const subscriber = await openClient(options, "subscriber");
  const breaker: Breaker = createBreaker({
    name: "Redis",
    failures: breakerFailures,
    restMs: breakerRestMs,
    onChange: (open) => options.log.warn({ open }, open ? "Redis does not answer; working without it" : "Redis answers again"),
  });
  const listeners = listen(subscriber);

  const use = async <T>(work: (redis: Redis) => Promise<T>): Promise<T | undefined> => {
    if (commands.status !== "ready") return undefined;
    try {
      return await breaker.run(() => withDeadline(options.timeoutMs, "Redis", work(commands)));
    } catch {
      return undefined;
    }
  };

  return {
    use,
    // Nobody waits for it, so it needs no time-out of its own.
    publish(channel, message) {
      if (commands.status === "ready" && !breaker.isOpen()) commands.publish(channel, message).catch(() => undefined);
    },
    subscribe: listeners.add,
    isUp: () => commands.status === "ready" && !breaker.isOpen(),
    async end() {
      commands.disconnect();
      subscriber.disconnect();
    },
  };
}

async function openClient(options: CacheOptions, purpose: string): Promise<Redis> {
  const password = await options.password();
  const client: Redis = new Redis(options.url, {
    ...(password === undefined ? {} : { password }),
    ...(options.ca === undefined ? {} : { tls: { ca: options.ca, rejectUnauthorized: true } }),
    connectionName: `campus-pay-${purpose}`,
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    socketTimeout: silenceMs,
    enableOfflineQueue: false,
    // What one turn of the loop asks goes out in one write: half of a busy process's CPU is the writing to sockets.
    enableAutoPipelining: true,
    maxRetriesPerRequest: 0,
    // listen() subscribes again at each connect. ioredis's own way does not catch the failure of it: a Redis that breaks off
    // at that moment would end the process.
    autoResubscribe: false,
    keepAlive: 10_000,
    retryStrategy: (times) => Math.min(50 * times, maxReconnectDelayMs),
  });
  // A rotated password shows as WRONGPASS or NOAUTH: the next attempt, which retryStrategy makes, uses the fresh one.
  client.on("error", (error: Error) => {
    if (!/WRONGPASS|NOAUTH/.test(error.message)) return;
    options.freshPassword().then(
      (fresh) => {
        if (fresh !== undefined) client.options.password = fresh;
      },
      (cause: unknown) => options.log.warn({ err: cause }, "The Redis password could not be read"),
    );
  });
  client.on("ready", () => options.log.info({ purpose }, "Redis is connected"));
  // Whoever waits for Redis at the start waits a second; it may come later.
  await withDeadline(connectTimeoutMs, "Redis", client.connect()).catch(() => undefined);
  return client;
}

function listen(subscriber: Redis) {
  const listeners = new Map<string, Set<(message: string) => void>>();
  subscriber.on("message", (channel: string, message: string) => {
    for (const listener of listeners.get(channel) ?? []) listener(message);
  });
  // With the offline queue off, a subscription made while Redis is away would be lost: all are made again at each connect.
  subscriber.on("ready", () => {
    if (listeners.size > 0) subscriber.subscribe(...listeners.keys()).catch(() => undefined);
  });
  return {
    add(channel: string, listener: (message: string) => void) {
      const known = listeners.get(channel);
      if (known) known.add(listener);
      else {
        listeners.set(channel, new Set([listener]));
        if (subscriber.status === "ready") subscriber.subscribe(channel).catch(() => undefined);
      }
      return () => {
        const left = listeners.get(channel);
        left?.delete(listener);
        if (left?.size !== 0) return;
        listeners.delete(channel);
        if (subscriber.status === "ready") subscriber.unsubscribe(channel).catch(() => undefined);
      };
    },
  };
}
