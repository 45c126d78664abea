-- Why: a university gives many students money at once (bursaries, meal plans), by a file that one person sends and another agrees to;
-- some of it is good until a day, and then what is left of it goes back.

alter table accounts drop constraint accounts_kind_check;
alter table accounts add constraint accounts_kind_check check (kind in
  ('wallet', 'cafe_payable', 'gateway_clearing', 'cash', 'fees', 'adjustments', 'receivables', 'held', 'disputes', 'vat', 'bank', 'suspense', 'gateway_fees', 'grants')) not valid;
alter domain transaction_kind drop constraint transaction_kind_check;
-- Not validated: each row fits the narrower list that stood before.
-- squawk-ignore ban-alter-domain-with-add-constraint
alter domain transaction_kind add constraint transaction_kind_check check (value in
  ('debit', 'refund', 'adjustment', 'top_up', 'cash_sale', 'settlement', 'settlement_return', 'fee', 'repost', 'close_out', 'close_out_return',
   'gateway_sale', 'gateway_hold', 'gateway_refund', 'gateway_refund_return', 'dispute', 'dispute_won', 'dispute_lost', 'dispute_moved',
   'outside_refund', 'outside_refund_return', 'outside_refund_borne', 'gateway_pay_out', 'gateway_fee',
   'debt_repaid', 'debt_written_off', 'grant', 'grant_expired')) not valid;
insert into allowed_legs (kind, from_kind, to_kind, document) values
  ('grant', 'grants', 'wallet', 'grants'),
  ('grant_expired', 'wallet', 'grants', 'grants');

create table bulk_credits (
  id uuid primary key default uuidv7(),
  title text not null check (length(title) between 3 and 200),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  -- The file, until it has been read.
  content bytea,
  status text not null default 'reading' check (status in ('reading', 'refused', 'failed', 'pending', 'approved', 'done', 'rejected')),
  problems jsonb not null default '[]',
  line_count integer not null default 0,
  total_minor bigint not null default 0,
  two_people boolean not null default true,
  requested_by uuid not null references staff (id),
  decided_by uuid references staff (id),
  decided_at timestamptz,
  request_id text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  check ((status = 'reading') = (content is not null)),
  check ((status in ('refused', 'failed', 'done', 'rejected')) = (finished_at is not null)),
  -- Two people where two were asked for: also if the code forgets.
  check (status not in ('approved', 'done') or not two_people or (decided_by is not null and decided_by <> requested_by))
);
create index bulk_credits_approved on bulk_credits (id) where status = 'approved';
grant select, insert on bulk_credits to campus_app;
grant update (content, status, problems, line_count, total_minor, two_people, decided_by, decided_at, finished_at) on bulk_credits to campus_app;

-- One line of the file: one student's.
create table grants (
  id uuid primary key default uuidv7(),
  bulk_credit_id uuid not null references bulk_credits (id),
  line integer not null,
  student_id uuid not null references students (id),
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  reference text not null check (length(reference) between 1 and 64),
  -- From then on it cannot be counted on. null: it is the student's for good.
  expires_at timestamptz,
  status text not null default 'waiting' check (status in ('waiting', 'credited', 'no_wallet', 'rejected', 'expired')),
  transaction_id uuid unique,
  taken_back_minor bigint check (taken_back_minor between 0 and amount_minor),
  -- The wallet's last entry that still could spend it.
  ended_seq bigint,
  expired_transaction_id uuid unique,
  unique (bulk_credit_id, line),
  check ((status in ('credited', 'expired')) = (transaction_id is not null)),
  check ((status = 'expired') = (taken_back_minor is not null and ended_seq is not null)),
  check ((coalesce(taken_back_minor, 0) > 0) = (expired_transaction_id is not null))
);
-- The key of the credit: the same file again credits nobody.
create unique index grants_once on grants (student_id, reference) where status not in ('rejected', 'no_wallet');
create index grants_waiting on grants (bulk_credit_id, student_id) where status = 'waiting';
create index grants_expiring on grants (expires_at) where status = 'credited' and expires_at is not null;
grant select, insert on grants to campus_app;
grant update (status) on grants to campus_app;
