-- An erased person leaves no bank account behind, neither in a close-out nor in the answer that was remembered of it.
create or replace function forget_close_outs() returns trigger language plpgsql as $$
begin
  update close_outs set pay_to = 'erased', reason = case when reason is not null then 'erased' end,
      status = case when status = 'pending' then 'withdrawn' else status end, decided_at = coalesce(decided_at, now())
    where student_id = new.id;
  -- The answer that finance was given names the account too, and keys of money have no end.
  update idempotency_answers set body = '{}'
    where principal = any (array(select distinct 'staff:' || decided_by from close_outs where student_id = new.id and decided_by is not null)) and body <> '{}'
      and body like any (array(select '%' || id || '%' from close_outs where student_id = new.id));
  return null;
end $$;
create or replace trigger students_erased_close_outs after update of erased_at on students
  for each row when (new.erased_at is not null) execute function forget_close_outs();
