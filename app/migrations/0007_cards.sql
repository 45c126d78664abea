-- Why: the card that is scanned at the counter, and whether it may still be used.

create table cards (
  id uuid primary key default uuidv7(),
  student_id uuid not null references students (id),
  -- HMAC of the number under the pepper: the number itself is stored nowhere.
  uid_hash bytea not null unique,
  issue_number integer not null default 1 check (issue_number >= 1),
  status text not null default 'active' check (status in ('active', 'frozen', 'lost', 'revoked')),
  status_because text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (student_id, issue_number)
);
create unique index cards_one_in_use on cards (student_id) where status in ('active', 'frozen');

grant select, insert, update on cards to campus_app;
