/** One statement of a debit. Values stand as `:name`; with `keeps` the columns of its one row are values from then on. */
export interface Step {
  readonly text: string;
  readonly keeps?: boolean;
}

export type DebitScript = readonly Step[];

/** The product's debit: one call decides and writes everything. */
export const oneCall: DebitScript = [
  {
    text: `select (confirm_charge(b.charge_id, b.student_id, b.digest, b.match_code, null, 'bench', 1, 'bench', 'Europe/Stockholm')).outcome
      from bench_charges b where b.n = (select nextval('bench_turn'))`,
  },
];

/**
 * The peer, as most ledgers are written at first: the same things asked, guarded and written, statement by statement, with
 * two entries a transaction and a running balance of the café.
 */
export const manyStatements: DebitScript = [
  { text: "begin" },
  {
    text: "select charge_id, order_id, student_id, digest, match_code from bench_charges where n = (select nextval('bench_turn'))",
    keeps: true,
  },
  {
    text: "select version, total_minor, order_number from orders where id = :order_id and payment_status = 'pending' for update",
    keeps: true,
  },
  {
    text: `select cafe_id, device_id, card_id, amount_minor, currency from charges
      where id = :charge_id and student_id = :student_id and state = 'open' and expires_at > clock_timestamp() and digest = :digest
        and match_code = :match_code and order_version = :version and amount_minor = :total_minor for update`,
    keeps: true,
  },
  {
    text: `select pg_advisory_xact_lock_shared(guard_key('card', :card_id)), pg_advisory_xact_lock_shared(guard_key('device', :device_id)),
        pg_advisory_xact_lock_shared(guard_key('cafe', :cafe_id)), pg_advisory_xact_lock_shared(guard_key('student', :student_id))`,
  },
  {
    text: `select a.id as cafe_account_id, (clock_timestamp() at time zone f.time_zone)::date as today from cafes f join devices d on d.id = :device_id join cards k on k.id = :card_id join students s on s.id = :student_id
        join accounts a on a.cafe_id = f.id and a.kind = 'cafe_payable' and a.currency = :currency
      where f.id = :cafe_id and f.status = 'approved' and d.revoked_at is null and k.status = 'active' and s.is_active and not s.requires_signature`,
    keeps: true,
  },
  {
    text: `update wallets set balance_minor = balance_minor - :amount_minor, last_seq = last_seq + 1,
        spent_minor = case when spent_day = :today then spent_minor else 0 end + :amount_minor, spent_day = :today, updated_at = now()
      where student_id = :student_id and status = 'active' and currency = :currency and balance_minor >= :amount_minor
        and (daily_limit_minor is null or case when spent_day = :today then spent_minor else 0 end + :amount_minor <= daily_limit_minor)
      returning account_id, last_seq, balance_minor`,
    keeps: true,
  },
  { text: "update bench_cafe_balances set balance_minor = balance_minor + :amount_minor where cafe_id = :cafe_id" },
  {
    text: `insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency, order_id, charge_id, wallet_student_id, wallet_seq, wallet_balance_after_minor)
      values ('debit', :account_id, :cafe_account_id, :amount_minor, :currency, :order_id, :charge_id, :student_id, :last_seq, :balance_minor)
      returning id as transaction_id, at as paid_at`,
    keeps: true,
  },
  {
    text: `insert into bench_entries (transaction_id, account_id, amount_minor)
      values (:transaction_id, :account_id, - :amount_minor::bigint), (:transaction_id, :cafe_account_id, :amount_minor)`,
  },
  {
    text: `update orders set payment_status = 'paid', paid_transaction_id = :transaction_id, paid_at = :paid_at, updated_at = now()
      where id = :order_id and payment_status = 'pending' and version = :version`,
  },
  {
    text: "update charges set state = 'confirmed', ended_at = clock_timestamp(), transaction_id = :transaction_id where id = :charge_id and state = 'open'",
  },
  {
    text: `insert into receipts (id, transaction_id, charge_id, order_id, student_id, key_id, payload)
      select n.id, :transaction_id::uuid, :charge_id::uuid, :order_id::uuid, :student_id::uuid, 'bench', json_build_object('version', 1, 'receipt_id', n.id, 'transaction_id', :transaction_id::uuid,
        'charge_id', :charge_id::uuid, 'order_id', :order_id::uuid, 'order_number', :order_number::text, 'cafe_id', :cafe_id::uuid,
        'student_id', :student_id::uuid, 'amount_minor', :amount_minor::bigint, 'currency', :currency::text,
        'paid_at', to_char(:paid_at::timestamptz at time zone 'UTC', 'YYYY-MM-DD"T"HH24":"MI":"SS.MS"Z"'), 'region', 'bench', 'epoch', 1)::text
      from uuidv7() n (id)
      returning id as receipt_id`,
    keeps: true,
  },
  {
    text: `insert into events (channels, event, data) values
      (array['student:' || :student_id::text, 'device:' || :device_id::text], 'charge_ended',
        jsonb_build_object('charge_id', :charge_id::uuid, 'order_id', :order_id::uuid, 'state', 'confirmed', 'receipt_id', :receipt_id::uuid)),
      (array['order:' || :order_id::text, 'cafe:' || :cafe_id::text, 'student:' || :student_id::text], 'order_paid',
        jsonb_build_object('order_id', :order_id::uuid, 'order_number', :order_number::text, 'payment_status', 'paid', 'amount_minor', :amount_minor::bigint))`,
  },
  {
    text: `insert into outbox (topic, payload) values ('order.paid', jsonb_build_object('transaction_id', :transaction_id::uuid, 'order_id', :order_id::uuid,
      'cafe_id', :cafe_id::uuid, 'amount_minor', :amount_minor::bigint, 'currency', :currency::text, 'receipt_id', :receipt_id::uuid, 'at', :paid_at::timestamptz))`,
  },
  { text: "commit" },
];

/** The file that pgbench runs. A value that was kept is text: PostgreSQL finds its type where it is used. A colon before a letter is a value to it. */
export const pgbenchScript = (script: DebitScript): string =>
  script.map(({ text, keeps }) => `${text.replaceAll(/\s+/g, " ")}${keeps ? " \\gset" : ";"}\n`).join("");

const valuePattern = /(?<!:):([a-z_]+)/g;

/** The same statement with numbered values, for a driver that binds them. */
export function numbered({ text }: Step): { readonly text: string; readonly names: readonly string[] } {
  const names: string[] = [];
  const withNumbers = text.replaceAll(valuePattern, (_, name: string) => {
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}`;
  });
  return { text: withNumbers, names };
}
