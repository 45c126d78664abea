-- Other lines for an order that the caller holds locked. What the order had is given back first; where the outcome is not
-- 'priced' the caller rolls back.
create or replace function amend_lines(p_order_id uuid, p_lines jsonb, p_special_instructions text) returns priced_lines language plpgsql as $$
declare l priced_lines; o orders;
begin
  select * into o from orders where id = p_order_id;
  perform m.id from menu_items m where m.cafe_id = o.cafe_id and m.stock is not null
    and (m.id in (select menu_item_id from order_items where order_id = o.id and stock_taken > 0)
    or m.id in (select (x ->> 'menu_item_id')::uuid from jsonb_array_elements(p_lines) x)) order by m.id for no key update;
  perform give_back_lines(o.id, 'order_changed');
  delete from order_items where order_id = o.id;
  l := price_lines(o.cafe_id, p_lines, coalesce(o.scheduled_for, clock_timestamp()));
  if l.outcome <> 'priced' then return l; end if;
  perform take_lines(o.id, l.lines, 'order_changed');
  update orders set subtotal_minor = l.subtotal_minor, total_minor = l.subtotal_minor + delivery_charge_minor, item_count = l.item_count, version = version + 1,
    special_instructions = p_special_instructions, updated_at = now() where id = o.id returning * into o;
  perform emit_event(array_remove(array['order:' || o.id, 'cafe:' || o.cafe_id, 'student:' || o.student_id], null), 'order_changed',
    jsonb_build_object('order_id', o.id, 'order_number', o.order_number, 'amount_minor', o.total_minor, 'version', o.version));
  return l;
end $$;
