import { createHash } from "node:crypto";
import type pg from "pg";
import { cardHash } from "../../../app/cards/card-hash.ts";

/** How many of everything stands in the database of a benchmark. */
export interface CampusSize {
  readonly students: number;
  readonly cafes: number;
}

export const priceMinor = 5_900;
const walletMinor = 100_000_000;
const currency = "SEK";

export const cardUidOf = (n: number): string => n.toString(16).padStart(12, "0");
export const deviceKeyOf = (n: number): string => createHash("sha256").update(`till ${n}`).digest("base64url");
const hashOf = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Students with a card and a full wallet, cafés with a till, and what only the benchmark needs. Rows are numbered from 1. */
export async function makeCampus(superuser: pg.Client, { students, cafes }: CampusSize, cardPepper: string): Promise<void> {
  await superuser.query("begin");
  await superuser.query(benchTables);
  await superuser.query(`insert into bench_cafes select n, uuidv7(), uuidv7(), uuidv7() from generate_series(1, $1::int) n`, [cafes]);
  await superuser.query(
    `insert into cafes (id, code, name, status, currency) select cafe_id, 'C' || lpad(n::text, 4, '0'), 'Café ' || n, 'approved', '${currency}' from bench_cafes`,
  );
  await superuser.query(
    `insert into devices (id, cafe_id, name, key_hash) select device_id, cafe_id, 'till ' || n, k.hash
     from bench_cafes join unnest($1::bytea[]) with ordinality k (hash, n) using (n)`,
    [numbers(cafes).map((n) => hashOf(deviceKeyOf(n)))],
  );
  await superuser.query(
    `insert into categories (cafe_id, name) select cafe_id, 'Lunch' from bench_cafes;
     insert into menu_items (id, cafe_id, category_id, name, price_minor)
       select b.item_id, b.cafe_id, c.id, 'Dish of the day', ${priceMinor} from bench_cafes b join categories c using (cafe_id);
     insert into accounts (kind, cafe_id, currency) select 'cafe_payable', cafe_id, '${currency}' from bench_cafes;
     insert into bench_cafe_balances select cafe_id, 0 from bench_cafes;`,
  );
  await superuser.query(`insert into bench_students select n, uuidv7(), uuidv7(), uuidv7() from generate_series(1, $1::int) n`, [students]);
  await superuser.query(
    `insert into students (id, phone, name) select student_id, '+4670' || lpad(n::text, 7, '0'), 'Student ' || n from bench_students`,
  );
  await superuser.query(
    `insert into cards (id, student_id, uid_hash) select card_id, student_id, k.hash
     from bench_students join unnest($1::bytea[]) with ordinality k (hash, n) using (n)`,
    [numbers(students).map((n) => cardHash(cardPepper, cardUidOf(n)))],
  );
  await superuser.query(fillWallets);
  await superuser.query(
    "grant select, update on bench_cafes, bench_students, bench_charges, bench_cafe_balances to campus_app; grant insert on bench_entries to campus_app; grant usage, update on bench_turn to campus_app",
  );
  await superuser.query("commit");
  await superuser.query("vacuum analyze");
}

const benchTables = `
  create table bench_cafes (n int primary key, cafe_id uuid not null, device_id uuid not null, item_id uuid not null);
  create table bench_students (n int primary key, student_id uuid not null, card_id uuid not null, session_id uuid not null);
  create table bench_charges (n int primary key, charge_id uuid not null, order_id uuid not null, student_id uuid not null, digest text not null, match_code text not null);
  create table bench_cafe_balances (cafe_id uuid primary key, balance_minor bigint not null) with (fillfactor = 50);
  create table bench_entries (id uuid primary key default uuidv7(), transaction_id uuid not null references ledger_transactions (id),
    account_id uuid not null references accounts (id), amount_minor bigint not null);
  create index bench_entries_account on bench_entries (account_id, id);
  create sequence bench_turn`;

const fillWallets = `
  insert into accounts (kind, student_id, currency) select 'wallet', student_id, '${currency}' from bench_students;
  insert into wallets (student_id, account_id, currency, balance_minor, last_seq)
    select student_id, id, '${currency}', ${walletMinor}, 1 from accounts where kind = 'wallet';
  insert into staff (username, password_hash, name, role) values ('bench-asks', '', 'Asks', 'finance'), ('bench-decides', '', 'Decides', 'finance');
  with asked as materialized (
    select uuidv7() as id, student_id, account_id from wallets),
  moved as (
    insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency, adjustment_id, wallet_student_id, wallet_seq, wallet_balance_after_minor)
    select 'adjustment', account_of('adjustments', null, null, '${currency}'), account_id, ${walletMinor}, '${currency}', id, student_id, 1, ${walletMinor} from asked
    returning id, adjustment_id, wallet_student_id)
  insert into adjustments (id, student_id, amount_minor, currency, reason, status, requested_by, decided_by, transaction_id, decided_at)
    select m.adjustment_id, m.wallet_student_id, ${walletMinor}, '${currency}', 'money for a bench', 'approved',
      (select id from staff where username = 'bench-asks'), (select id from staff where username = 'bench-decides'), m.id, now() from moved m;`;

