-- Why: money goes into a till's drawer and out of it without a sale (change from the safe, a delivery that is paid in cash, notes taken to
-- the bank), and a count at the close can only be held against all of it.
create table cash_movements (
  id uuid primary key default uuidv7(),
  shift_id uuid not null references shifts (id),
  -- Into the drawer; below zero, out of it.
  amount_minor bigint not null check (amount_minor <> 0),
  reason text not null check (length(reason) between 1 and 500),
  staff_id uuid references staff (id),
  at timestamptz not null default now()
);
create index cash_movements_shift on cash_movements (shift_id);

grant select, insert on cash_movements to campus_app;
