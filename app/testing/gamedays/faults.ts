import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import pg from "pg";
import type { ConsoleAction, GameDayName } from "../../../dashboards/gamedays.ts";
import type { Block } from "../../../scripts/runbooks/blocks.ts";
import { changeOf } from "../../../scripts/runbooks/page.ts";
import { runChange } from "../../../scripts/runbooks/run-check.ts";
import { expireChargesJob } from "../../charges/end-charges.ts";
import { runCheck as lookAtBooks } from "../../checks/run-check.ts";
import { projectRoot } from "../../local/home.ts";
import { freePort } from "../../local/ports.ts";
import { type LocalRedis, startRedis } from "../../local/redis.ts";
import { settleFinishedDays } from "../../settlements/settle-days.ts";
import type { Campus } from "../campus.ts";
import { gatewayOf, paymentNews } from "../gateway.ts";
import { type LiveStream, openLiveStream } from "../live-client.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type ScannedCharge, type Till } from "../money.ts";
import { until } from "../platform.ts";
import { times } from "../proof/books.ts";
import { type Copy, startCopyOf } from "./copy.ts";
import type { Said } from "./day.ts";

const canary = createRequire(import.meta.url)("../../../stacks/functions/canary/canary.cjs") as {
  check(address: string): Promise<void>;
};

/** What a game day works with: a campus at lunch, its students, and the Redis that it may stop. */
export interface Stage {
  readonly campus: Campus;
  readonly money: Money;
  readonly till: Till;
  readonly students: readonly MoneyStudent[];
  readonly redis: LocalRedis;
  /** Of its database; made by the day that needs it, or before, so that a trainee is told nothing by its being there. */
  readonly copy?: Copy;
}

export interface Fault extends Said {
  /** Puts it in, once. */
  begin?(): Promise<void>;
  /** What people do in each minute of it. */
  minute(): Promise<void>;
  /** By the page's own command where it has one for this machine. */
  mend(): Promise<void>;
  /** Takes away what stands when the day is over. */
  end?(): Promise<void>;
  /** Where a person mends it at a thing and not by a page's command for this machine: what is done there. Then `mend` is called. */
  readonly atConsole?: ConsoleAction;
  /** Whether somebody has mended it by the page's command. With neither of the two a day is not for trainees. */
  isWell?(): Promise<boolean>;
}

const priceMinor = 100;
const one = <T>(list: readonly T[], place: number): T => list[place % list.length] as T;

/** A minute of a calm lunch: somebody pays at the counter, the till system and the worker do their work. */
export async function calmMinute({ campus, till, students }: Stage, place: number): Promise<void> {
  const student = one(students, place);
  const charge = await student.scannedOrder({ till, totalMinor: priceMinor });
  expectOk(await student.api("GET", "/charges/open"));
  expectOk(await student.confirm(charge));
  await campus.drainOutbox();
}

/** A database's address as the variables of the runbooks have it: the password beside it. */
export function addressOf(url: string): { readonly address: string; readonly password: string } {
  const address = new URL(url);
  const password = decodeURIComponent(address.password);
  address.password = "";
  return { address: address.href, password };
}

export function masterOf(campus: Campus): Readonly<Record<"DATABASE_URL" | "DATABASE_PASSWORD", string>> {
  const { address, password } = addressOf(campus.database.superuserUrl);
  return { DATABASE_URL: address, DATABASE_PASSWORD: password };
}

/** Runs it as a person would who is the database's master user: as it stands on the page, with what its checks told. */
export async function runAsMaster(campus: Campus, change: Block, variables: Readonly<Record<string, string>> = {}): Promise<void> {
  const env = { ...process.env, ...masterOf(campus), ...variables };
  const run = await runChange(change, { cwd: projectRoot, env });
  if (!run.ok) throw new Error(run.why);
}

export const changeHere = (page: string, ...parts: readonly string[]): Block => changeOf(page, "here", ...parts);

const mendBy = (campus: Campus, page: string, variables: Readonly<Record<string, string>> = {}): Promise<void> =>
  runAsMaster(campus, changeHere(page, ...Object.keys(variables).map((name) => `$\{${name}:`)), variables);

