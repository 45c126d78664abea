create or replace function log_order_status() returns trigger language plpgsql as $$
begin
  insert into order_status_log (order_id, from_status, to_status) values (new.id, old.status, new.status);
  return new;
end $$;
create or replace trigger orders_status_logged after update of status on orders
  for each row when (old.status is distinct from new.status) execute function log_order_status();
