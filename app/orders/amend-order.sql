-- Other lines for an order that the caller holds locked. What the order had is given back first; where the outcome is not
-- 'priced' the caller rolls back.
create or replace function amend_lines(p_order_id uuid, p_lines jsonb, p_special_instructions text) returns priced_lines language plpgsql as $$
declare
  priced priced_lines;
  amended orders;
begin
  select * into amended from orders where id = p_order_id;
  priced.details := refuse_unpaid_portions(amended.cafe_id, amended.student_id, amended.id, p_lines);
  if priced.details is not null then priced.outcome := 'too_many_unpaid'; return priced; end if;
  perform m.id from menu_items m where m.cafe_id = amended.cafe_id and m.stock is not null
    and (m.id in (select menu_item_id from order_items where order_id = amended.id and stock_taken > 0)
    or m.id in (select (x ->> 'menu_item_id')::uuid from jsonb_array_elements(p_lines) x)) order by m.id for no key update;
  perform give_back_lines(amended.id, 'order_changed');
  delete from order_items where order_id = amended.id;
  priced := price_lines(amended.cafe_id, p_lines, coalesce(amended.scheduled_for, clock_timestamp()));
  if priced.outcome <> 'priced' then return priced; end if;
  perform take_lines(amended.id, priced.lines, 'order_changed');
  update orders set subtotal_minor = priced.subtotal_minor, total_minor = priced.subtotal_minor + delivery_charge_minor, item_count = priced.item_count, version = version + 1,
    special_instructions = p_special_instructions, updated_at = now() where id = amended.id returning * into amended;
  perform emit_event(array_remove(array['order:' || amended.id, 'cafe:' || amended.cafe_id, 'student:' || amended.student_id], null), 'order_changed',
    jsonb_build_object('order_id', amended.id, 'order_number', amended.order_number, 'amount_minor', amended.total_minor, 'version', amended.version));
  return priced;
end $$;
