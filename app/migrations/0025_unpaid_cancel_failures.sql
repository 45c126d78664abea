-- Why: an order that nobody paid and that cannot be cancelled is written down, so that it is seen, is tried again later, and stops no other.

create table unpaid_cancel_failures (
  order_id uuid primary key references orders (id),
  error text not null,
  tries integer not null default 1,
  since timestamptz not null default now(),
  try_at timestamptz not null
);
grant select, insert, update, delete on unpaid_cancel_failures to campus_app;
