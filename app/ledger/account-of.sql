-- The first account of its kind, made when it is first needed.
create or replace function account_of(p_kind text, p_student_id uuid, p_cafe_id uuid, p_currency text) returns uuid language plpgsql as $$
declare v_id uuid;
begin
  v_id := find_account(p_kind, p_student_id, p_cafe_id, p_currency);
  if v_id is null then
    insert into accounts (kind, student_id, cafe_id, currency) values (p_kind, p_student_id, p_cafe_id, p_currency)
      on conflict do nothing returning id into v_id;
    if v_id is null then v_id := find_account(p_kind, p_student_id, p_cafe_id, p_currency); end if;
  end if;
  return v_id;
end $$;

-- A student's is found by an index of its own: by "is not distinct from" alone all accounts of its kind are read, which made each of
-- 4,000 new wallets cost 6.5 ms and not 1.2 (measured on a busy machine).
create or replace function find_account(p_kind text, p_student_id uuid, p_cafe_id uuid, p_currency text) returns uuid language plpgsql as $$
declare v_id uuid;
begin
  if p_student_id is not null then
    select id into v_id from accounts
      where student_id = p_student_id and kind = p_kind and cafe_id is not distinct from p_cafe_id and currency = p_currency;
  else
    select id into v_id from accounts
      where kind = p_kind and student_id is null and cafe_id is not distinct from p_cafe_id and currency = p_currency;
  end if;
  return v_id;
end $$;
