-- Takes priced lines for an order: what is counted from the stock, with its movement. Their items are locked by price_lines().
create or replace function take_lines(p_order_id uuid, p_lines jsonb, p_reason text) returns void language sql as $$
  with line as (select * from jsonb_to_recordset(p_lines) as l (menu_item_id uuid, item_name text, item_price_minor bigint, vat_basis_points integer,
    quantity integer, is_counted boolean, options jsonb)),
  counted as (select menu_item_id, sum(quantity)::integer as quantity from line where is_counted group by menu_item_id),
  taken as (update menu_items m set stock = m.stock - c.quantity, updated_at = now() from counted c where m.id = c.menu_item_id),
  moved as (insert into stock_movements (item_id, change, reason, order_id) select menu_item_id, -quantity, p_reason, p_order_id from counted)
  insert into order_items (order_id, menu_item_id, item_name, item_price_minor, vat_basis_points, quantity, line_total_minor, stock_taken, options)
  select p_order_id, menu_item_id, item_name, item_price_minor, vat_basis_points, quantity, item_price_minor * quantity,
    case when is_counted then quantity else 0 end, options from line;
$$;

-- Gives back what an order took from the stock, once. An item that is not counted any more gets nothing.
create or replace function give_back_lines(p_order_id uuid, p_reason text) returns void language plpgsql as $$
begin
  perform m.id from menu_items m where m.id in (select menu_item_id from order_items where order_id = p_order_id and stock_taken > 0)
    and m.stock is not null order by m.id for no key update;
  with given as (select menu_item_id, sum(stock_taken)::integer as quantity from order_items where order_id = p_order_id and stock_taken > 0 group by menu_item_id),
  back as (update menu_items m set stock = m.stock + g.quantity, updated_at = now() from given g where m.id = g.menu_item_id and m.stock is not null returning m.id, g.quantity),
  moved as (insert into stock_movements (item_id, change, reason, order_id) select id, quantity, p_reason, p_order_id from back)
  update order_items set stock_taken = 0 where order_id = p_order_id and stock_taken > 0;
end $$;
