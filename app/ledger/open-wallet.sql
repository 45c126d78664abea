-- Makes the student's wallet where there is none yet. Two at once make one, and who is erased gets none: the lock waits for an erasure
-- that is under way.
create or replace function open_wallet(p_student_id uuid, p_currency text) returns void language sql security definer set search_path = public, pg_temp as $$
  insert into wallets (student_id, account_id, currency)
  select id, account_of('wallet', id, null, p_currency), p_currency from students
  where id = p_student_id and erased_at is null and not exists (select from wallets where student_id = p_student_id) for share of students
  on conflict (student_id) do nothing;
$$;
