-- What the kitchen is working on or may begin, at most 200 orders of each kind: booked ones from an hour before their slot.
create or replace function kitchen_queue(p_cafe_id uuid) returns setof orders language sql stable as $$
  select o.* from unnest('{received,preparing}'::text[]) s (status),
    -- Whole rows are compared, so that the order can only be that of orders_board.
    lateral (select * from orders x
      where (x.cafe_id, x.status, x.id) > (p_cafe_id, s.status, '00000000-0000-0000-0000-000000000000')
        and (x.cafe_id, x.status, x.id) < (p_cafe_id, s.status, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      order by x.cafe_id desc, x.status desc, x.id desc limit 200) o
  where (o.scheduled_for is null or o.scheduled_for <= clock_timestamp() + interval '1 hour') and may_prepare(o);
$$;

-- The portions of the queue up to and with an order's own, so many at once, so many minutes each. A booked order is ready
-- at its slot, if the queue allows.
create or replace function ready_by(p_cafe_id uuid, p_portions bigint, p_scheduled_for timestamptz) returns timestamptz language sql stable as $$
  select date_trunc('second', greatest(p_scheduled_for, clock_timestamp()
    + make_interval(mins => (setting_number(p_cafe_id, 'prepare_minutes') * ceil(p_portions::numeric / setting_number(p_cafe_id, 'prepare_at_once')))::integer)));
$$;

-- Told only where it moves by a minute or more; an order that somebody else is working on is left to them, so nobody waits here.
create or replace function refresh_estimates(p_cafe_id uuid) returns void language sql as $$
  with queue as (
    select q.id, ready_by(p_cafe_id, sum(q.item_count) over (order by q.id), q.scheduled_for) as ready_by from kitchen_queue(p_cafe_id) q),
  moved as (
    select o.id, q.ready_by from queue q join orders o on o.id = q.id
    where o.status in ('received', 'preparing')
      and (o.estimated_ready_time is null or abs(extract(epoch from q.ready_by - o.estimated_ready_time)) >= 60)
    for no key update of o skip locked),
  told as (
    update orders o set estimated_ready_time = m.ready_by from moved m where o.id = m.id returning o.id, o.cafe_id, o.student_id, o.estimated_ready_time)
  select emit_event(array_remove(array['order:' || id, 'cafe:' || cafe_id, 'student:' || student_id], null), 'estimated_time',
    jsonb_build_object('order_id', id, 'ready_by', json_time(estimated_ready_time))) from told;
$$;