export const faults: Readonly<Record<GameDayName, (stage: Stage) => Fault>> = {
  "redis-stopped": (stage) => ({
    atConsole: "start-redis",
    begin: () => stage.redis.stop(),
    minute: () => calmMinute(stage, 1),
    async mend() {
      Object.assign(stage, { redis: await startRedis({ port: stage.redis.port, logFile: "/dev/null" }) });
    },
  }),

  "worker-stopped": (stage) => {
    const { campus, till, students } = stage;
    let works = false;
    return {
      atConsole: "start-worker",
      isWorkerDown: () => !works,
      async minute() {
        if (works) return calmMinute(stage, 0);
        const student = one(students, 0);
        const charge = await student.scannedOrder({ till, totalMinor: priceMinor });
        expectOk(await student.api("GET", "/charges/open"));
        expectOk(await student.confirm(charge));
        await campus.sql`update outbox set due_at = due_at - interval '1 minute' where done_at is null and dead_at is null`;
      },
      async mend() {
        works = true;
      },
    };
  },

  "dead-letters": (stage) => ({
    begin: () =>
      stage.campus.sql`
      insert into outbox (topic, payload, tries, last_error, dead_at) values ('transaction.metrics',
        ${JSON.stringify({ amount_minor: 100, currency: "SEK", cafe_id: stage.till.cafe.id })}, 8, 'the receiver was away', now())`.then(
        () => undefined,
      ),
    minute: () => calmMinute(stage, 2),
    isWell: async () => (await stage.campus.sql`select from outbox where dead_at is not null`).length === 0,
    async mend() {
      await mendBy(stage.campus, "queues-and-dead-letters", { TOPIC: "transaction.metrics" });
      await stage.campus.drainOutbox();
    },
  }),

  "settlement-stuck": (stage) => {
    const { campus } = stage;
    const dayAfterTomorrow = () => new Date(Date.now() + 2 * 86_400_000);
    return {
      async begin() {
        await calmMinute(stage, 0);
        await campus.database.query("revoke insert on settlements from campus_owner");
      },
      async minute() {
        await settleFinishedDays(campus.worker, dayAfterTomorrow());
        await campus.sql`update settlement_failures set try_at = now()`;
        await campus.drainOutbox();
      },
      async mend() {
        await mendBy(campus, "queues-and-dead-letters", { RIGHT: "insert", TABLE: "settlements" });
        await mendBy(campus, "queues-and-dead-letters", { CAFE_ID: stage.till.cafe.id });
      },
      isWell: async () => (await campus.sql`select from settlement_failures`).length === 0,
    };
  },

  "wrong-webhook-secret": (stage) => {
    const gateway = gatewayOf(stage.campus);
    let isWrong = true;
    return {
      atConsole: "put-webhook-secret",
      async minute() {
        const body = paymentNews({ id: `pay_${randomUUID()}`, order_id: "order_nobody", amount: 1_000, status: "authorized" });
        await gateway.send(body, isWrong ? { signature: "0".repeat(64) } : {});
        await stage.campus.drainOutbox();
      },
      // The right secret is put into its place (rotate-secrets-and-certificates.md): from then on signatures fit.
      async mend() {
        isWrong = false;
      },
    };
  },

  "wrong-card-pepper": (stage) => {
    const { campus, money, students } = stage;
    // Of cafés that sold nothing yet in the ten minutes of the real clock: an hour of the game goes by in seconds.
    const tills: Awaited<ReturnType<typeof money.till>>[] = [];
    let wrong: Awaited<ReturnType<Campus["release"]>> | undefined;
    return {
      atConsole: "put-card-pepper",
      async begin() {
        tills.push(await money.till(), await money.till());
        wrong = await campus.release({ CARD_PEPPER: randomUUID() });
      },
      async minute() {
        if (!wrong) return calmMinute(stage, 11);
        for (const [place, { device }] of times(12, (turn) => one(tills, turn)).entries()) {
          const answer = await fetch(`${wrong.url}/api/v1/pos/scans`, {
            method: "POST",
            headers: { Authorization: device.authorization, "Content-Type": "application/json" },
            body: JSON.stringify({ scan_id: randomUUID(), card_uid: one(students, place).cardUid }),
          });
          await answer.arrayBuffer();
        }
      },
      // In Secrets Manager; processes read it within five minutes, or begin anew. What was refused is told for ten minutes of the world's clock.
      async mend() {
        await wrong?.rollBack();
        wrong = undefined;
        await campus.sql`update refused_cards set period = period - interval '10 minutes'`;
      },
    };
  },

  "phones-do-not-answer": (stage) => {
    let answers = false;
    return {
      async minute() {
        if (answers) return calmMinute(stage, 3);
        await Promise.all(
          stage.students.map(async (student) => {
            await student.scannedOrder({ till: stage.till, totalMinor: priceMinor });
            expectOk(await student.api("GET", "/charges/open"));
          }),
        );
        await stage.campus.drainOutbox();
        await stage.campus
          .sql`update charges set created_at = created_at - interval '1 hour', expires_at = now() - interval '1 second' where state = 'open'`;
        await stage.campus.worker.db.transaction((tx) => expireChargesJob(stage.campus.worker).run(tx));
        await stage.campus.sql`update orders set status = 'cancelled' where payment_status = 'pending' and status = 'received'`;
      },
      async mend() {
        answers = true;
      },
    };
  },

  "fcm-hangs": (stage) => {
    const { campus, till, students } = stage;
    return {
      atConsole: "wait",
      async begin() {
        for (const { id, api } of students)
          expectOk(await api("POST", "/users/device-token", { body: { token: `phone-of-${id}`, platform: "android" } }));
        await campus.setFaults({ fcm: "hang" });
      },
      /** The phone is not rung. Whoever stands at the counter opens the app after ten seconds, which are taken off the clock. */
      async minute() {
        const charges = await Promise.all(students.map((student) => student.scannedOrder({ till, totalMinor: priceMinor })));
        await campus.drainOutbox();
        await campus.sql`update charges set created_at = created_at - interval '10 seconds' where state = 'open' and prompted_at is null`;
        for (const [place, charge] of charges.entries()) {
          const student = one(students, place);
          expectOk(await student.api("GET", "/charges/open"));
          expectOk(await student.confirm(charge));
        }
      },
      // FCM comes back by itself: the page says to wait, and to show the QR code meanwhile.
      mend: () => campus.setFaults({ fcm: "ok" }),
    };
  },

  "held-board": (stage) => {
    const held = blocked(stage, "queues-and-dead-letters", {
      hold: "select pg_current_xact_id()",
      people: () => watchedOrders(stage, held),
    });
    let board: LiveStream | undefined;
    return {
      ...held,
      async begin() {
        const { campus, till } = stage;
        const kitchen = await campus.staff("kitchen", till.cafe);
        const url = `${campus.processes[0].url}/api/v1/admin/orders/stream`;
        board = await openLiveStream(url, { Authorization: `Bearer ${kitchen.token}` });
        await held.begin?.();
      },
      async mend() {
        await held.mend();
        board?.close();
      },
    };
  },

  "poisoned-release": (stage) => {
    const { campus } = stage;
    let bad: Awaited<ReturnType<Campus["release"]>> | undefined;
    return {
      atConsole: "roll-back",
      async begin() {
        bad = await campus.release({ ...(await userWithoutCafes(campus)), CAMPUS_VERSION: "newcomer" });
        const ready = await fetch(`${bad.url}/ready`);
        if (ready.status !== 200) throw new Error(`The poisoned release is not even ready: ${await ready.text()}`);
      },
      /** A third of the visitors comes to the new version. */
      async minute() {
        await calmMinute(stage, 8);
        const visit = (url: string) => fetch(`${url}/api/v1/cafes`).then((answer) => answer.arrayBuffer());
        for (const url of [campus.processes[0].url, campus.processes[1].url, ...(bad ? [bad.url] : [])])
          await Promise.all(times(10, () => visit(url)));
      },
      // npm run rollback, on the platform: the new machines go.
      async mend() {
        await bad?.rollBack();
        bad = undefined;
      },
    };
  },

  "wallets-locked": (stage) =>
    blocked(stage, "scan-availability", {
      hold: "lock table wallets in access exclusive mode",
      people: async () => void (await Promise.all(stage.students.flatMap(({ api }) => times(4, () => api("GET", "/wallet"))))),
    }),

  "connections-exhausted": (stage) => {
    const { campus } = stage;
    const left: pg.Client[] = [];
    // Somebody's work in another database of the same server: nobody's business here.
    const neighbour = new pg.Client({ connectionString: new URL("/postgres", campus.database.superuserUrl).href });
    const share = async () => {
      const [taken] = await campus.database.query<{ share: number }>(
        "select count(*)::float8 / $1 as share from pg_stat_activity where datname = current_database()",
        [mostConnections],
      );
      return taken?.share ?? 0;
    };
    return {
      async begin() {
        neighbour.on("error", () => undefined);
        await neighbour.connect();
        await neighbour.query("begin");
        while (left.length < 0.9 * mostConnections) {
          const session = new pg.Client({ connectionString: campus.database.superuserUrl, application_name: "a tool left open" });
          session.on("error", () => undefined);
          await session.connect();
          await session.query("begin");
          left.push(session);
        }
      },
      minute: () => calmMinute(stage, 9),
      isWell: async () => (await share()) < 0.8,
      async mend() {
        await mendBy(campus, "rds-connections-high", { IDLE_SECONDS: "0" });
        await neighbour.query("commit");
        await neighbour.end();
      },
      // RDS counts the sessions of its database against the limit of its size; ours has a smaller one.
      awsSays: async () => ({ "AWS/RDS DatabaseConnections": (await share()) * rdsMostConnections }),
    };
  },

  "replica-lags": (stage) => {
    const { campus } = stage;
    const copy = (): Copy => stage.copy as Copy;
    /** How far the log had come at each minute. */
    const positions: string[] = [];
    const said = async () => {
      const [told] = await copy().query(
        `select pg_is_wal_replay_paused() as is_paused, pg_last_wal_receive_lsn()::text as received,
          (select count(*)::int from unnest('{${positions}}'::pg_lsn[]) position where position > pg_last_wal_replay_lsn()) as minutes_behind`,
      );
      return told as { readonly is_paused: boolean; readonly received: string; readonly minutes_behind: number };
    };
    return {
      async begin() {
        if (!stage.copy) Object.assign(stage, { copy: await startCopyOf(campus) });
        await copy().query("select pg_wal_replay_pause()");
      },
      async minute() {
        await calmMinute(stage, 12);
        positions.push((await said()).received);
      },
      // On RDS the copy says how old the last transaction is that it has played; a minute of it is one of the alarms' clock.
      awsSaysAway: async () => (stage.copy ? { "AWS/RDS ReplicaLag": (await said()).minutes_behind * 60 } : {}),
      isWell: async () => {
        const { is_paused, minutes_behind } = await said();
        return !is_paused && minutes_behind <= 1;
      },
      async mend() {
        await mendBy(campus, "rds-failover-and-storage", { COPY_DATABASE_URL: addressOf(copy().url).address });
        await until("the copy to have played what it had", async () => (await said()).minutes_behind === 0);
      },
    };
  },

  "visitor-locked-out": (stage) => {
    const { campus } = stage;
    let door: Server | undefined;
    let address = "";
    return {
      atConsole: "deploy-edge",
      async begin() {
        // Nobody listens where the edge sends visitors.
        address = `http://127.0.0.1:${await freePort()}`;
      },
      minute: () => calmMinute(stage, 10),
      async mend() {
        door = await openDoor(campus, Number(new URL(address).port));
      },
      async end() {
        door?.close();
      },
      /** The canary's own code, as Synthetics runs it. */
      awsSays: async () => {
        if (address === "") return {};
        const isServed = await canary.check(address).then(
          () => true,
          () => false,
        );
        return { "CloudWatchSynthetics SuccessPercent": isServed ? 100 : 0 };
      },
    };
  },

  "blocked-scans": (stage) =>
    blocked(stage, "scan-availability", {
      hold: "lock table scans in access exclusive mode",
      people: async () => void (await Promise.all(stage.students.map((student) => student.scan(stage.till)))),
    }),

  "blocked-confirms": (stage) => {
    const charges: ScannedCharge[] = [];
    const fault = blocked(stage, "scan-availability", {
      hold: "lock table wallets in access exclusive mode",
      people: async () => void (await Promise.all(charges.map((charge, place) => one(stage.students, place).confirm(charge)))),
    });
    return {
      ...fault,
      async begin() {
        for (const student of stage.students) charges.push(await student.scannedOrder({ till: stage.till, totalMinor: priceMinor }));
        await fault.begin?.();
      },
    };
  },

  "late-credits": (stage) => {
    const gateway = gatewayOf(stage.campus);
    let isLate = true;
    return {
      async minute() {
        if (!isLate) return calmMinute(stage, 5);
        const topUp = await gateway.beginTopUp(one(stage.students, 0), 1_000);
        await gateway.send(paymentNews({ id: `pay_${randomUUID()}`, order_id: topUp.gateway_order_id, amount: 1_000 }));
        await stage.campus.sql`update gateway_events set received_at = received_at - interval '2 minutes'`;
        await stage.campus.drainOutbox();
      },
      async mend() {
        await mendBy(stage.campus, "topup-credit-burn");
        isLate = false;
      },
    };
  },

  "ledger-mismatch": (stage) => {
    const wrong = (by: number) => stage.campus.sql`
      update wallets set balance_minor = balance_minor + ${by} where student_id = ${one(stage.students, 0).id}`;
    return {
      begin: async () => void (await behindTheGuards(stage.campus, () => wrong(1))),
      async minute() {
        await lookAtBooks(stage.campus.worker, "ledger_whole");
      },
      async mend() {
        await behindTheGuards(stage.campus, () => wrong(-1));
      },
    };
  },
};