export interface OrderOptions {
  /** How many students order, one order each. */
  readonly orders: number;
  /** Over how many cafés they spread. */
  readonly cafes: number;
  /** True opens a charge for each as well: what a debit alone begins with. */
  readonly scanned: boolean;
}

/** Fresh unpaid orders in the place of what was left unpaid; statistics and a checkpoint, so that neither falls into the window. */
export async function prepareOrders(superuser: pg.Client, { orders, cafes, scanned }: OrderOptions): Promise<void> {
  await superuser.query("begin");
  await superuser.query("set local session_replication_role = replica");
  await superuser.query(removeLeftOvers);
  await superuser.query(
    `with placed as (
       insert into orders (cafe_id, student_id, order_number, order_day, order_type, payment_method, subtotal_minor, total_minor, currency)
       select c.cafe_id, s.student_id, 'B' || uuidv7(), current_date, 'pickup', 'wallet', ${priceMinor}, ${priceMinor}, '${currency}'
       from bench_students s join bench_cafes c on c.n = 1 + s.n % $2::int where s.n <= $1::int returning id, cafe_id)
     insert into order_items (order_id, menu_item_id, item_name, item_price_minor, vat_basis_points, quantity, line_total_minor)
     select p.id, c.item_id, 'Dish of the day', ${priceMinor}, 1200, 1, ${priceMinor} from placed p join bench_cafes c using (cafe_id)`,
    [orders, cafes],
  );
  if (scanned) await superuser.query(openCharges);
  await superuser.query("commit");
  for (const table of ["orders", "order_items", "charges", "bench_charges", "wallets", "receipts", "outbox", "events", "scans"])
    await superuser.query(`vacuum analyze ${table}`);
  await superuser.query("checkpoint");
}

const removeLeftOvers = `
  delete from order_items where order_id in (select id from orders where payment_status = 'pending');
  delete from scans where charge_id in (select id from charges where state <> 'confirmed');
  delete from charges where state <> 'confirmed';
  delete from orders where payment_status = 'pending';
  truncate bench_charges;
  alter sequence bench_turn restart`;

// One after the other through open_charge would take longer than what is measured.
const openCharges = `
  with opened as (
    insert into charges
    select digested.* from orders o join bench_cafes f using (cafe_id) join bench_students s using (student_id),
      lateral jsonb_populate_record(null::charges, jsonb_build_object('id', uuidv7(), 'order_id', o.id, 'cafe_id', o.cafe_id, 'device_id', f.device_id,
        'student_id', o.student_id, 'card_id', s.card_id, 'state', 'open', 'amount_minor', o.total_minor, 'currency', o.currency, 'order_version', o.version,
        'nonce', md5(o.id::text), 'digest_version', 1, 'match_code', '42', 'number_match_required', true, 'wrong_numbers', 0, 'short_code', s.n,
        'created_at', now(), 'expires_at', date_trunc('milliseconds', now() + interval '1 hour'))) charge,
      lateral jsonb_populate_record(charge, jsonb_build_object('digest', digest_of(charge))) digested
    where o.payment_status = 'pending'
    returning id, order_id, student_id, digest, match_code)
  insert into bench_charges select row_number() over (order by id), * from opened`;

/** The charges that wait for their confirm, in the order of their students. */
export async function openedCharges(
  superuser: pg.Client,
): Promise<readonly { readonly id: string; readonly digest: string; readonly matchCode: string }[]> {
  const { rows } = await superuser.query<{ id: string; digest: string; matchCode: string }>(
    `select b.charge_id as id, b.digest, b.match_code as "matchCode" from bench_charges b join bench_students s using (student_id) order by s.n`,
  );
  return rows;
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

const peersColumns = "update (balance_minor, last_seq, spent_minor, spent_day)";

/** The peer writes each row itself, and the application's role may not: the product's functions do. So it may for the rounds, and no longer (I20). */
export async function whilePeerMayWrite<T>(superuser: pg.Client, work: () => Promise<T>): Promise<T> {
  await superuser.query(`grant insert on ledger_transactions to campus_app; grant ${peersColumns} on wallets to campus_app`);
  try {
    return await work();
  } finally {
    await superuser.query(`revoke insert on ledger_transactions from campus_app; revoke ${peersColumns} on wallets from campus_app`);
  }
}
