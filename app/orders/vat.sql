-- The VAT in a price, rounded half up, in whole numbers.
create or replace function vat_of(p_gross_minor bigint, p_basis_points integer) returns bigint language sql immutable parallel safe as $$
  select (2 * p_gross_minor * p_basis_points + 10000 + p_basis_points) / (2 * (10000 + p_basis_points));
$$;

-- The VAT in an order's prices, one rule everywhere: of each line by itself, rounded half up. A delivery goes with the food
-- and is taxed as the highest rate in it.
create or replace function order_vat(p_order_id uuid) returns table (vat_basis_points integer, gross_minor bigint, vat_minor bigint)
language sql stable as $$
  select l.rate, sum(l.gross)::bigint, sum(vat_of(l.gross, l.rate))::bigint
  from (
    select i.vat_basis_points as rate, i.line_total_minor as gross from order_items i where i.order_id = p_order_id
    union all
    select (select max(i.vat_basis_points) from order_items i where i.order_id = o.id), o.delivery_charge_minor
    from orders o where o.id = p_order_id and o.delivery_charge_minor > 0) l
  group by l.rate;
$$;

-- How much of its order was given back before one refund, or the return of one that failed, and how much with it.
create or replace function refund_span(p_transaction_id uuid) returns table (order_id uuid, before numeric, after numeric) language sql stable as $$
  select own.order_id, coalesce(sum(x.amount) filter (where x.id < own.id), 0), sum(x.amount)
  from ledger_transactions own, lateral (
    select t.id, case t.kind when 'gateway_refund_return' then -t.amount_minor else t.amount_minor end as amount from ledger_transactions t
    where t.corrects_id = own.corrects_id and t.kind in ('refund', 'gateway_refund', 'gateway_refund_return') and t.id <= own.id) x
  where own.id = p_transaction_id group by own.order_id, own.id;
$$;

-- What of one part of an order lies in that span, below zero where something came back: of the whole in proportion, rounded over the sum of
-- all refunds up to then, so that what was given back in pieces adds up to what was paid. The parts lie in a row; this one ends at p_up_to.
create or replace function refunded_of_part(p_part_minor bigint, p_up_to numeric, p_total numeric, p_before numeric, p_after numeric) returns bigint
language sql immutable parallel safe as $$
  select (round(p_up_to * p_after / p_total) - round((p_up_to - p_part_minor) * p_after / p_total)
    - round(p_up_to * p_before / p_total) + round((p_up_to - p_part_minor) * p_before / p_total))::bigint;
$$;

-- The part of each rate in one refund, or in the return of one that failed.
create or replace function refund_vat(p_transaction_id uuid) returns table (vat_basis_points integer, gross_minor bigint, vat_minor bigint)
language sql stable as $$
  with rates as (
    select v.*, s.before, s.after, sum(v.gross_minor) over (order by v.vat_basis_points) as up_to, sum(v.gross_minor) over () as total
    from refund_span(p_transaction_id) s, lateral order_vat(s.order_id) v)
  select r.vat_basis_points, refunded_of_part(r.gross_minor, up_to, total, before, after),
    (round(r.vat_minor * after / total) - round(r.vat_minor * before / total))::bigint
  from rates r;
$$;
