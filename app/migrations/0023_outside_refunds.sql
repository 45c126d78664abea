-- Why: money that somebody gave back at the gateway itself, without a word to us. It is taken from the gateway's account into
-- suspense at once, an order of which it is part gives back nothing twice, and people decide who bears it.

alter table accounts drop constraint accounts_kind_check;
alter table accounts add constraint accounts_kind_check check (kind in
  ('wallet', 'cafe_payable', 'gateway_clearing', 'cash', 'fees', 'adjustments', 'receivables', 'held', 'disputes', 'vat', 'bank', 'suspense', 'gateway_fees')) not valid;
alter domain transaction_kind drop constraint transaction_kind_check;
-- Not validated: each row fits the narrower list that stood before.
-- squawk-ignore ban-alter-domain-with-add-constraint
alter domain transaction_kind add constraint transaction_kind_check check (value in
  ('debit', 'refund', 'adjustment', 'top_up', 'cash_sale', 'settlement', 'fee', 'repost', 'close_out',
   'gateway_sale', 'gateway_hold', 'gateway_refund', 'gateway_refund_return', 'dispute', 'dispute_won', 'dispute_lost', 'dispute_moved',
   'outside_refund', 'outside_refund_return', 'outside_refund_borne', 'gateway_pay_out', 'gateway_fee',
   'debt_repaid', 'debt_written_off')) not valid;

create table outside_refunds (
  id uuid primary key default uuidv7(),
  gateway text not null,
  gateway_refund_id text not null,
  payment_row_id uuid not null references gateway_payments (id),
  student_id uuid not null references students (id),
  -- null: the payment filled a wallet, or was held.
  order_id uuid references orders (id),
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  status text not null default 'open' check (status in ('open', 'borne', 'failed')),
  transaction_id uuid not null unique,
  returned_transaction_id uuid unique,
  borne_by text check (borne_by in ('cafe', 'student', 'university')),
  reason text check (length(reason) between 3 and 500),
  decided_by uuid references staff (id),
  decided_at timestamptz,
  created_at timestamptz not null default now(),
  unique (gateway, gateway_refund_id),
  check ((status = 'borne') = (borne_by is not null)),
  check ((status = 'failed') = (returned_transaction_id is not null)),
  check ((status = 'open') = (decided_at is null))
);
create index outside_refunds_open_order on outside_refunds (order_id) where status = 'open' and order_id is not null;

-- A held payment's refund that failed is asked for again by another row.
alter table gateway_refunds add column again_of uuid;
-- squawk-ignore require-concurrent-index-creation
create unique index gateway_refunds_again on gateway_refunds (again_of) where again_of is not null;

-- Where the reading of the gateway's books has come to.
create table gateway_watch (
  gateway text primary key,
  seen_until timestamptz not null,
  looked_at timestamptz not null default now()
);

-- What the gateway sent to the university's bank account, and what it kept.
create table gateway_pay_outs (
  id uuid primary key default uuidv7(),
  gateway text not null,
  pay_out_id text not null,
  amount_minor bigint not null,
  fee_minor bigint not null check (fee_minor >= 0),
  currency text not null,
  bank_reference text,
  transaction_id uuid unique,
  fee_transaction_id uuid unique,
  at timestamptz not null,
  created_at timestamptz not null default now(),
  unique (gateway, pay_out_id)
);

grant select, insert, update on outside_refunds, gateway_watch to campus_app;
grant select, insert on gateway_pay_outs to campus_app;
