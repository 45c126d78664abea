-- Why: an upload's signed address was good for any number of tries at the decoder; and an account of finance or an admin's was made
-- by one person alone, who then was two.
alter table images add column tries smallint not null default 0 check (tries between 0 and 3);

-- What gives somebody an account of the university, asked for by one person and done by another.
create table staff_requests (
  id uuid primary key default uuidv7(),
  kind text not null check (kind in ('add', 'reset', 'change')),
  staff_id uuid references staff (id),
  username text,
  name text,
  role text check (role in ('finance', 'admin')),
  is_active boolean,
  status text not null default 'pending' check (status in ('pending', 'approved', 'rejected')),
  requested_by uuid not null references staff (id),
  decided_by uuid references staff (id),
  created_at timestamptz not null default now(),
  decided_at timestamptz,
  check ((kind = 'add') = (username is not null)),
  check (kind = 'add' or staff_id is not null),
  check ((status = 'pending') = (decided_at is null)),
  -- Two people, always: also if the code forgets.
  check (status <> 'approved' or decided_by <> requested_by)
);
create index staff_requests_pending on staff_requests (id) where status = 'pending';
grant select, insert, update on staff_requests to campus_app;

-- Who had the last word over what opens an account: for so many days these two agree to no money of one another.
create table staff_openings (
  staff_id uuid not null references staff (id),
  opened_by uuid not null references staff (id),
  at timestamptz not null default now()
);
create index staff_openings_pair on staff_openings (staff_id, opened_by, at);
grant select, insert on staff_openings to campus_app;
