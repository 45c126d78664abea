-- Why: what every feature leans on. Answers that must be given again byte for byte, work to be done after a commit,
-- timed work, the audit trail; and the kinds of value that many tables share.

-- PostgreSQL reads every CHECK of a table from its stored text for each statement that writes the table, whichever columns it sets:
-- with thirty of them on four tables that was 22 % of the CPU of a debit (measured). A domain is asked only when its own
-- column is assigned, and its condition stays compiled. So the tables that a scan or a debit writes check single columns by
-- domains; what compares columns stays a CHECK there, or becomes a trigger whose condition is asked when one of its parts is set.
create domain positive_minor as bigint check (value > 0);
create domain nonnegative_minor as bigint check (value >= 0);
create domain currency_code as text check (value ~ '^[A-Z]{3}$');
create domain short_text as text check (length(value) <= 500);

create table idempotency_answers (
  principal text not null,
  route text not null,
  key text not null check (length(key) between 1 and 64),
  body_hash bytea not null,
  status smallint not null,
  body text not null,
  -- null keeps the answer for ever: keys of money.
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (principal, route, key)
);
create index idempotency_answers_expiry on idempotency_answers (expires_at) where expires_at is not null;

create table outbox (
  id uuid primary key default uuidv7(),
  topic text not null,
  payload jsonb not null,
  created_at timestamptz not null default now(),
  due_at timestamptz not null default now(),
  tries smallint not null default 0,
  last_error text,
  -- A row is waiting, then done or dead; never both (app/platform/outbox.sql).
  done_at timestamptz,
  dead_at timestamptz
);
-- A lane of a worker asks for its own topics: with the time alone in front it would read past every row of the others.
create index outbox_due on outbox (topic, due_at) where done_at is null and dead_at is null;
create index outbox_done on outbox (done_at) where done_at is not null;
-- How many rows were given up is a metric, asked once a minute.
create index outbox_dead on outbox (dead_at) where dead_at is not null;
alter table outbox set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

create table timed_jobs (
  name text primary key,
  due_at timestamptz not null default now(),
  last_started_at timestamptz,
  last_done_at timestamptz,
  last_error text
);

create table audit_log (
  id uuid primary key default uuidv7(),
  at timestamptz not null default now(),
  actor_kind text not null,
  actor_id uuid,
  action text not null,
  object_kind text not null,
  object_id uuid,
  cafe_id uuid,
  details jsonb not null default '{}',
  request_id text
);
create index audit_log_object on audit_log (object_kind, object_id, id);
create index audit_log_cafe on audit_log (cafe_id, id);
create index audit_log_actor on audit_log (actor_id, id);
create index audit_log_action on audit_log (action, id);

grant usage on schema public to campus_app;
grant select, insert, update, delete on idempotency_answers, outbox, timed_jobs to campus_app;
grant select, insert on audit_log to campus_app;
