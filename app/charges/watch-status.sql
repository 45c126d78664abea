-- Whoever forbids a card, device, café or student takes this lock alone; a debit shares it. Nothing is written for it, and a
-- row lock on a busy café's row would be its hot row again.
create or replace function guard_key(p_kind text, p_id uuid) returns bigint language sql immutable as $$
  select hashtextextended(p_kind || p_id::text, 7);
$$;

create or replace function record_status(p_kind text, p_id uuid, p_allowed boolean) returns void language sql as $$
  insert into status_changes (object_kind, object_id, allowed, at) values (p_kind, p_id, p_allowed, clock_timestamp());
$$;

-- A card, device, café or student that is being forbidden waits here until the debits that share its guard are done, and holds new
-- ones until the commit: whoever writes the status has the lock, also by hand. A wallet's own row lock does the same.
create or replace function watch_status() returns trigger language plpgsql as $$
declare v_allowed boolean; v_id uuid;
begin
  case tg_table_name
    when 'wallets' then v_id := new.student_id; v_allowed := new.status = 'active';
    when 'cards' then v_id := new.id; v_allowed := new.status = 'active';
    when 'students' then v_id := new.id; v_allowed := new.is_active;
    when 'cafes' then v_id := new.id; v_allowed := new.status = 'approved';
    when 'devices' then v_id := new.id; v_allowed := new.revoked_at is null;
  end case;
  if tg_argv[0] <> 'wallet' then perform pg_advisory_xact_lock(guard_key(tg_argv[0], v_id)); end if;
  perform record_status(tg_argv[0], v_id, v_allowed);
  return null;
end $$;
create or replace trigger wallets_status_watched after update of status on wallets
  for each row when (old.status is distinct from new.status) execute function watch_status('wallet');
create or replace trigger cards_status_watched after update of status on cards
  for each row when (old.status is distinct from new.status) execute function watch_status('card');
create or replace trigger cafes_status_watched after update of status on cafes
  for each row when (old.status is distinct from new.status) execute function watch_status('cafe');
create or replace trigger devices_status_watched after update of revoked_at on devices
  for each row when ((old.revoked_at is null) is distinct from (new.revoked_at is null)) execute function watch_status('device');
create or replace trigger students_status_watched after update of is_active on students
  for each row when (old.is_active is distinct from new.is_active) execute function watch_status('student');