async function behindTheGuards(campus: Campus, work: () => Promise<unknown>): Promise<void> {
  await campus.database.query("alter table wallets disable trigger user");
  await work();
  await campus.database.query("alter table wallets enable trigger user");
}

/** A board that is looked at, orders for it, and seconds in which none is shown. */
async function watchedOrders({ campus, till, students }: Stage, { isMended }: { isMended(): boolean }): Promise<void> {
  await Promise.all(students.map((student) => student.placeOrder({ till, totalMinor: priceMinor })));
  const counted = () => lateOnBoard(campus);
  const before = await counted();
  await until("the board to be late for some seconds", async () => isMended() || (await counted()) - before >= 4);
}

const lateOnBoard = async (campus: Campus): Promise<number> =>
  Number(/^campus_slo_events_total\{slo="board",good="false"\} (\d+)/m.exec(await campus.processes[0].platform.metrics.text())?.[1] ?? 0);

/** As a release has it that came before the grants of its new database user. */
async function userWithoutCafes(campus: Campus): Promise<Readonly<Record<string, string>>> {
  const user = `newcomer_${randomUUID().slice(0, 8)}`;
  const password = randomUUID();
  for (const statement of [
    `create role ${user} login password '${password}'`,
    `grant usage on schema public to ${user}`,
    `grant select, insert, update, delete on all tables in schema public to ${user}`,
    `grant usage on all sequences in schema public to ${user}`,
    `grant execute on all functions in schema public to ${user}`,
    `revoke select on cafes from ${user}`,
  ])
    await campus.database.query(statement);
  const url = new URL(campus.database.appUrl);
  url.username = user;
  return { DATABASE_URL: url.href, DATABASE_PASSWORD: password };
}

