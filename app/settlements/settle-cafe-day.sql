-- Works out what a café is owed for one finished day and posts the fee and the cash that it has already. Once for each café
-- and day, in the order of days; null where that was done, or cannot be yet.
create or replace function settle_cafe_day(p_cafe_id uuid, p_day date, p_now timestamptz) returns uuid language plpgsql security definer set search_path = public, pg_temp as $$
declare
  f cafes; t settlement_terms; prev settlements; s settlements; v_net bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('settlement' || p_cafe_id::text, 7));
  select * into f from cafes where id = p_cafe_id;
  select d.ends_at, d.time_zone into s.until_at, s.time_zone from day_to_settle(f.id) d where d.day = p_day;
  if not found or s.until_at > p_now then return null; end if;
  -- A first settlement begins a little before its account, which the café's first sale made.
  select id, created_at - interval '1 day' into s.account_id, s.from_at from accounts where kind = 'cafe_payable' and cafe_id = f.id and currency = f.currency;
  select * into prev from settlements where cafe_id = f.id order by day desc limit 1;
  s.from_at := coalesce(prev.until_at, s.from_at);
  t := settlement_terms_of(f.id, p_day);

  s.id := uuidv7();
  with entries as materialized (select * from unsettled_entries(s.account_id, s.from_at, s.until_at)),
  -- A fee goes back at the rate of the sale: whoever waits for a dearer day gains nothing by it.
  rated as materialized (
    select e.*, coalesce(sale.fee_basis_points, t.fee_basis_points) as rate, coalesce(sale.fee_vat_basis_points, t.fee_vat_basis_points) as vat_rate
    from entries e left join settled_entries sale on sale.transaction_id = e.corrects_id),
  taken as (
    insert into settled_entries (transaction_id, settlement_id, line, amount_minor, fee_basis_points, fee_vat_basis_points)
    select transaction_id, s.id, line, amount_minor, rate, vat_rate from rated),
  fees as (
    select round(sum(amount_minor)::numeric * rate / 10000) as fee, vat_rate from rated
    where line in ('wallet_sale', 'gateway_sale', 'wallet_refund', 'gateway_refund') group by rate, vat_rate),
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
      coalesce((select jsonb_agg(vat order by vat_basis_points) from vat), '[]'),
      coalesce((select sum(fee) from fees), 0), coalesce((select sum(round(fee * vat_rate / 10000)) from fees), 0)
    into s.wallet_sales_minor, s.gateway_sales_minor, s.cash_sales_minor, s.wallet_refunds_minor, s.gateway_refunds_minor, s.cash_refunds_minor,
      s.disputes_minor, s.other_minor, s.sales_count, s.vat, s.fee_minor, s.fee_vat_minor
    from entries;

  s.opening_minor := coalesce(prev.carried_minor, 0);
  s.cash_kept_minor := s.cash_sales_minor - s.cash_refunds_minor;
  v_net := s.opening_minor + s.wallet_sales_minor + s.gateway_sales_minor - s.wallet_refunds_minor - s.gateway_refunds_minor - s.disputes_minor
    + s.other_minor - s.fee_minor - s.fee_vat_minor;
  insert into settlements (id, cafe_id, account_id, day, time_zone, from_at, until_at, previous_id, currency, opening_minor, wallet_sales_minor, gateway_sales_minor, cash_sales_minor,
      wallet_refunds_minor, gateway_refunds_minor, cash_refunds_minor, disputes_minor, other_minor, sales_count, vat, cash_kept_minor,
      fee_basis_points, fee_minor, fee_vat_basis_points, fee_vat_minor, payable_minor, carried_minor, status,
      cash_transaction_id, fee_transaction_id, fee_vat_transaction_id)
    values (s.id, f.id, s.account_id, p_day, s.time_zone, s.from_at, s.until_at, prev.id, f.currency, s.opening_minor, s.wallet_sales_minor, s.gateway_sales_minor, s.cash_sales_minor,
      s.wallet_refunds_minor, s.gateway_refunds_minor, s.cash_refunds_minor, s.disputes_minor, s.other_minor, s.sales_count, s.vat, s.cash_kept_minor,
      t.fee_basis_points, s.fee_minor, t.fee_vat_basis_points, s.fee_vat_minor, greatest(v_net, 0), least(v_net, 0),
      case when v_net > 0 then 'due' when v_net < 0 then 'carried' else 'nothing' end,
      case when s.cash_kept_minor <> 0 then
        post_signed('settlement', s.account_id, account_of('cash', null, f.id, f.currency), s.cash_kept_minor, f.currency) end,
      case when s.fee_minor <> 0 then post_signed('fee', s.account_id, account_of('fees', null, null, f.currency), s.fee_minor, f.currency) end,
      case when s.fee_vat_minor <> 0 then post_signed('fee', s.account_id, account_of('vat', null, null, f.currency), s.fee_vat_minor, f.currency) end);
  return s.id;
end $$;
