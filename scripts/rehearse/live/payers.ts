import { setTimeout as pause } from "node:timers/promises";
import type { Cluster } from "../../../app/local/cluster.ts";
import type { Demo } from "../../../app/local/demo/demo.ts";
import { asSuperuser } from "../../../app/local/roles.ts";
import { logIn, pay, type Site, type Student } from "./campus.ts";
import { inServiceWithinMs, until } from "./telling.ts";

// A student may place twenty orders in ten minutes: fourteen, and what is sent again while a database is away.
const betweenPaymentsMs = 45_000;

type CodeOf = (phone: string) => string | undefined;

/** Enough for hundreds of lunches, as an adjustment that two people of finance made. */
export const fillingOfWallets = (amountMinor = 10_000_000): string => `
  with staff as (select array_agg(id) as ids from (select id from staff where role = 'finance' order by id limit 2) two),
    wanted as materialized (select w.student_id, w.currency, uuidv7() as id from wallets w),
    moved as materialized (
      select w.*, post_to_wallet('adjustment', w.student_id, account_of('adjustments', null, null, w.currency), ${amountMinor}, w.currency, null, null, w.id, null) as transaction_id
      from wanted w)
  insert into adjustments (id, student_id, amount_minor, currency, reason, status, requested_by, decided_by, transaction_id, decided_at)
  select m.id, m.student_id, ${amountMinor}, m.currency, 'for the rehearsal', 'approved', s.ids[1], s.ids[2], m.transaction_id, now() from moved m, staff s`;

export const fillWallets = (cluster: Cluster): Promise<void> =>
  asSuperuser(cluster, "campus", async (client) => {
    await client.query(fillingOfWallets());
  });

/** Students who order, scan and pay again and again until they are told to stop, one soon after the other. */
export class Payers {
  readonly receipts: string[] = [];
  readonly failures: string[] = [];
  slowestMs = 0;
  private readonly site: Site;
  private readonly stopping = new AbortController();
  private readonly work: Promise<unknown>;
  private readonly before: ReadonlyMap<string, number>;

  constructor(site: Site, demo: Demo, students: readonly Student[]) {
    this.site = site;
    this.before = new Map(site.repeats);
    const apartMs = betweenPaymentsMs / students.length;
    this.work = Promise.all(students.map((student, index) => this.payAgainAndAgain(demo, student, index * apartMs)));
  }

  private async payAgainAndAgain(demo: Demo, student: Student, firstAfterMs: number): Promise<void> {
    const { signal } = this.stopping;
    const pauseOrStop = (ms: number) => pause(ms, undefined, { signal }).catch(() => undefined);
    await pauseOrStop(firstAfterMs);
    while (!signal.aborted) {
      const startedAt = performance.now();
      await pay(this.site, demo, student).then(
        ({ receipt_id }) => this.receipts.push(receipt_id),
        (error: Error) => this.failures.push(error.message),
      );
      this.slowestMs = Math.max(this.slowestMs, performance.now() - startedAt);
      await pauseOrStop(betweenPaymentsMs);
    }
  }

  /** Begins no payment any more, and waits for those that are under way. */
  async halt(): Promise<void> {
    this.stopping.abort();
    await this.work;
  }

  async morePaid(count: number): Promise<void> {
    const before = this.receipts.length;
    await until(`${count} more payments`, inServiceWithinMs, async () => this.receipts.length >= before + count);
  }

  /** All payments must have ended in a receipt, and each receipt must stand in the books. */
  async stop(cluster: Cluster): Promise<string> {
    await this.halt();
    const kept = await asSuperuser(cluster, "campus", async (client) => {
      const text =
        "select count(*)::int as n from receipts r join charges c on c.id = r.charge_id where r.id = any($1::uuid[]) and c.state = 'confirmed'";
      return (await client.query<{ n: number }>(text, [this.receipts])).rows[0]?.n ?? 0;
    });
    if (this.failures.length > 0) throw new Error(`${this.failures.length} payments failed, the first: ${this.failures[0]}`);
    if (this.receipts.length === 0) throw new Error("nobody paid.");
    if (kept !== this.receipts.length) throw new Error(`${this.receipts.length} receipts were given out and ${kept} stand in the books.`);
    return `${kept} payments, none lost, slowest ${(this.slowestMs / 1_000).toFixed(1)} s; sent again: ${this.repeats() || "nothing"}`;
  }

  private repeats(): string {
    const since = [...this.site.repeats].map(([what, times]) => [what, times - (this.before.get(what) ?? 0)] as const);
    return since.flatMap(([what, times]) => (times > 0 ? [`${times} × ${what}`] : [])).join(", ");
  }
}

export const logInAll = (site: Site, demo: Demo, codeOf: CodeOf, count: number): Promise<Student[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => logIn(site, demo, codeOf, index)));
