import { randomUUID } from "node:crypto";
import type { Platform } from "../platform/context.ts";

const lifeSeconds = 30;
const refreshMs = 10_000;

// A process deletes only what it wrote last: after a reload of the page the new socket may be at another process.
const deleteOwn = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";

/** Which students have a socket open here. The other processes learn it from a key that lives 30 s and is renewed meanwhile. */
export interface Presence {
  opened(studentId: string): void;
  closed(studentId: string): void;
  stop(): void;
}

const localSockets = new WeakMap<Platform, Map<string, number>>();

export function openPresence(platform: Platform): Presence {
  const { cache } = platform;
  const holder = randomUUID();
  const sockets = new Map<string, number>();
  localSockets.set(platform, sockets);

  const renew = (studentIds: Iterable<string>) =>
    void cache.use((redis) => {
      const batch = redis.pipeline();
      for (const id of studentIds) batch.set(presenceKey(id), holder, "EX", lifeSeconds);
      return batch.exec();
    });
  const timer = setInterval(() => sockets.size > 0 && renew(sockets.keys()), refreshMs).unref();

  return {
    opened(studentId) {
      sockets.set(studentId, (sockets.get(studentId) ?? 0) + 1);
      renew([studentId]);
    },
    closed(studentId) {
      const left = (sockets.get(studentId) ?? 0) - 1;
      if (left > 0) sockets.set(studentId, left);
      else {
        sockets.delete(studentId);
        void cache.use((redis) => redis.eval(deleteOwn, 1, presenceKey(studentId), holder));
      }
    },
    stop: () => clearInterval(timer),
  };
}

/** Without Redis only the sockets of this process are known. */
export async function hasSocket(platform: Platform, studentId: string): Promise<boolean> {
  if (localSockets.get(platform)?.has(studentId)) return true;
  return (await platform.cache.use((redis) => redis.exists(presenceKey(studentId)))) === 1;
}

const presenceKey = (studentId: string) => `presence:student:${studentId}`;
