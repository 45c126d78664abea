-- sold_lines: the lines of what was sold, on the day of the sale, and what each dish's share of a refund was, on the day of the refund
-- one row: a line of a sold order, or the part of one refund that falls on a line
-- kept by: month
-- sorted by: cafe_id, business_day, transaction_id, line_id
-- transaction_id string: the sale or the refund, as in money
-- line_id string: the order's line, or of a refund its place in it
-- cafe_id string: the café
-- business_day date: the day of the café's calendar
-- day_number int: days since 1970-01-01
-- weekday int: 1 is Monday, 7 is Sunday
-- menu_item_id string: the dish; "delivery" for what was refunded of a delivery
-- quantity bigint: portions sold; 0 in a refund
-- gross_minor bigint: what was sold
-- refunded_minor bigint: what was given back; below zero where a refund failed
-- Materialized: PostgreSQL took the join with the cafés for one that ends early, and compared each transaction with each account.
with payable as materialized (
  select a.id as account_id, f.id as cafe_id, f.time_zone from accounts a join cafes f on f.id = a.cafe_id where a.kind = 'cafe_payable'),
-- Offset, here and below: else PostgreSQL computes kind and clock once for each column that reads them.
of_kind as (
  select id, at, order_id, from_account_id, to_account_id, movement_of_kind(kind) as what from ledger_transactions
  where at >= timestamp '{first}' at time zone 'UTC' - interval '15 hours' and at < timestamp '{end}' at time zone 'UTC' + interval '15 hours' and {rest}
  offset 0),
moved as materialized (
  select * from (
    select k.id, k.what, k.order_id, p.cafe_id, (k.at at time zone p.time_zone)::date as day
    from of_kind k join payable p on p.account_id = case when k.what = 'refund' then k.from_account_id else k.to_account_id end
    where k.what in ('sale', 'refund', 'return')
    offset 0) m
  where day in ({days})),
line as (
  select m.id, i.id::text as line_id, m.cafe_id, m.day, i.menu_item_id::text as menu_item_id, i.quantity::bigint as quantity,
    i.line_total_minor as gross_minor, 0::bigint as refunded_minor
  from moved m join order_items i on i.order_id = m.order_id
  where m.what = 'sale'
  union all
  select m.id, (row_number() over (partition by m.id order by s.menu_item_id, s.amount_minor))::text, m.cafe_id, m.day, coalesce(s.menu_item_id::text, 'delivery'), 0, 0, s.amount_minor
  from moved m, refund_shares(m.id) s
  where m.what in ('refund', 'return'))
select id as transaction_id, line_id, cafe_id, day as business_day, (day - date '1970-01-01') as day_number,
  date_part('isodow', day)::integer as weekday, menu_item_id, quantity, gross_minor, refunded_minor
from line where {rest}
