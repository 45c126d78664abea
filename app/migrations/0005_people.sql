-- Why: people as the university and the cafés keep them. A student who left without a trace but in the books, staff whose
-- password somebody else chose, imports of the register that are done whole or not at all, and a café's own customers.

create table students (
  id uuid primary key default uuidv7(),
  -- null once erased.
  phone text unique check (phone ~ '^\+[1-9][0-9]{7,14}$'),
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
  updated_at timestamptz not null default now(),
  -- A student who was erased keeps the id, for the books, and nothing that says who it was.
  erased_at timestamptz,
  constraint students_phone_until_erased check ((phone is null) = (erased_at is not null)),
  constraint students_erased_are_empty
    check (erased_at is null or (name is null and email is null and address is null and student_number is null and not is_active))
);
create index students_erased on students (erased_at) where erased_at is not null;

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
  -- True while the password is one that somebody else knows: it opens nothing but the change of itself.
  must_change_password boolean not null default false,
  -- Staff of a café have one café; the university's staff have none.
  check ((role in ('finance', 'admin')) = (cafe_id is null))
);
create index staff_cafe on staff (cafe_id);

-- Whom a café knows. A row with a student is made by the student's first order there and shows what the café itself wrote
-- into it beside the label; the student's own phone, e-mail and address never come here.
create table customers (
  id uuid primary key default uuidv7(),
  cafe_id uuid not null references cafes (id),
  student_id uuid references students (id),
  name text check (length(name) between 1 and 100),
  email text check (length(email) <= 254),
  phone text check (phone ~ '^\+[1-9][0-9]{7,14}$'),
  address text check (length(address) <= 500),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (cafe_id, student_id),
  check (student_id is not null or name is not null)
);
create index customers_cafe on customers (cafe_id, id);
create index customers_student on customers (student_id) where student_id is not null;

-- One file of the register. The file is here until it was worked on, what was wrong with it stays: lines, columns and
-- reasons, never what stood in them.
create table student_imports (
  id uuid primary key default uuidv7(),
  staff_id uuid not null references staff (id),
  mode text not null check (mode in ('all_or_none', 'good_lines')),
  is_dry_run boolean not null,
  status text not null default 'waiting' check (status in ('waiting', 'running', 'done', 'refused', 'failed')),
  content bytea,
  bytes_total integer not null,
  bytes_read integer not null default 0,
  lines_read integer not null default 0,
  bad_lines integer not null default 0,
  created_count integer not null default 0,
  updated_count integer not null default 0,
  unchanged_count integer not null default 0,
  problems jsonb not null default '[]',
  request_id text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  check ((status in ('waiting', 'running')) = (finished_at is null)),
  check ((content is null) = (finished_at is not null))
);

grant select, insert, update on students, staff, student_imports to campus_app;
grant select, insert, update, delete on customers to campus_app;
