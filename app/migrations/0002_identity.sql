-- Why: who may do what. Cafés and their devices, students, staff, sessions and the one-time passwords that open them.

create table cafes (
  id uuid primary key default uuidv7(),
  code text not null unique check (code ~ '^[A-Z0-9]{2,6}$'),
  name text not null check (length(name) between 1 and 100),
  status text not null default 'pending' check (status in ('pending', 'approved', 'suspended')),
  time_zone text not null default 'Europe/Stockholm',
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  number_match_required boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table students (
  id uuid primary key default uuidv7(),
  phone text not null unique check (phone ~ '^\+[1-9][0-9]{7,14}$'),
  name text check (length(name) between 1 and 100),
  email text check (length(email) <= 254),
  address text check (length(address) <= 500),
  student_number text unique check (length(student_number) <= 40),
  language text not null default 'en' check (language in ('sv', 'it', 'en')),
  notify_orders boolean not null default true,
  notify_payments boolean not null default true,
  is_active boolean not null default true,
  -- Stays true when keys are deleted: a stolen token can lock a wallet's confirms, never open them.
  requires_signature boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table staff (
  id uuid primary key default uuidv7(),
  username text not null unique check (username ~ '^[a-z0-9._-]{3,50}$'),
  password_hash text not null,
  name text not null check (length(name) between 1 and 100),
  role text not null check (role in ('owner', 'cashier', 'kitchen', 'delivery', 'finance', 'admin')),
  cafe_id uuid references cafes (id),
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Staff of a café have one café; the university's staff have none.
  check ((role in ('finance', 'admin')) = (cafe_id is null))
);
create index staff_cafe on staff (cafe_id);

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
  revoked_because text check (revoked_because in ('logout', 'reuse', 'deactivated', 'erased')),
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

grant select, insert, update on cafes, students, staff, devices, sessions, confirm_keys to campus_app;
grant select, insert, update, delete on login_failures, refresh_tokens, otps, push_tokens to campus_app;
