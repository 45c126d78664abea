-- Why: a student who leaves is paid what finance was shown: from the request on nothing of it can be spent. Two people of finance pay
-- it out. What a student owes is paid back by the next money that comes in, or written off by two people.

-- The CHECK keeps what is held from being spent, whatever the path; it is read for rows that change from now on.
alter table wallets add column held_minor bigint not null default 0;
alter table wallets add constraint wallets_held_is_there check (held_minor between 0 and balance_minor) not valid;

alter table close_outs drop constraint close_outs_status_check, drop constraint close_outs_check;
alter table close_outs add constraint close_outs_status_check check (status in ('pending', 'agreed', 'paid', 'rejected', 'withdrawn')) not valid,
  add constraint close_outs_decided check ((status in ('pending', 'agreed')) = (decided_at is null)) not valid;
alter table close_outs add column held_minor bigint, add column agreed_by uuid, add column agreed_at timestamptz;
-- Two people, always: also if the code forgets.
alter table close_outs add constraint close_outs_two_people check (status <> 'paid' or agreed_by is null or agreed_by <> decided_by) not valid,
  add constraint close_outs_agreed check (status <> 'agreed' or agreed_by is not null) not valid;
-- Few students leave at a time.
-- squawk-ignore require-concurrent-index-deletion
drop index close_outs_one_pending;
-- squawk-ignore require-concurrent-index-creation
create unique index close_outs_one_pending on close_outs (student_id) where status in ('pending', 'agreed');

create table debt_write_offs (
  id uuid primary key default uuidv7(),
  student_id uuid not null references students (id),
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  reason text not null check (length(reason) between 3 and 500),
  status text not null default 'pending' check (status in ('pending', 'approved', 'rejected')),
  requested_by uuid not null references staff (id),
  decided_by uuid references staff (id),
  transaction_id uuid unique,
  created_at timestamptz not null default now(),
  decided_at timestamptz,
  check (decided_by is null or decided_by <> requested_by or status = 'rejected'),
  check ((status = 'approved') = (transaction_id is not null)),
  check ((status = 'pending') = (decided_at is null))
);
create unique index debt_write_offs_one_pending on debt_write_offs (student_id) where status = 'pending';
grant select, insert, update on debt_write_offs to campus_app;
