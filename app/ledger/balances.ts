import { notFound } from "../platform/errors.ts";
import type { Job } from "../platform/jobs.ts";
import { part, type Queryable, sql } from "../platform/postgres.ts";

/*
 * Only wallets have a balance row. Every other account's balance is its last snapshot and the tail behind it. A snapshot
 * counts what has a smaller xid than the oldest transaction that still ran: all of that is decided and seen, and nothing
 * can appear behind it. Each run writes all accounts that moved since the run before, so the tail of every account,
 * also of one that lay still, begins at the newest run's boundary and is read along the index on xid.
 */
const tail = part`
  select e.account_id, sum(e.amount_minor)::bigint as amount_minor from ledger_entries e
  where e.xid >= coalesce((select max(before_xid) from account_snapshots), '0'::xid8)
  group by e.account_id`;

const lastSnapshots = part`
  select distinct on (account_id) account_id, balance_minor from account_snapshots order by account_id, before_xid desc`;

/** The balance of an account that is no wallet, as of this statement. */
export async function accountBalance(db: Queryable, accountId: string): Promise<number> {
  const account = await db.row<{ balanceMinor: number }>(
    sql`select account_balance(id) as balance_minor from accounts where id = ${accountId} and kind <> 'wallet'`,
  );
  if (!account) throw notFound("The account");
  return account.balanceMinor;
}

export interface AccountBalance {
  readonly accountId: string;
  readonly kind: string;
  readonly cafeId: string | null;
  readonly cafeName: string | null;
  readonly currency: string;
  readonly balanceMinor: number;
}

const maxAccounts = 1_000;

/** The same as of a moment: all that was booked before it, from the first entry on. About a second for a million entries. */
export const listBalancesAt = (db: Queryable, at: Date): Promise<AccountBalance[]> =>
  db.rows<AccountBalance>(sql`
    select a.id as account_id, a.kind, a.cafe_id, f.name as cafe_name, a.currency, coalesce(e.minor, 0)::bigint as balance_minor
    from accounts a left join cafes f on f.id = a.cafe_id
      left join (select account_id, sum(amount_minor) as minor from ledger_entries where at < ${at} group by account_id) e on e.account_id = a.id
    where a.kind not in ('wallet', 'receivables')
    order by a.kind, f.name, a.currency limit ${maxAccounts}`);

/** A student's wallet and what the student owes, as of a moment: the wallet by its own entries, a debt by all that was booked on it. */
export const listStudentBalancesAt = (db: Queryable, studentId: string, at: Date): Promise<AccountBalance[]> =>
  db.rows<AccountBalance>(sql`
    select a.id as account_id, a.kind, null as cafe_id, null as cafe_name, a.currency,
      case a.kind
        when 'wallet' then coalesce((
          select t.wallet_balance_after_minor from ledger_transactions t where t.wallet_student_id = ${studentId} and t.at < ${at} order by t.wallet_seq desc limit 1), 0)
        else coalesce((select sum(e.amount_minor) from ledger_entries e where e.account_id = a.id and e.at < ${at}), 0)::bigint
      end as balance_minor
    from accounts a where a.student_id = ${studentId} order by a.kind desc, a.currency`);

/** What the university owes each café, and where its own money stands. Positive: the account received more than it gave. */
export const listBalances = (db: Queryable): Promise<AccountBalance[]> =>
  db.rows<AccountBalance>(sql`
    select a.id as account_id, a.kind, a.cafe_id, f.name as cafe_name, a.currency,
      (coalesce(s.balance_minor, 0) + coalesce(t.amount_minor, 0))::bigint as balance_minor
    from accounts a
      left join cafes f on f.id = a.cafe_id
      left join (${lastSnapshots}) s on s.account_id = a.id
      left join (${tail}) t on t.account_id = a.id
    where a.kind not in ('wallet', 'receivables')
    order by a.kind, f.name, a.currency limit ${maxAccounts}`);

export async function takeSnapshots(tx: Queryable): Promise<void> {
  await tx.run(sql`select take_account_snapshots()`);
}

export const snapshotJob: Job = { name: "account-snapshots", everySeconds: 3_600, worker: "long", run: takeSnapshots };