const mostConnections = 50;
/** As production's database has them (regions/environments/production.ts). */
const rdsMostConnections = 800;

/** The public name of this campus: a page, and the API behind it. */
async function openDoor(campus: Campus, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === "/") return response.end("<!doctype html><html></html>");
    fetch(`${campus.processes[0].url}${request.url}`).then(
      async (answer) => response.writeHead(answer.status).end(await answer.text()),
      () => response.writeHead(502).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return server;
}

interface Blocking {
  readonly hold: string;
  people(): Promise<void>;
}

/** A hand-made transaction that is left open; the page's check finds whose it is, its change ends it. */
function blocked(stage: Stage, page: string, { hold, people }: Blocking): Fault & { isMended(): boolean } {
  let blocker: pg.Client | undefined;
  let pid = "";
  let isMended = false;
  return {
    async begin() {
      blocker = new pg.Client({ connectionString: stage.campus.database.superuserUrl, application_name: "somebody-by-hand" });
      blocker.on("error", () => undefined);
      blocker.on("end", () => {
        isMended = true;
      });
      await blocker.connect();
      await blocker.query(`begin; ${hold}`);
      const found = await stage.campus.database.query<{ pid: number }>(
        "select pid from pg_stat_activity where application_name = 'somebody-by-hand' and xact_start is not null and datname = current_database()",
      );
      pid = String(found[0]?.pid);
    },
    isMended: () => isMended,
    isWell: async () => isMended,
    async minute() {
      if (isMended) return calmMinute(stage, 6);
      await people();
    },
    async mend() {
      await mendBy(stage.campus, page, { BLOCKER_PID: pid });
      await blocker?.end().catch(() => undefined);
      isMended = true;
    },
  };
}

export async function openStage(campus: Campus, redis: LocalRedis): Promise<Stage> {
  const money = moneyOf(campus);
  const till = await money.till();
  const students = await Promise.all(times(6, () => money.fundedStudent({ balanceMinor: 50_000 })));
  return { campus, money, till, students, redis };
}
