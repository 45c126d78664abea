-- Moves an order that the caller holds locked and has found movable by the table of transitions. A cancelled order lets go of
-- its charge, its stock and its place in the slot; what nobody fetched was cooked, so a no-show gives nothing back. What a
-- driver does with it follows its status.
create or replace function set_order_status(p_order_id uuid, p_status text, p_reason text, p_is_no_show boolean) returns void language plpgsql as $$
declare moved orders;
begin
  if p_status = 'cancelled' then
    perform end_charge(id, 'voided', 'order cancelled') from charges where order_id = p_order_id and state = 'open';
    if not p_is_no_show then
      perform give_back_lines(p_order_id, case when p_reason = 'unpaid' then 'order_expired' else 'order_cancelled' end);
      update slot_counters c set taken = c.taken - 1 from orders x where x.id = p_order_id and c.cafe_id = x.cafe_id and c.starts_at = x.scheduled_for;
    end if;
  end if;
  update orders set status = p_status, updated_at = now(), no_show_at = case when p_is_no_show then now() end,
      cancelled_at = case when p_status = 'cancelled' then now() end, cancel_reason = case when p_status = 'cancelled' then p_reason end,
      version = version + case when p_status = 'cancelled' then 1 else 0 end
    where id = p_order_id returning * into moved;
  update delivery_assignments set
      status = case p_status when 'ready' then 'assigned' when 'completed' then 'delivered' else 'picked_up' end,
      picked_up_at = case when p_status <> 'ready' then coalesce(picked_up_at, now()) end,
      delivered_at = case when p_status = 'completed' then now() end
    where order_id = moved.id and p_status in ('ready', 'out_for_delivery', 'completed');
  perform emit_event(array_remove(array['order:' || moved.id, 'cafe:' || moved.cafe_id, 'student:' || moved.student_id], null), 'status_changed',
    jsonb_build_object('order_id', moved.id, 'status', moved.status, 'updated_at', json_time(moved.updated_at)));
  if may_prepare(moved) then perform refresh_estimates(moved.cafe_id); end if;
end $$;
