/** One statement of a debit. Values stand as `:name`; with `keeps` the columns of its one row are values from then on. */
export interface Step {
  readonly text: string;
  readonly keeps?: boolean;
}

export type DebitScript = readonly Step[];

/** The product's debit: one call decides and writes everything. */
export const oneCall: DebitScript = [
  {
    text: `select r.outcome from bench_charges b, lateral confirm_charge(b.charge_id, b.student_id, b.digest, b.match_code, null, 'bench', 1) r
      where b.n = (select nextval('bench_turn'))`,
  },
];

/**
 * The peer, as most ledgers are written at first: the same things asked and written, statement by statement, with two
 * entries a transaction and a running balance of the café.
 */
export const manyStatements: DebitScript = [
  { text: "begin" },
  {
    text: "select charge_id, order_id, student_id, digest, match_code from bench_charges where n = (select nextval('bench_turn'))",
    keeps: true,
  },
  { text: "select version, total_minor from orders where id = :order_id and payment_status = 'pending' for update", keeps: true },
  {
    text: `select cafe_id, device_id, card_id, amount_minor, currency from charges
      where id = :charge_id and student_id = :student_id and state = 'open' and expires_at > clock_timestamp() and digest = :digest
        and match_code = :match_code and order_version = :version and amount_minor = :total_minor for update`,
    keeps: true,
  },
  {
    text: `select a.id as cafe_account_id from cafes f join devices d on d.id = :device_id join cards k on k.id = :card_id join students s on s.id = :student_id
        join accounts a on a.cafe_id = f.id and a.kind = 'cafe_payable' and a.currency = :currency
      where f.id = :cafe_id and f.status = 'approved' and d.revoked_at is null and k.status = 'active' and not s.requires_signature`,
    keeps: true,
  },
  {
    text: `update wallets set balance_minor = balance_minor - :amount_minor, last_seq = last_seq + 1, spent_minor = spent_minor + :amount_minor, updated_at = now()
      where student_id = :student_id and status = 'active' and currency = :currency and balance_minor >= :amount_minor
      returning account_id, last_seq, balance_minor`,
    keeps: true,
  },
  { text: "update bench_cafe_balances set balance_minor = balance_minor + :amount_minor where cafe_id = :cafe_id" },
  {
    text: `insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency, order_id, charge_id, wallet_student_id, wallet_seq, wallet_balance_after_minor)
      values ('debit', :account_id, :cafe_account_id, :amount_minor, :currency, :order_id, :charge_id, :student_id, :last_seq, :balance_minor)
      returning id as transaction_id`,
    keeps: true,
  },
  {
    text: `insert into bench_entries (transaction_id, account_id, amount_minor)
      values (:transaction_id, :account_id, - :amount_minor::bigint), (:transaction_id, :cafe_account_id, :amount_minor)`,
  },
  {
    text: `update orders set payment_status = 'paid', paid_transaction_id = :transaction_id, paid_at = now(), updated_at = now()
      where id = :order_id and payment_status = 'pending'`,
  },
  {
    text: "update charges set state = 'confirmed', ended_at = clock_timestamp(), transaction_id = :transaction_id where id = :charge_id and state = 'open'",
  },
  {
    text: `insert into receipts (id, transaction_id, charge_id, order_id, student_id, payload)
      select n.id, t.id, t.charge_id, t.order_id, t.wallet_student_id, json_build_object('version', 1, 'receipt_id', n.id, 'transaction_id', t.id,
        'charge_id', t.charge_id, 'order_id', t.order_id, 'order_number', o.order_number, 'cafe_id', o.cafe_id, 'student_id', t.wallet_student_id,
        'amount_minor', t.amount_minor, 'currency', t.currency, 'paid_at', t.at,
        'region', 'bench', 'epoch', 1)::text
      from ledger_transactions t join orders o on o.id = t.order_id, uuidv7() n (id) where t.id = :transaction_id`,
  },
  {
    text: `insert into events (channels, event, data) select array['student:' || student_id, 'device:' || device_id], 'charge_ended',
        jsonb_build_object('charge_id', id, 'order_id', order_id, 'state', 'confirmed') from charges where id = :charge_id
      union all select array['order:' || id, 'cafe:' || cafe_id], 'order_paid', jsonb_build_object('order_id', id, 'order_number', order_number) from orders where id = :order_id`,
  },
  {
    text: `insert into outbox (topic, payload) select 'order.paid', jsonb_build_object('transaction_id', id, 'order_id', order_id, 'amount_minor', amount_minor)
      from ledger_transactions where id = :transaction_id`,
  },
  { text: "commit" },
];

/** The file that pgbench runs. A value that was kept is text: PostgreSQL finds its type where it is used. */
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
