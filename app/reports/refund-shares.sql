-- The part of each line in one refund, or in the return of one that failed (below zero): of the whole in proportion, rounded over the sum
-- of all refunds up to then, so that what was given back in parts adds up to what each line cost. The delivery has no item.
create or replace function refund_shares(p_transaction_id uuid) returns table (menu_item_id uuid, amount_minor bigint)
language sql stable as $$
  with given as (
    select own.order_id, coalesce(sum(x.amount) filter (where x.id < own.id), 0) as before, sum(x.amount) as after
    from ledger_transactions own, lateral (
      select t.id, case t.kind when 'gateway_refund_return' then -t.amount_minor else t.amount_minor end as amount from ledger_transactions t
      where t.corrects_id = own.corrects_id and t.kind in ('refund', 'gateway_refund', 'gateway_refund_return') and t.id <= own.id) x
    where own.id = p_transaction_id group by own.order_id, own.id),
  lines as (
    select i.menu_item_id, i.line_total_minor as amount, i.id as place from given g join order_items i on i.order_id = g.order_id
    union all
    select null, o.delivery_charge_minor, null from given g join orders o on o.id = g.order_id where o.delivery_charge_minor > 0),
  placed as (
    select l.*, sum(l.amount) over (order by l.place nulls last) as up_to, sum(l.amount) over () as total from lines l)
  select p.menu_item_id, (round(up_to * after / total) - round((up_to - p.amount) * after / total)
    - round(up_to * before / total) + round((up_to - p.amount) * before / total))::bigint
  from placed p, given;
$$;
