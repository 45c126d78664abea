-- What of the café's money belongs to a terminal's report: what it took and gave back itself after `p_since`, and what
-- happened at no terminal (the portal, the gateway) after `p_cafe_since`; of both only what `p_until` sees.
create or replace function shift_totals(p_cafe_id uuid, p_device_id uuid, p_currency text, p_since pg_snapshot, p_cafe_since pg_snapshot, p_until pg_snapshot)
returns jsonb language sql stable as $$
  with payable as materialized (
    select id from accounts where kind = 'cafe_payable' and cafe_id = p_cafe_id and currency = p_currency),
  moved as materialized (
    select t.id, t.order_id, t.amount_minor, r.device_id is null and s.device_id is null as is_elsewhere,
      movement_of_kind(t.kind) as what, payment_method_of_kind(t.kind, t.wallet_student_id) as method
    from ledger_transactions t
      left join charges c on c.id = t.charge_id
      left join counter_sales s on s.order_id = t.order_id and t.kind = 'cash_sale'
      left join counter_refunds r on r.transaction_id = t.id
    where t.xid >= least(pg_snapshot_xmin(p_since), pg_snapshot_xmin(p_cafe_since)) and pg_visible_in_snapshot(t.xid, p_until)
      and movement_of_kind(t.kind) is not null
      and ((select id from payable) in (t.from_account_id, t.to_account_id))
      and coalesce(c.device_id, s.device_id, r.device_id, p_device_id) = p_device_id
      and not pg_visible_in_snapshot(t.xid, case when coalesce(c.device_id, s.device_id, r.device_id) is null then p_cafe_since else p_since end)),
  totals as (
    select count(*) filter (where what = 'sale') as sales_count, coalesce(sum(amount_minor) filter (where what = 'sale'), 0) as sales_minor,
      count(*) filter (where what = 'refund') as refunds_count,
      coalesce(sum(case what when 'refund' then amount_minor when 'return' then -amount_minor end), 0) as refunds_minor,
      coalesce(sum(amount_minor) filter (where what = 'dispute'), 0) as disputes_minor,
      coalesce(sum(case what when 'sale' then amount_minor when 'refund' then -amount_minor end) filter (where method = 'cash' and is_elsewhere), 0) as cash_elsewhere_minor
    from moved),
  methods as (
    select jsonb_agg(jsonb_build_object('method', x.method, 'sales_count', x.sales_count, 'sales_minor', x.sales_minor,
      'refunds_count', x.refunds_count, 'refunds_minor', x.refunds_minor) order by x.place) as list
    from (
      select n.place, n.method, count(m.id) filter (where m.what = 'sale') as sales_count, coalesce(sum(m.amount_minor) filter (where m.what = 'sale'), 0) as sales_minor,
        count(m.id) filter (where m.what = 'refund') as refunds_count,
        coalesce(sum(case m.what when 'refund' then m.amount_minor when 'return' then -m.amount_minor end), 0) as refunds_minor
      from unnest(payment_methods()) with ordinality n (method, place) left join moved m on m.method = n.method
      group by n.place, n.method) x),
  taxed as (
    select v.vat_basis_points as rate, v.gross_minor as gross, v.vat_minor as vat from moved m, lateral order_vat(m.order_id) v where m.what = 'sale'
    union all
    select v.vat_basis_points, -v.gross_minor, -v.vat_minor from moved m, lateral refund_vat(m.id) v where m.what in ('refund', 'return')),
  vat as (
    select coalesce(jsonb_agg(jsonb_build_object('vat_basis_points', x.rate, 'gross_minor', x.gross, 'vat_minor', x.vat, 'net_minor', x.gross - x.vat) order by x.rate), '[]') as list
    from (select rate, sum(gross) as gross, sum(vat) as vat from taxed group by rate) x),
  numbers as (
    select (array_agg(o.order_number order by o.id))[1] as first, (array_agg(o.order_number order by o.id desc))[1] as last
    from moved m join orders o on o.id = m.order_id where m.what = 'sale')
  select jsonb_build_object('sales_count', t.sales_count, 'sales_minor', t.sales_minor, 'refunds_count', t.refunds_count, 'refunds_minor', t.refunds_minor,
    'disputes_minor', t.disputes_minor, 'net_minor', t.sales_minor - t.refunds_minor - t.disputes_minor, 'cash_elsewhere_minor', t.cash_elsewhere_minor,
    'methods', m.list, 'vat', v.list, 'first_order_number', n.first, 'last_order_number', n.last)
  from totals t, methods m, vat v, numbers n;
$$;

-- Where the report of this shift begins: for the terminal's own money, and for what happened at none.
create or replace function shift_begins(s shifts, out own pg_snapshot, out cafe pg_snapshot) language sql stable as $$
  select coalesce((select z.seen from z_reports z where z.device_id = s.device_id order by z.number desc limit 1), s.opened_seeing),
    (select c.seen from z_report_counters c where c.cafe_id = s.cafe_id);
$$;
