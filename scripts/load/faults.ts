import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import pg from "pg";
import { commitStatement, confirmStatement } from "../../app/testing/proof/commit-cutter.ts";
import type { Place } from "./place.ts";

type Mend = () => Promise<void>;
/** Breaks something; what it hands back mends it. */
type Fault = (place: Place) => Promise<Mend>;

const slowMs = 250;
const flushEveryMs = 200;
const readyWithinMs = 60_000;

/** Every third statement that ends a payment, by turns before and after it reaches the database. */
function cutEveryThird() {
  let seen = 0;
  return (statement: string) => {
    if (!confirmStatement.test(statement) && !commitStatement.test(statement)) return "pass" as const;
    seen += 1;
    return seen % 3 === 0 ? (seen % 2 === 0 ? ("cut before" as const) : ("cut after" as const)) : ("pass" as const);
  };
}

export const faults = {
  async "redis killed"(place) {
    await place.killRedis();
    return () => place.startRedis();
  },
  async "redis flushed"(place) {
    const redis = new Redis(place.redisUrl(), { password: place.redisPassword, maxRetriesPerRequest: 1 });
    redis.on("error", () => undefined);
    let isOver = false;
    const flushing = (async () => {
      for (; !isOver; await pause(flushEveryMs)) await redis.flushall();
    })();
    return async () => {
      isOver = true;
      await flushing;
      redis.disconnect();
    };
  },
  async "redis slow"(place) {
    place.redisWire.delay(slowMs);
    return async () => place.redisWire.delay(0);
  },
  async "postgres killed"(place) {
    await place.killPostgres();
    return () => place.startPostgres();
  },
  async "commit cut"(place) {
    place.postgresWire.judge(cutEveryThird());
    return async () => place.postgresWire.judge(undefined);
  },
  async "pool exhausted"(place) {
    const holder = new pg.Client({ connectionString: place.superuserUrl() });
    await holder.connect();
    await holder.query("begin; lock table orders in access exclusive mode");
    return async () => {
      await holder.query("rollback");
      await holder.end();
    };
  },
  async "fcm down"(place) {
    const set = async (fcm: string) => {
      const { base_url } = place.system.readStart();
      const answer = await fetch(`${base_url}/sandbox/faults`, {
        method: "PUT",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ fcm }),
      });
      if (!answer.ok) throw new Error(`the sandbox answered ${answer.status}: ${await answer.text()}`);
    };
    await set("hang");
    return () => set("ok");
  },
  async "api killed"(place) {
    const [first] = place.system.readStart().processes;
    if (first) process.kill(first.pid, "SIGKILL");
    return () => untilReady(place);
  },
  async "rolling restart"(place) {
    const restarting = (async () => {
      for (const index of [0, 1]) {
        const before = place.system.readStart().processes[index];
        if (!before) continue;
        process.kill(before.pid, "SIGTERM");
        const endsAtMs = Date.now() + readyWithinMs;
        while (place.system.readStart().processes[index]?.pid === before.pid || !(await isReady(before.url))) {
          if (Date.now() > endsAtMs) throw new Error(`${before.url} did not come back within ${readyWithinMs / 1_000} s.`);
          await pause(100);
        }
      }
    })();
    restarting.catch(() => undefined);
    return () => restarting;
  },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/ready`).then(
    ({ ok }) => ok,
    () => false,
  );

/** Until both processes can debit. */
export async function untilReady(place: Place): Promise<void> {
  const endsAtMs = Date.now() + readyWithinMs;
  for (;;) {
    const answers = await Promise.all(place.system.readStart().processes.map(({ url }) => isReady(url)));
    if (answers.every(Boolean)) return;
    if (Date.now() > endsAtMs) throw new Error(`The system was not ready again within ${readyWithinMs / 1_000} s.`);
    await pause(100);
  }
}
