-- Why: the nightly jobs read with a role of their own, which can write nothing and sees no phone number, name or address.
-- Run by whoever may make roles (no superuser: on RDS the master user), before the migrations, as often as wanted. It gets no
-- password here: without one nobody logs in. What it may read is granted by the schema's owner (app/migrations, "analytics").
do $$ begin
  if not exists (select from pg_roles where rolname = 'campus_reports') then
    create role campus_reports login connection limit 8;
  end if;
end $$;
alter role campus_reports set default_transaction_read_only = on;
-- A job that hangs must not hold back vacuum until the morning.
alter role campus_reports set statement_timeout = '10min';
alter role campus_reports set lock_timeout = '2s';
alter role campus_reports set idle_in_transaction_session_timeout = '30min';
alter role campus_reports set transaction_timeout = '45min';
