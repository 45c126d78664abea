-- Why: who may do what, and what opens it. Cafés' devices, sessions, the one-time passwords before them, and the keys that
-- sign a confirm. Secrets stand here as hashes only.

-- By the username that was typed, known or not, so that an unknown one answers and locks in the same way.
create table login_failures (
  username_hash bytea primary key,
  failures integer not null default 0,
  locked_until timestamptz,
  last_at timestamptz not null default now()
);

create table devices (
  id uuid primary key default uuidv7(),
  cafe_id uuid not null references cafes (id),
  name text not null check (length(name) between 1 and 60),
  key_hash bytea not null,
  created_at timestamptz not null default now(),
  rotated_at timestamptz,
  revoked_at timestamptz
);
create index devices_cafe on devices (cafe_id);

create table sessions (
  id uuid primary key default uuidv7(),
  student_id uuid references students (id),
  staff_id uuid references staff (id),
  created_at timestamptz not null default now(),
  revoked_at timestamptz,
  -- changed: another person changed the login (phone, password, role), which ends what the old one opened.
  revoked_because text check (revoked_because in ('logout', 'reuse', 'deactivated', 'erased', 'changed')),
  check ((student_id is null) <> (staff_id is null)),
  check ((revoked_at is null) = (revoked_because is null))
);
create index sessions_student on sessions (student_id) where revoked_at is null;
create index sessions_staff on sessions (staff_id) where revoked_at is null;
create index sessions_revoked on sessions (revoked_at) where revoked_at is not null;

-- Each use of a refresh token replaces it; the second use of one revokes its session.
create table refresh_tokens (
  token_hash bytea primary key,
  session_id uuid not null references sessions (id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index refresh_tokens_session on refresh_tokens (session_id);
create index refresh_tokens_expiry on refresh_tokens (expires_at);

create table otps (
  id uuid primary key default uuidv7(),
  phone text not null,
  code_hash bytea not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  wrong_tries smallint not null default 0 check (wrong_tries between 0 and 5),
  used_at timestamptz
);
create index otps_phone on otps (phone, created_at desc);
create index otps_created on otps (created_at);

create table confirm_keys (
  id uuid primary key default uuidv7(),
  student_id uuid not null references students (id),
  public_key bytea not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz,
  unique (student_id, public_key)
);

create table push_tokens (
  token text primary key check (length(token) between 8 and 4096),
  student_id uuid references students (id),
  staff_id uuid references staff (id),
  platform text not null check (platform in ('android', 'ios', 'web')),
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check ((student_id is null) <> (staff_id is null))
);
create index push_tokens_student on push_tokens (student_id) where is_active;
create index push_tokens_staff on push_tokens (staff_id) where is_active;

grant select, insert, update on devices, sessions, confirm_keys to campus_app;
grant select, insert, update, delete on login_failures, refresh_tokens, otps, push_tokens to campus_app;
-- An erased student's keys go; `requires_signature` stays, so a deleted key opens nothing.
grant delete on confirm_keys to campus_app;
