-- The part of each line in one refund, or in the return of one that failed. The delivery has no item.
create or replace function refund_shares(p_transaction_id uuid) returns table (menu_item_id uuid, amount_minor bigint)
language sql stable as $$
  with given as (select * from refund_span(p_transaction_id)),
  lines as (
    select i.menu_item_id, i.line_total_minor as amount, i.id as place from given g join order_items i on i.order_id = g.order_id
    union all
    select null, o.delivery_charge_minor, null from given g join orders o on o.id = g.order_id where o.delivery_charge_minor > 0),
  placed as (
    select l.*, sum(l.amount) over (order by l.place nulls last) as up_to, sum(l.amount) over () as total from lines l)
  select p.menu_item_id, refunded_of_part(p.amount, up_to, total, before, after) from placed p, given;
$$;
