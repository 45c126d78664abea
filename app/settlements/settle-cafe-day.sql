-- Works out what a café is owed for one finished day and posts the fee and the cash that it has already. Once for each café
-- and day, in the order of days; null where that was done, or cannot be yet.
create or replace function settle_cafe_day(p_cafe_id uuid, p_day date, p_now timestamptz) returns uuid
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  cafe cafes;
  terms settlement_terms;
  previous settlements;
  settlement settlements;
begin
  perform pg_advisory_xact_lock(hashtextextended('settlement' || p_cafe_id::text, 7));
  select * into cafe from cafes where id = p_cafe_id;
  select d.ends_at, d.time_zone into settlement.until_at, settlement.time_zone from day_to_settle(cafe.id) d where d.day = p_day;
  if not found or settlement.until_at > p_now then return null; end if;
  -- A first settlement begins a little before its account, which the café's first sale made.
  select id, created_at - interval '1 day' into settlement.account_id, settlement.from_at
    from accounts where kind = 'cafe_payable' and cafe_id = cafe.id and currency = cafe.currency;
  select * into previous from settlements where cafe_id = cafe.id order by day desc limit 1;
  settlement.id := uuidv7();
  settlement.from_at := coalesce(previous.until_at, settlement.from_at);
  settlement.opening_minor := coalesce(previous.carried_minor, 0);
  terms := settlement_terms_of(cafe.id, p_day);
  settlement := take_entries(settlement, terms);
  perform write_settlement(settlement, cafe, terms, p_day, previous.id);
  return settlement.id;
end $$;

-- Takes what the café's account moved in the settlement's time, each transaction once, and says what it adds up to: by way of paying,
-- with the fee and the VAT.
create or replace function take_entries(settlement settlements, terms settlement_terms) returns settlements language plpgsql as $$
begin
  with entries as materialized (select * from unsettled_entries(settlement.account_id, settlement.from_at, settlement.until_at)),
  -- A fee goes back at the rate of the sale: whoever waits for a dearer day gains nothing by it.
  rated as materialized (
    select e.*, coalesce(sale.fee_basis_points, terms.fee_basis_points) as rate, coalesce(sale.fee_vat_basis_points, terms.fee_vat_basis_points) as vat_rate
    from entries e left join settled_entries sale on sale.transaction_id = e.corrects_id),
  taken as (
    insert into settled_entries (transaction_id, settlement_id, line, amount_minor, fee_basis_points, fee_vat_basis_points)
    select transaction_id, settlement.id, line, amount_minor, rate, vat_rate from rated),
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
    into settlement.wallet_sales_minor, settlement.gateway_sales_minor, settlement.cash_sales_minor, settlement.wallet_refunds_minor, settlement.gateway_refunds_minor, settlement.cash_refunds_minor,
      settlement.disputes_minor, settlement.other_minor, settlement.sales_count, settlement.vat, settlement.fee_minor, settlement.fee_vat_minor
    from entries;
  settlement.cash_kept_minor := settlement.cash_sales_minor - settlement.cash_refunds_minor;
  return settlement;
end $$;

-- The settlement's row, and the postings that it stands for.
create or replace function write_settlement(settlement settlements, cafe cafes, terms settlement_terms, p_day date, p_previous_id uuid) returns void language plpgsql as $$
declare
  v_net bigint;
begin
  v_net := settlement.opening_minor + settlement.wallet_sales_minor + settlement.gateway_sales_minor - settlement.wallet_refunds_minor
    - settlement.gateway_refunds_minor - settlement.disputes_minor + settlement.other_minor - settlement.fee_minor - settlement.fee_vat_minor;
  insert into settlements (id, cafe_id, account_id, day, time_zone, from_at, until_at, previous_id, currency, opening_minor, wallet_sales_minor, gateway_sales_minor, cash_sales_minor,
      wallet_refunds_minor, gateway_refunds_minor, cash_refunds_minor, disputes_minor, other_minor, sales_count, vat, cash_kept_minor,
      fee_basis_points, fee_minor, fee_vat_basis_points, fee_vat_minor, payable_minor, carried_minor, status,
      cash_transaction_id, fee_transaction_id, fee_vat_transaction_id)
    values (settlement.id, cafe.id, settlement.account_id, p_day, settlement.time_zone, settlement.from_at, settlement.until_at, p_previous_id, cafe.currency, settlement.opening_minor, settlement.wallet_sales_minor, settlement.gateway_sales_minor, settlement.cash_sales_minor,
      settlement.wallet_refunds_minor, settlement.gateway_refunds_minor, settlement.cash_refunds_minor, settlement.disputes_minor, settlement.other_minor, settlement.sales_count, settlement.vat, settlement.cash_kept_minor,
      terms.fee_basis_points, settlement.fee_minor, terms.fee_vat_basis_points, settlement.fee_vat_minor, greatest(v_net, 0), least(v_net, 0),
      case when v_net > 0 then 'due' when v_net < 0 then 'carried' else 'nothing' end,
      case when settlement.cash_kept_minor <> 0 then
        post_signed('settlement', settlement.account_id, account_of('cash', null, cafe.id, cafe.currency), settlement.cash_kept_minor, cafe.currency) end,
      case when settlement.fee_minor <> 0 then post_signed('fee', settlement.account_id, account_of('fees', null, null, cafe.currency), settlement.fee_minor, cafe.currency) end,
      case when settlement.fee_vat_minor <> 0 then post_signed('fee', settlement.account_id, account_of('vat', null, null, cafe.currency), settlement.fee_vat_minor, cafe.currency) end);
end $$;
