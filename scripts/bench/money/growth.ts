import { asSuperuser, createDatabase } from "../../../app/local/roles.ts";
import type { LocalSystem } from "../local-system.ts";
import { median } from "../process.ts";
import { type BenchPlace, openPlace } from "./bench-place.ts";
import { makeCampus, prepareOrders } from "./campus.ts";
import { type DebitResult, runDebits } from "./debit-run.ts";
import { oneCall } from "./debit-scripts.ts";
import { interleave } from "./rounds.ts";

export interface GrowthMeasures {
  readonly smallRows: number;
  readonly largeRows: number;
  /** T4, large to small, medians over the rounds. */
  readonly p50Ratio: number;
  readonly cpuRatio: number;
  readonly small: { readonly p50Ms: number; readonly cpuMsPerDebit: number; readonly walBytesPerDebit: number };
  readonly large: { readonly p50Ms: number; readonly cpuMsPerDebit: number; readonly walBytesPerDebit: number };
}

const students = 10_000;
const cafes = 50;
// Alone, so that what is measured is the statement and not the queue for two cores.
const clients = 1;
const seconds = 4;

/** T4: the same debits beside a small ledger and a large one. */
export async function measureGrowth(
  system: LocalSystem,
  { rounds: count, rows }: { readonly rounds: number; readonly rows: number },
): Promise<GrowthMeasures> {
  const [small, large] = await makeTwoCampuses(system);
  try {
    await fillLedger(large, rows);
    // The limit is about full pages behind a checkpoint: pressed, as a deployed database does it (by lz4; this build knows pglz alone).
    for (const place of [small, large])
      await place.superuser.query(`alter database ${place.superuser.escapeIdentifier(place.database)} set wal_compression = on`);
    const [smallRows, largeRows] = [await countRows(small), await countRows(large)];
    const debit = (place: BenchPlace) => async () => {
      await prepareOrders(place.superuser, { orders: students, cafes, scanned: true });
      return runDebits(place, { script: oneCall, clients, seconds, port: system.cluster.port });
    };
    const rounds = await interleave(count, { small: debit(small), large: debit(large) }, (round, results) =>
      console.error(`growth, round ${round}: p50 ${results.small.p50Ms.toFixed(2)} ms small, ${results.large.p50Ms.toFixed(2)} ms large`),
    );
    await small.assertBooks();
    await large.assertBooks();
    return {
      smallRows,
      largeRows,
      p50Ratio: median(rounds.map((round) => round.large.p50Ms / round.small.p50Ms)),
      cpuRatio: median(rounds.map((round) => round.large.cpuMsPerDebit / round.small.cpuMsPerDebit)),
      small: summarize(rounds.map((round) => round.small)),
      large: summarize(rounds.map((round) => round.large)),
    };
  } finally {
    await Promise.all([small.end(), large.end()]);
  }
}

const summarize = (results: readonly DebitResult[]) => ({
  p50Ms: median(results.map(({ p50Ms }) => p50Ms)),
  cpuMsPerDebit: median(results.map(({ cpuMsPerDebit }) => cpuMsPerDebit)),
  walBytesPerDebit: median(results.map(({ walBytesPerDebit }) => walBytesPerDebit)),
});

async function makeTwoCampuses(system: LocalSystem): Promise<[BenchPlace, BenchPlace]> {
  const names = ["growth_small", "growth_large"] as const;
  const open = async (name: string) => {
    await asSuperuser(system.cluster, "postgres", (client) => createDatabase(client, name, "campus_empty"));
    const place = await openPlace(system, name);
    await makeCampus(place.superuser, { students, cafes }, system.env.CARD_PEPPER ?? "");
    return place;
  };
  return [await open(names[0]), await open(names[1])];
}

const rowsAtOnce = 1_000_000;

/** How many of so many entries the wallet of student n gets, $1 in all on the mean: half of it to one and a half. */
const share = "$1::int * (50 + b.n % 101) / 100";

/**
 * Top-ups of every wallet in turn, as years of them would lie: the books hold afterwards as they did before. Wallets differ in
 * how many they have: with equal ones all index pages that grow would be equally full, and what a debit logs of its page
 * behind a checkpoint would hang on how full.
 */
async function fillLedger({ superuser }: BenchPlace, rows: number): Promise<void> {
  const wanted = Math.floor(rows / students);
  const each = Math.floor(rowsAtOnce / students);
  for (let done = 1; done < wanted; done += each) {
    const entries = Math.min(each, wanted - done);
    await superuser.query("begin");
    // The rows are right by construction; checking each foreign key would take longer than the whole benchmark.
    await superuser.query("set local session_replication_role = replica");
    await superuser.query(
      `insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency, wallet_student_id, wallet_seq, wallet_balance_after_minor)
       select 'adjustment', c.id, w.account_id, 1, w.currency, w.student_id, w.last_seq + s, w.balance_minor + s
       from wallets w join bench_students b using (student_id) join accounts c on c.kind = 'adjustments', lateral generate_series(1, ${share}) s
       order by s`,
      [entries],
    );
    await superuser.query(
      `update wallets w set balance_minor = balance_minor + ${share}, last_seq = last_seq + ${share} from bench_students b where b.student_id = w.student_id`,
      [entries],
    );
    await superuser.query("commit");
    console.error(`growth: ${((done + entries) * students).toLocaleString("en")} rows`);
  }
  await superuser.query("vacuum analyze");
}

const countRows = async ({ superuser }: BenchPlace): Promise<number> =>
  Number((await superuser.query<{ count: string }>("select count(*) from ledger_transactions")).rows[0]?.count);
