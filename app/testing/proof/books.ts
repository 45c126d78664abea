import { checkLedger } from "../../ledger/check-ledger.ts";
import { type Database, sql } from "../../platform/postgres.ts";

/** The invariants that do not hold, each with a few of the rows that break it. Empty is what every test ends with. */
export async function violations(owner: Database): Promise<Readonly<Record<string, unknown>>> {
  const { invariants } = await checkLedger(owner);
  return Object.fromEntries(
    invariants.filter(({ ok }) => !ok).map(({ id, violations: count, sample }) => [id, { count, sample: sample.slice(0, 3) }]),
  );
}

export interface Books {
  readonly transactions: number;
  readonly walletsMinor: number;
  readonly paidOrders: number;
  readonly refunds: number;
}

/** What an attack must leave as it was. */
export async function readBooks(owner: Database): Promise<Books> {
  const books = await owner.row<Books>(sql`
    select (select count(*) from ledger_transactions) as transactions, (select coalesce(sum(balance_minor), 0)::bigint from wallets) as wallets_minor,
      (select count(*) from orders where payment_status <> 'pending') as paid_orders, (select count(*) from refunds) as refunds`);
  if (!books) throw new Error("The books gave no answer.");
  return books;
}

export const debitsOf = async (owner: Database, chargeId: string): Promise<number> =>
  (await owner.rows(sql`select id from ledger_transactions where charge_id = ${chargeId} and kind = 'debit'`)).length;

/** A charge that is about to end, agreed anew: for tests that would otherwise have to wait for its time. */
export async function expireIn(owner: Database, chargeId: string, ms: number): Promise<string> {
  return owner.transaction(async (tx) => {
    await tx.run(sql`
      update charges set expires_at = date_trunc('milliseconds', clock_timestamp() + make_interval(secs => ${ms / 1000}::float8)) where id = ${chargeId}`);
    const charge = await tx.row<{ digest: string }>(
      sql`update charges c set digest = digest_of(c) where id = ${chargeId} returning digest`,
    );
    if (!charge) throw new Error("There is no such charge.");
    return charge.digest;
  });
}

export const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));
