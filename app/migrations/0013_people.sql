-- Why: people as the university and the cafés keep them. A student who left without a trace but in the books, staff whose
-- password somebody else chose, imports of the register that are done whole or not at all, and a café's own customers.

-- A student who was erased keeps the id, for the books, and nothing that says who it was.
alter table students
  alter column phone drop not null,
  add column erased_at timestamptz,
  add constraint students_phone_until_erased check ((phone is null) = (erased_at is not null)),
  add constraint students_erased_are_empty
    check (erased_at is null or (name is null and email is null and address is null and student_number is null and not is_active));
create index students_erased on students (erased_at) where erased_at is not null;

-- A login that another person changed (phone, password, role) ends what was opened with the old one.
alter table sessions
  drop constraint sessions_revoked_because_check,
  add constraint sessions_revoked_because_check check (revoked_because in ('logout', 'reuse', 'deactivated', 'erased', 'changed'));

-- True while the password is one that somebody else knows: it opens nothing but the change of itself.
alter table staff add column must_change_password boolean not null default false;

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

create function add_customer() returns trigger language plpgsql as $$
begin
  insert into customers (cafe_id, student_id) values (new.cafe_id, new.student_id) on conflict (cafe_id, student_id) do nothing;
  return null;
end $$;
create trigger orders_make_customers after insert on orders for each row when (new.student_id is not null) execute function add_customer();
insert into customers (cafe_id, student_id) select distinct cafe_id, student_id from orders where student_id is not null;

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

-- A day's sales are found by the time of payment. BRIN, because a plain index on it would be written by every debit and a
-- debit's update of its order would no longer be HOT.
create index orders_paid_at on orders using brin (paid_at) with (autosummarize = on);

create index audit_log_actor on audit_log (actor_id, id);
create index audit_log_action on audit_log (action, id);

grant select, insert, update, delete on customers to campus_app;
grant select, insert, update on student_imports to campus_app;
-- An erased student's keys go; `requires_signature` stays, so a deleted key opens nothing.
grant delete on confirm_keys to campus_app;

-- What staff wrote in their own words about an erased student. Refunds and the audit trail can be changed by no role of ours;
-- this is the one door, it opens for nobody who is not erased, and nothing but the words goes through it.
create function forget_words(p_student_id uuid) returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if not exists (select from students where id = p_student_id and erased_at is not null) then
    raise exception 'the student % is not erased', p_student_id;
  end if;
  update refunds set reason = 'erased' where order_id in (select id from orders where student_id = p_student_id) and reason <> 'erased';
  update gateway_refunds set reason = 'erased' where order_id in (select id from orders where student_id = p_student_id) and reason <> 'erased';
  update gateway_refunds r set reason = 'erased' from gateway_payments p join gateway_orders g on g.id = p.order_row_id
    where r.payment_row_id = p.id and g.student_id = p_student_id and g.order_id is null and r.reason <> 'erased';
  update audit_log l set details = l.details - 'reason'
    from (
      select 'student' as kind, p_student_id as id
      union all select 'order', id from orders where student_id = p_student_id
      union all select 'card', id from cards where student_id = p_student_id
      union all select 'adjustment', id from adjustments where student_id = p_student_id
      union all select 'dispute', id from gateway_disputes where student_id = p_student_id) o
    where l.object_kind = o.kind and l.object_id = o.id and l.details ? 'reason';
end $$;
revoke all on function forget_words(uuid) from public;
grant execute on function forget_words(uuid) to campus_app;
