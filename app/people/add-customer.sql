-- A student's first order at a café makes the student its customer.
create or replace function add_customer() returns trigger language plpgsql as $$
begin
  insert into customers (cafe_id, student_id) values (new.cafe_id, new.student_id) on conflict (cafe_id, student_id) do nothing;
  return null;
end $$;
create or replace trigger orders_make_customers after insert on orders for each row when (new.student_id is not null) execute function add_customer();
