-- Works out what a café is owed for one finished day and posts the fee and the cash that it has already. Once for each café
-- and day, in the order of days; null where that was done, or cannot be yet.
create or replace function settle_cafe_day(p_cafe_id uuid, p_day date, p_now timestamptz) returns uuid language plpgsql as $$
declare
  f cafes; t settlement_terms; prev settlements; s settlements; v_net bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('settlement' || p_cafe_id::text, 7));
  select * into f from cafes where id = p_cafe_id;
  s.until_at := (p_day + 1)::timestamp at time zone f.time_zone;
  -- A first settlement begins a little before its account, which the café's first sale made.
  select id, created_at - interval '1 day' into s.account_id, s.from_at from accounts where kind = 'cafe_payable' and cafe_id = f.id and currency = f.currency;
  select * into prev from settlements where cafe_id = f.id order by day desc limit 1;
  if s.account_id is null or s.until_at > p_now or prev.day >= p_day then return null; end if;
  s.from_at := coalesce(prev.until_at, s.from_at);
  t := settlement_terms_of(f.id, p_day);
  s.seen := pg_current_snapshot();

  with entries as materialized (select * from payable_entries(s.account_id, s.from_at, prev.seen, s.until_at, s.seen)),
  vat as (
    select v.vat_basis_points, sum(v.gross_minor)::bigint as gross_minor, sum(v.vat_minor)::bigint as vat_minor
    from (
      select x.* from entries e, lateral order_vat(e.order_id) x where e.line in ('wallet_sale', 'gateway_sale', 'cash_sale')
      union all
      select x.vat_basis_points, -x.gross_minor, -x.vat_minor from entries e, lateral refund_vat(e.transaction_id) x
      where e.line in ('wallet_refund', 'gateway_refund', 'cash_refund')) v
    group by v.vat_basis_points)
  select coalesce(sum(amount_minor) filter (where line = 'wallet_sale'), 0), coalesce(sum(amount_minor) filter (where line = 'gateway_sale'), 0),
      coalesce(sum(amount_minor) filter (where line = 'cash_sale'), 0), -coalesce(sum(amount_minor) filter (where line = 'wallet_refund'), 0),
      -coalesce(sum(amount_minor) filter (where line = 'gateway_refund'), 0), -coalesce(sum(amount_minor) filter (where line = 'cash_refund'), 0),
      -coalesce(sum(amount_minor) filter (where line = 'dispute'), 0), coalesce(sum(amount_minor) filter (where line = 'other'), 0),
      count(*) filter (where line like '%\_sale'),
      coalesce((select jsonb_agg(vat order by vat_basis_points) from vat), '[]')
    into s.wallet_sales_minor, s.gateway_sales_minor, s.cash_sales_minor, s.wallet_refunds_minor, s.gateway_refunds_minor, s.cash_refunds_minor,
      s.disputes_minor, s.other_minor, s.sales_count, s.vat
    from entries;

  s.opening_minor := coalesce(prev.carried_minor, 0);
  s.cash_kept_minor := s.cash_sales_minor - s.cash_refunds_minor;
  -- Of what came in without cash and was not given back; below zero where more was given back: that fee is returned.
  s.fee_minor := round((s.wallet_sales_minor + s.gateway_sales_minor - s.wallet_refunds_minor - s.gateway_refunds_minor)::numeric * t.fee_basis_points / 10000);
  s.fee_vat_minor := round(s.fee_minor::numeric * t.fee_vat_basis_points / 10000);
  v_net := s.opening_minor + s.wallet_sales_minor + s.gateway_sales_minor - s.wallet_refunds_minor - s.gateway_refunds_minor - s.disputes_minor
    + s.other_minor - s.fee_minor - s.fee_vat_minor;
  insert into settlements (cafe_id, account_id, day, from_at, until_at, seen, previous_id, currency, opening_minor, wallet_sales_minor, gateway_sales_minor, cash_sales_minor,
      wallet_refunds_minor, gateway_refunds_minor, cash_refunds_minor, disputes_minor, other_minor, sales_count, vat, cash_kept_minor,
      fee_basis_points, fee_minor, fee_vat_basis_points, fee_vat_minor, payable_minor, carried_minor, status,
      cash_transaction_id, fee_transaction_id, fee_vat_transaction_id)
    values (f.id, s.account_id, p_day, s.from_at, s.until_at, s.seen, prev.id, f.currency, s.opening_minor, s.wallet_sales_minor, s.gateway_sales_minor, s.cash_sales_minor,
      s.wallet_refunds_minor, s.gateway_refunds_minor, s.cash_refunds_minor, s.disputes_minor, s.other_minor, s.sales_count, s.vat, s.cash_kept_minor,
      t.fee_basis_points, s.fee_minor, t.fee_vat_basis_points, s.fee_vat_minor, greatest(v_net, 0), least(v_net, 0),
      case when v_net > 0 then 'due' when v_net < 0 then 'carried' else 'nothing' end,
      case when s.cash_kept_minor <> 0 then
        post_signed('settlement', s.account_id, account_of('cash', null, f.id, f.currency), s.cash_kept_minor, f.currency) end,
      case when s.fee_minor <> 0 then post_signed('fee', s.account_id, account_of('fees', null, null, f.currency), s.fee_minor, f.currency) end,
      case when s.fee_vat_minor <> 0 then post_signed('fee', s.account_id, account_of('vat', null, null, f.currency), s.fee_vat_minor, f.currency) end)
    returning id into s.id;
  return s.id;
end $$;
