-- Why: a token alone moves nothing out of a wallet and takes no guard away. What needs more is asked for by a code of the phone that
-- is good for this one thing, and by the phone's key once there is one.
create table step_ups (
  id uuid primary key default uuidv7(),
  student_id uuid not null references students (id),
  purpose text not null check (purpose in ('close_out', 'limits', 'thaw_wallet', 'thaw_card', 'confirm_key')),
  -- What is to be done, line by line, as the phone signs it: another account or amount is another thing.
  deed text not null check (length(deed) <= 1000),
  code_hash bytea not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  tries smallint not null default 0 check (tries between 0 and 5),
  used_at timestamptz
);
create index step_ups_student on step_ups (student_id, created_at desc);
create index step_ups_created on step_ups (created_at);
grant select, insert, update, delete on step_ups to campus_app;

-- Until then the student can stop it, whoever asked.
alter table close_outs add column payable_at timestamptz not null default now();
