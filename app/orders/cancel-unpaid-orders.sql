-- Orders of the given time that nobody paid in time: so many minutes after they were placed or, where a slot is booked, after the slot's
-- end, and so many hours after they were placed where the slot is still to come. Cash is paid when the food is handed over, so that only
-- the hours count. One that could not be cancelled waits for its next try.
create or replace function unpaid_orders(p_placed_from timestamptz, p_placed_until timestamptz, p_limit integer) returns setof uuid language sql stable as $$
  select o.id from cafes f,
    lateral (select make_interval(mins => setting_number(f.id, 'unpaid_cancel_minutes')::integer) as wait,
      make_interval(hours => setting_number(f.id, 'unpaid_booking_hours')::integer) as booking,
      make_interval(mins => setting_number(f.id, 'slot_minutes')::integer) as slot) s,
    -- Whole rows are compared, so that orders_board is walked from the first moment to the last.
    lateral (select * from orders x
      where (x.cafe_id, x.status, x.id) > (f.id, 'received', uuid_from(p_placed_from)) and (x.cafe_id, x.status, x.id) < (f.id, 'received', uuid_from(p_placed_until))
        and x.payment_status in ('pending', 'failed')
        and (x.payment_method <> 'cash' and coalesce(x.scheduled_for + s.slot, x.created_at) <= now() - s.wait
          or x.scheduled_for > now() and x.created_at <= now() - s.booking)
        and not exists (select from unpaid_cancel_failures u where u.order_id = x.id and u.try_at > now())
        and not exists (select from charges c where c.order_id = x.id and c.state = 'open' and c.expires_at > clock_timestamp())
      order by x.cafe_id, x.status, x.id limit p_limit) o
  limit p_limit;
$$;

-- Cancels one of them. False where it was paid, moved or scanned meanwhile, or somebody else works on it: then it is not cancelled now.
-- Locks as everywhere: the order, its charge, its items by id, its slot. One order a transaction, or the items of two would be
-- locked in another order than place_order() takes them.
create or replace function cancel_unpaid_order(p_order_id uuid) returns boolean language plpgsql as $$
begin
  perform from orders where id = p_order_id and status = 'received' and payment_status in ('pending', 'failed') for update skip locked;
  if not found then return false; end if;
  -- The student may be looking at it.
  if exists (select from charges where order_id = p_order_id and state = 'open' and expires_at > clock_timestamp()) then return false; end if;
  perform set_order_status(p_order_id, 'cancelled', 'unpaid', false);
  delete from unpaid_cancel_failures where order_id = p_order_id;
  return true;
end $$;
