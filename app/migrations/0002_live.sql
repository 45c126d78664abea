-- Why: what live clients read: each thing that happened, with the channels of those who may hear of it.

-- Live events. Rows commit out of id order, so a reader orders by (xid, id) and stops at the oldest running
-- transaction (pg_snapshot_xmin): whatever has a smaller xid is finished, and nothing can appear behind the reader.
create table events (
  id bigint generated always as identity,
  xid xid8 not null default pg_current_xact_id(),
  channels text[] not null,
  event text not null,
  data jsonb not null,
  at timestamptz not null default now(),
  primary key (xid, id)
);
create index events_at on events using brin (at);

grant select, insert, delete on events to campus_app;
