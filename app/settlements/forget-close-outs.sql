-- An erased person leaves no bank account behind, neither in a close-out nor in the answer that was remembered of it.
create or replace function forget_close_outs() returns trigger language plpgsql as $$
begin
  update close_outs set pay_to = 'erased', reason = case when reason is not null then 'erased' end,
      status = case when status in ('pending', 'agreed') then 'withdrawn' else status end, decided_at = coalesce(decided_at, now())
    where student_id = new.id;
  -- The answer that finance was given names the account too, and keys of money have no end.
  update idempotency_answers set body = '{}'
    where principal = any (array(select distinct 'staff:' || s.id from close_outs c, unnest(array[c.agreed_by, c.decided_by]) s (id) where c.student_id = new.id and s.id is not null)) and body <> '{}'
      and body like any (array(select '%' || id || '%' from close_outs where student_id = new.id));
  return null;
end $$;
create or replace trigger students_erased_close_outs after update of erased_at on students
  for each row when (new.erased_at is not null) execute function forget_close_outs();
