-- The one place where an order is written out for the API: place_order() stores this text with the Idempotency-Key in the
-- transaction of the order, and every read gives the same fields.
create or replace function order_json(o orders) returns json language sql stable parallel safe as $$
  select json_build_object(
    'id', o.id, 'cafe_id', o.cafe_id, 'order_number', o.order_number,
    'printed_number', (select f.code from cafes f where f.id = o.cafe_id) || '-' || o.order_number,
    'status', o.status, 'order_type', o.order_type, 'payment_method', o.payment_method, 'payment_status', o.payment_status,
    'subtotal_minor', o.subtotal_minor, 'delivery_charge_minor', o.delivery_charge_minor, 'total_minor', o.total_minor,
    'refunded_minor', o.refunded_minor, 'currency', o.currency, 'special_instructions', o.special_instructions,
    'delivery_address', o.delivery_address, 'table_id', o.table_id,
    'table_label', (select t.label from cafe_tables t where t.id = o.table_id),
    'scheduled_for', json_time(o.scheduled_for), 'estimated_ready_time', json_time(o.estimated_ready_time),
    'cancel_reason', o.cancel_reason, 'version', o.version, 'at_counter', exists (select from counter_sales s where s.order_id = o.id),
    'items', coalesce((
      select json_agg(json_build_object('menu_item_id', i.menu_item_id, 'item_name', i.item_name, 'item_price_minor', i.item_price_minor,
        'vat_basis_points', i.vat_basis_points, 'quantity', i.quantity, 'line_total_minor', i.line_total_minor, 'options', i.options) order by i.id)
      from order_items i where i.order_id = o.id), '[]'),
    'created_at', json_time(o.created_at), 'updated_at', json_time(o.updated_at));
$$;
