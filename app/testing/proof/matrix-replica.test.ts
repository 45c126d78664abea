import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Cluster } from "../../local/cluster.ts";
import { asSuperuser, ownerRole } from "../../local/roles.ts";
import type { Database } from "../../platform/postgres.ts";
import { type Campus, startCampus } from "../campus.ts";
import { openPair, type Pair } from "../failover/pair.ts";
import { openOwner } from "../failover/region.ts";
import { createMoney, type MoneyStudent, type Till } from "../money.ts";
import { createPeople } from "../people.ts";
import { until } from "../platform.ts";
import { debitsOf, times, violations } from "./books.ts";

interface Health {
  readonly status: string;
  readonly replica?: string;
}

const totalMinor = 5_900;
const limitSeconds = 1;

let folder: string;
let pair: Pair;
let campus: Campus;
let owner: Database;
let till: Till;
let anna: MoneyStudent;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "campus-replica-"));
  await chmod(folder, 0o755);
  pair = await openPair(folder, () => randomBytes(24).toString("base64url"));
  campus = await startCampus({
    env: {
      DATABASE_URL: pair.accessFirst.appUrl,
      DATABASE_PASSWORD: pair.passwords.app,
      REPLICA_LAG_LIMIT_SECONDS: String(limitSeconds),
    },
  });
  owner = openOwner(pair.accessFirst, pair.passwords.owner);
  const { api, env } = campus;
  const { identity } = campus.processes[0];
  const money = createMoney({ ...createPeople({ owner, identity, api }), owner, api, env, identity });
  till = await money.till();
  anna = await money.fundedStudent({ balanceMinor: 10_000 * totalMinor });
  await untilBothSay({ status: "healthy", replica: "ok" });
});

afterEach(async () => expect(await violations(owner)).toEqual({}));

afterAll(async () => {
  await campus?.end();
  await owner?.end();
  await pair?.end();
  await rm(folder, { recursive: true, force: true });
});

test("row 34: a replica that receives and does not replay stops no payment, and both processes say that it is behind until it has caught up", async () => {
  await onServer(pair.second, "select pg_wal_replay_pause()");
  await until("the replay stands still", async () => {
    const [replay] = await onServer<{ state: string }>(pair.second, "select pg_get_wal_replay_pause_state() as state");
    return replay?.state === "paused";
  });
  // Each payment makes the replica say anew that it lives.
  await until("both processes say that it is behind, while people pay", async () => {
    await pay();
    return bothSay({ status: "degraded", replica: "behind" });
  });
  expect(await gauge()).toBeGreaterThan(limitSeconds);
  for (const process of [0, 1] as const) expect((await campus.api("GET", "root:/ready", { process })).status).toBe(200);
  await onServer(pair.second, "select pg_wal_replay_resume()");
  await untilBothSay({ status: "healthy", replica: "ok" });
  expect(await gauge()).toBeLessThanOrEqual(limitSeconds);
});

test("row 34: a replica whose connection has fallen silent is behind from the first payment that it lacks, long before the server gives it up", async () => {
  pair.stall();
  await pay();
  await untilBothSay({ status: "degraded", replica: "behind" });
  expect(await onServer(pair.first, "select pid from pg_stat_replication where state = 'streaming'")).toHaveLength(1);
  await pay();
  pair.flow();
  await untilBothSay({ status: "healthy", replica: "ok" });
});

test("row 34: a replica that lacks nothing is well, however long it had nothing to say", async () => {
  await until("the last message is older than the limit, and all is well", async () => {
    const [last] = await onServer<{ seconds: number }>(
      pair.first,
      "select extract(epoch from clock_timestamp() - reply_time)::float8 as seconds from pg_stat_replication",
    );
    return last !== undefined && last.seconds > limitSeconds + 1 && (await bothSay({ status: "healthy", replica: "ok" }));
  });
});

