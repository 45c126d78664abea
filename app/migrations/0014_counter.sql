-- Why: the counter. What a terminal sells and gives back in one call, the shift in which it does so, and the Z-report that
-- closes the shift. A sale writes nothing for its shift: a report counts what became visible after the report before it,
-- told by the snapshots of both. So no sale waits for a close, and each is in exactly one report.
-- Lock order: shift, the café's row of z_report_counters. Neither is taken by anything that moves money.

-- What was sold at a terminal. A sale to a card is paid through its charge, one for cash with its order.
create table counter_sales (
  order_id uuid primary key references orders (id),
  device_id uuid not null,
  -- What was handed over in cash; null for a card.
  tendered_minor bigint check (tendered_minor > 0)
);

-- What was given back at a terminal.
create table counter_refunds (
  transaction_id uuid primary key,
  device_id uuid not null
);

create table shifts (
  id uuid primary key default uuidv7(),
  cafe_id uuid not null references cafes (id),
  device_id uuid not null references devices (id),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  opening_float_minor bigint not null check (opening_float_minor >= 0),
  opened_by uuid references staff (id),
  opened_at timestamptz not null default now(),
  -- What was committed then: a terminal's first report begins here.
  opened_seeing pg_snapshot not null default pg_current_snapshot(),
  counted_cash_minor bigint check (counted_cash_minor >= 0),
  closed_by uuid references staff (id),
  closed_at timestamptz,
  check ((closed_at is null) = (counted_cash_minor is null)),
  check (closed_by is null or closed_at is not null)
);
create unique index shifts_one_open on shifts (device_id) where closed_at is null;
create index shifts_cafe on shifts (cafe_id, id);

-- A café's last number, and what its last report saw. Held by a close until its commit: numbers have no gap.
create table z_report_counters (
  cafe_id uuid primary key references cafes (id),
  last_number integer not null default 0,
  seen pg_snapshot not null default pg_current_snapshot()
);

create table z_reports (
  shift_id uuid primary key references shifts (id),
  cafe_id uuid not null references cafes (id),
  device_id uuid not null,
  number integer not null,
  seen pg_snapshot not null,
  report jsonb not null check (jsonb_typeof(report) = 'object'),
  created_at timestamptz not null default now(),
  unique (cafe_id, number)
);
create index z_reports_device on z_reports (device_id, number);

grant select, insert on counter_sales, counter_refunds, z_reports to campus_app;
grant select, insert, update on shifts, z_report_counters to campus_app;
