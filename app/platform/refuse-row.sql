-- A CHECK by columns: the condition is the trigger's, so the function runs for a wrong row alone.
create or replace function refuse_row() returns trigger language plpgsql as $$
begin
  raise exception 'a row of % breaks %', tg_table_name, tg_name using errcode = 'check_violation', table = tg_table_name, constraint = tg_name;
end $$;
