-- Why: each transaction is settled exactly once because a primary key says so, and no snapshot of the server's is kept as business
-- data, which a logical copy or an upgrade would break. A café's day ends in the zone that was agreed for that day: a change
-- takes effect from a later day on. What cannot be settled is written down and holds up nobody else.

create table cafe_zones (
  cafe_id uuid not null references cafes (id),
  from_day date not null,
  time_zone text not null,
  primary key (cafe_id, from_day)
);
insert into cafe_zones (cafe_id, from_day, time_zone) select id, '2000-01-01', time_zone from cafes;

alter table settlements add column time_zone text;
-- One row for each café and day.
-- meant: large-change-not-in-batches
update settlements s set time_zone = f.time_zone from cafes f where f.id = s.cafe_id;
-- squawk-ignore adding-not-nullable-field, constraint-missing-not-valid
alter table settlements alter column time_zone set not null, add constraint settlements_day_has_length check (until_at > from_at);

-- What each settlement took, signed as the café sees it. The rate is that of the sale, also for what was given back of it later.
create table settled_entries (
  transaction_id uuid primary key,
  settlement_id uuid not null references settlements (id) deferrable initially deferred,
  line text not null check (line in ('wallet_sale', 'gateway_sale', 'cash_sale', 'wallet_refund', 'gateway_refund', 'cash_refund', 'dispute', 'other')),
  amount_minor bigint not null,
  fee_basis_points integer not null,
  fee_vat_basis_points integer not null
);
create index settled_entries_settlement on settled_entries (settlement_id);

-- A demo campus of before: its settlements took what their snapshots saw.
do $$ begin
  if to_regprocedure('settlement_entries(uuid)') is not null then
    execute 'insert into settled_entries select e.transaction_id, s.id, e.line, e.amount_minor, s.fee_basis_points, s.fee_vat_basis_points
      from settlements s, lateral settlement_entries(s.id) e on conflict do nothing';
  end if;
end $$;
-- Nothing is deployed yet: no process of an earlier release reads it.
-- squawk-ignore ban-drop-column
alter table settlements drop column seen;

create table settlement_failures (
  cafe_id uuid primary key references cafes (id),
  day date not null,
  error text not null,
  tries integer not null default 1,
  since timestamptz not null default now(),
  try_at timestamptz not null
);

grant select on cafe_zones to campus_app;
grant insert, update on cafe_zones to campus_app;
grant select, insert on settled_entries to campus_app;
grant select, insert, update, delete on settlement_failures to campus_app;
