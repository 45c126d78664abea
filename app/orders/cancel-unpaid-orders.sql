-- Cancels what nobody paid in time: so many minutes after it was placed or, where a slot is booked, after the slot's end.
-- Never while a charge is open: the student may be looking at it. Cash is paid when the food is handed over. Returns how many.
create or replace function cancel_unpaid_orders(p_limit integer) returns integer language plpgsql as $$
declare v_id uuid; v_cancelled integer := 0;
begin
  for v_id in
    select o.id from cafes f,
      lateral (select make_interval(mins => setting_number(f.id, 'unpaid_cancel_minutes')::integer) as wait, make_interval(mins => setting_number(f.id, 'slot_minutes')::integer) as slot) s,
      lateral (select * from orders x
        where (x.cafe_id, x.status, x.id) > (f.id, 'received', uuid_from(now() - interval '9 days')) and (x.cafe_id, x.status, x.id) < (f.id, 'received', uuid_from(now()))
          and x.payment_status in ('pending', 'failed') and x.payment_method <> 'cash' and coalesce(x.scheduled_for + s.slot, x.created_at) <= now() - s.wait
        order by x.cafe_id, x.status, x.id limit p_limit) o
    limit p_limit
  loop
    perform from orders where id = v_id and status = 'received' and payment_status in ('pending', 'failed') for update skip locked;
    if found and not exists (select from charges where order_id = v_id and state = 'open' and expires_at > clock_timestamp()) then
      perform set_order_status(v_id, 'cancelled', 'unpaid', false);
      v_cancelled := v_cancelled + 1;
    end if;
  end loop;
  return v_cancelled;
end $$;
