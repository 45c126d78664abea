import { randomUUID } from "node:crypto";
import pg from "pg";
import type { GameDayName } from "../../../dashboards/gamedays.ts";
import { readPages } from "../../../scripts/runbooks/page.ts";
import { runChange } from "../../../scripts/runbooks/run-check.ts";
import { expireChargesJob } from "../../charges/end-charges.ts";
import { runCheck as lookAtBooks } from "../../checks/run-check.ts";
import { projectRoot } from "../../local/home.ts";
import { type LocalRedis, startRedis } from "../../local/redis.ts";
import type { Campus } from "../campus.ts";
import { gatewayOf, paymentNews } from "../gateway.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type ScannedCharge, type Till } from "../money.ts";
import { times } from "../proof/books.ts";

/** What a game day works with: a campus at lunch, its students, and the Redis that it may stop. */
export interface Stage {
  readonly campus: Campus;
  readonly money: Money;
  readonly till: Till;
  readonly students: readonly MoneyStudent[];
  readonly redis: LocalRedis;
}

export interface Fault {
  /** Puts it in, once. */
  begin?(): Promise<void>;
  /** What people do in each minute of it. */
  minute(): Promise<void>;
  /** By the page's own command where it has one for this machine. */
  mend(): Promise<void>;
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

/** The change of a page, as it stands there, run as a person would: with the variables that its checks told. */
async function mendBy(campus: Campus, page: string, variables: Readonly<Record<string, string>> = {}): Promise<void> {
  const change = readPages()
    .find(({ name }) => name === page)
    ?.blocks.find(({ kind, place }) => kind === "change" && place === "here");
  if (!change) throw new Error(`runbooks/${page}.md has no change for this machine.`);
  const address = new URL(campus.database.superuserUrl);
  const DATABASE_PASSWORD = decodeURIComponent(address.password);
  address.password = "";
  const env = { ...process.env, ...variables, DATABASE_URL: address.href, DATABASE_PASSWORD };
  const run = await runChange(change, { cwd: projectRoot, env });
  if (!run.ok) throw new Error(`${page}: ${run.why}`);
}

export const faults: Readonly<Record<GameDayName, (stage: Stage) => Fault>> = {
  "redis-stopped": (stage) => ({
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
    async mend() {
      await mendBy(stage.campus, "queues-and-dead-letters", { TOPIC: "transaction.metrics" });
      await stage.campus.drainOutbox();
    },
  }),

  "wrong-webhook-secret": (stage) => {
    const gateway = gatewayOf(stage.campus);
    let isWrong = true;
    return {
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

  "pushes-late": (stage) => {
    let isLate = true;
    return {
      async minute() {
        if (!isLate) return calmMinute(stage, 4);
        await Promise.all(
          stage.students.map(async (student) => {
            const charge = await student.scannedOrder({ till: stage.till, totalMinor: priceMinor });
            await stage.campus
              .sql`update charges set created_at = created_at - interval '10 seconds' where id = ${charge.id} and prompted_at is null`;
            expectOk(await student.api("GET", "/charges/open"));
            expectOk(await student.confirm(charge));
          }),
        );
        await stage.campus.drainOutbox();
      },
      async mend() {
        isLate = false;
      },
    };
  },

  "blocked-scans": (stage) =>
    blocked(stage, "scans", "scan-availability", async () => {
      await Promise.all(stage.students.map((student) => student.scan(stage.till)));
    }),

  "blocked-confirms": (stage) => {
    const charges: ScannedCharge[] = [];
    const fault = blocked(stage, "wallets", "scan-availability", async () => {
      await Promise.all(charges.map((charge, place) => one(stage.students, place).confirm(charge)));
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

/** A hand-made transaction that locks a table; the page's check finds whose it is, its change ends it. */
function blocked(stage: Stage, table: string, page: string, people: () => Promise<void>): Fault {
  let blocker: pg.Client | undefined;
  let pid = "";
  let isMended = false;
  return {
    async begin() {
      blocker = new pg.Client({ connectionString: stage.campus.database.superuserUrl, application_name: "somebody-by-hand" });
      blocker.on("error", () => undefined);
      await blocker.connect();
      await blocker.query(`begin; lock table ${table} in access exclusive mode`);
      const found = await stage.campus.database.query<{ pid: number }>(
        "select pid from pg_stat_activity where application_name = 'somebody-by-hand' and xact_start is not null and datname = current_database()",
      );
      pid = String(found[0]?.pid);
    },
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
