-- Why: the books are looked at by themselves, and what was found last stands where people and alarms can read it.

create table checks (
  name text primary key,
  checked_at timestamptz not null,
  -- What happened before this moment was looked at; the next look begins a little before it.
  looked_until timestamptz not null,
  took_ms integer not null,
  ok boolean not null,
  -- How many things are wrong, or how much money is not explained.
  findings bigint not null,
  result jsonb not null,
  -- Since which look it has not been well.
  broken_since timestamptz
);
grant select, insert, update on checks to campus_app;