test("row 34: without the right to see the replica, or on a replica itself, nothing is claimed: unknown and degraded, and payments go on", async () => {
  await onServer(pair.first, `revoke pg_monitor from ${ownerRole}`);
  try {
    await untilBothSay({ status: "degraded", replica: "unknown" });
    expect(await gauge()).toBeNaN();
    await pay();
  } finally {
    await onServer(pair.first, `grant pg_monitor to ${ownerRole}`);
  }
  await untilBothSay({ status: "healthy", replica: "ok" });
  expect(await onServer(pair.second, "select * from replica_lag()")).toEqual([{ is_visible: false, lag_seconds: null }]);
});

test("row 34: with no replica connected the health says behind, and payments go on", async () => {
  await pair.second.stop();
  await untilBothSay({ status: "degraded", replica: "behind" });
  expect(await gauge()).toBe(Number.POSITIVE_INFINITY);
  await pay();
});

test("row 34: without a limit no replica is looked for; with one the looks of all who ask are shared, and nobody but the application may look", async () => {
  const counted = await Promise.all([startCampus(), startCampus({ env: { REPLICA_LAG_LIMIT_SECONDS: "60" } })]);
  try {
    const looks = await Promise.all(counted.map(countLooks));
    const [without, withLimit] = counted;
    for (const process of [0, 1] as const) {
      const { body } = await without.api<Health>("GET", "root:/health", { process });
      expect(body).toMatchObject({ status: "healthy" });
      expect(body).not.toHaveProperty("replica");
      const { text } = await without.api("GET", "root:/metrics", { process });
      expect(text).toContain("campus_redis_up 1");
      expect(text).not.toMatch(/^campus_replica_lag_seconds /m);
    }
    expect(await looks[0]?.()).toBe(0);

    const beganMs = performance.now();
    const answers = await Promise.all(times(40, () => withLimit.api<Health>("GET", "root:/health")));
    expect(new Set(answers.map(({ body }) => body.replica))).toEqual(new Set(["behind"]));
    expect(await looks[1]?.()).toBeGreaterThan(0);
    expect(await looks[1]?.()).toBeLessThanOrEqual(1 + (performance.now() - beganMs) / 1000);

    const mayLook = await withLimit.database.query(
      "select grantee::text from information_schema.routine_privileges where routine_name = 'measured_lag' order by grantee",
    );
    expect(mayLook).toEqual([{ grantee: "campus_app" }, { grantee: ownerRole }]);
  } finally {
    await Promise.all(counted.map((each) => each.end()));
  }
});

async function pay(): Promise<void> {
  const charge = await anna.scannedOrder({ till, totalMinor });
  expect((await anna.confirm(charge)).status).toBe(200);
  expect(await debitsOf(owner, charge.id)).toBe(1);
}

async function bothSay(wanted: Health): Promise<boolean> {
  const answers = await Promise.all(([0, 1] as const).map((process) => campus.api<Health>("GET", "root:/health", { process })));
  return answers.every(({ body }) => body.status === wanted.status && body.replica === wanted.replica);
}

const untilBothSay = (wanted: Health) => until(`both processes say ${wanted.status}, ${wanted.replica}`, () => bothSay(wanted));

async function gauge(): Promise<number | undefined> {
  const { text } = await campus.api<string>("GET", "root:/metrics");
  const value = /^campus_replica_lag_seconds (\S+)$/m.exec(text)?.[1];
  if (value === undefined) return undefined;
  return value === "+Inf" ? Number.POSITIVE_INFINITY : Number.parseFloat(value);
}

const onServer = <Row>(cluster: Cluster, text: string): Promise<Row[]> =>
  asSuperuser(cluster, pair.accessFirst.name, async (client) => (await client.query(text)).rows as Row[]);

/** The product's own function goes on behind one that counts. Returns how often it was asked. */
async function countLooks({ database }: Campus): Promise<() => Promise<number>> {
  await database.query(`
    create sequence looks;
    alter function replica_lag() rename to measured_lag;
    create function replica_lag(out is_visible boolean, out lag_seconds double precision) language sql security definer set search_path = public, pg_temp
      as $$ select m.* from measured_lag() m, nextval('looks') $$`);
  return async () => {
    const [looks] = await database.query<{ count: number }>(
      "select case when is_called then last_value else 0 end::integer as count from looks",
    );
    return looks?.count ?? Number.NaN;
  };
}
