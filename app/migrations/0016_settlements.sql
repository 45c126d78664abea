-- Why: money goes out. What each café is owed for a day is worked out once and paid; a student who leaves is paid out.

-- What the university keeps of a café's sales, from a day on. A row without a café holds for those that have none of their own.
create table settlement_terms (
  id uuid primary key default uuidv7(),
  cafe_id uuid references cafes (id),
  from_day date not null,
  fee_basis_points integer not null check (fee_basis_points between 0 and 10000),
  fee_vat_basis_points integer not null check (fee_vat_basis_points between 0 and 10000),
  set_by uuid references staff (id),
  created_at timestamptz not null default now(),
  unique nulls not distinct (cafe_id, from_day)
);
insert into settlement_terms (cafe_id, from_day, fee_basis_points, fee_vat_basis_points) values (null, '2020-01-01', 0, 2500);

create table settlements (
  id uuid primary key default uuidv7(),
  cafe_id uuid not null references cafes (id),
  account_id uuid not null references accounts (id),
  day date not null,
  -- Where the settlement before ended, when the café's clock ended this day, and which transactions were committed when it was
  -- worked out: what happened before the end and was seen belongs to it, but for what the settlement before has.
  from_at timestamptz not null,
  until_at timestamptz not null,
  seen pg_snapshot not null,
  previous_id uuid unique references settlements (id),
  currency text not null,
  -- What the settlement before could not take from the café: zero or below.
  opening_minor bigint not null check (opening_minor <= 0),
  wallet_sales_minor bigint not null,
  gateway_sales_minor bigint not null,
  cash_sales_minor bigint not null,
  wallet_refunds_minor bigint not null,
  gateway_refunds_minor bigint not null,
  cash_refunds_minor bigint not null,
  disputes_minor bigint not null,
  -- Of a kind that no other line has: none today, and a kind that is added one day stops no settlement.
  other_minor bigint not null,
  sales_count integer not null,
  -- The VAT in the café's own prices, refunds taken off: [{"vat_basis_points", "gross_minor", "vat_minor"}].
  vat jsonb not null,
  -- What the café has in its own till already.
  cash_kept_minor bigint not null,
  fee_basis_points integer not null,
  fee_minor bigint not null,
  fee_vat_basis_points integer not null,
  fee_vat_minor bigint not null,
  payable_minor bigint not null check (payable_minor >= 0),
  carried_minor bigint not null check (carried_minor <= 0),
  status text not null check (status in ('due', 'paid', 'carried', 'nothing')),
  cash_transaction_id uuid unique,
  fee_transaction_id uuid unique,
  fee_vat_transaction_id uuid unique,
  paid_transaction_id uuid unique,
  paid_by uuid references staff (id),
  paid_at timestamptz,
  bank_reference text check (length(bank_reference) between 3 and 140),
  created_at timestamptz not null default now(),
  unique (cafe_id, day),
  check (payable_minor + carried_minor = opening_minor + wallet_sales_minor + gateway_sales_minor + cash_sales_minor
    - wallet_refunds_minor - gateway_refunds_minor - cash_refunds_minor - disputes_minor + other_minor - cash_kept_minor - fee_minor - fee_vat_minor),
  check (payable_minor = 0 or carried_minor = 0),
  check (status in ('due', 'paid') = (payable_minor > 0) and (status = 'carried') = (carried_minor < 0)),
  check ((status = 'paid') = (paid_transaction_id is not null) and (status = 'paid') = (paid_by is not null)
    and (status = 'paid') = (paid_at is not null) and (status = 'paid') = (bank_reference is not null))
);
create index settlements_due on settlements (id) where status = 'due';

-- A student who leaves and asks for the rest. Where it goes is a person's bank account: it is blanked with the person.
create table close_outs (
  id uuid primary key default uuidv7(),
  student_id uuid not null references students (id),
  pay_to text not null check (length(pay_to) between 5 and 140),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  status text not null default 'pending' check (status in ('pending', 'paid', 'rejected', 'withdrawn')),
  amount_minor bigint check (amount_minor >= 0),
  transaction_id uuid unique,
  bank_reference text check (length(bank_reference) between 3 and 140),
  reason text check (length(reason) between 3 and 500),
  decided_by uuid references staff (id),
  decided_at timestamptz,
  created_at timestamptz not null default now(),
  check ((status = 'pending') = (decided_at is null)),
  check ((status = 'paid') = (amount_minor is not null)),
  check ((amount_minor > 0) = (transaction_id is not null) or (amount_minor is null and transaction_id is null))
);
create unique index close_outs_one_pending on close_outs (student_id) where status = 'pending';
create index close_outs_student on close_outs (student_id, id);

grant select, insert, update on settlements, close_outs to campus_app;
grant select, insert on settlement_terms to campus_app;
