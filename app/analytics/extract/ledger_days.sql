-- ledger_days: the same days counted by PostgreSQL itself, by another way than the tables, to hold them against
-- one row: a café and a day
-- kept by: whole
-- sorted by: cafe_id, business_day
-- cafe_id string: the café
-- business_day date: the day of the café's calendar
-- orders_count bigint: orders placed
-- ordered_minor bigint: their totals
-- moved_count bigint: entries on the café's account, settling left out
-- moved_minor bigint: their sum: what the café gained
-- Materialized: PostgreSQL took the join with the cafés for one that ends early, and compared each transaction with each account.
with payable as materialized (
  select a.id as account_id, f.id as cafe_id, f.time_zone from accounts a join cafes f on f.id = a.cafe_id where a.kind = 'cafe_payable'),
placed as (
  select cafe_id, order_day as day, count(*) as orders_count, sum(total_minor)::bigint as ordered_minor from orders
  where order_day between date '{from}' and date '{last}' and {rest} group by cafe_id, order_day),
moved as (
  select p.cafe_id, (e.at at time zone p.time_zone)::date as day, count(*) as moved_count, sum(e.amount_minor)::bigint as moved_minor
  from ledger_entries e join payable p on p.account_id = e.account_id
  where e.kind not in ('settlement', 'settlement_return', 'fee') and {rest}
  group by 1, 2)
select coalesce(p.cafe_id, m.cafe_id)::text as cafe_id, coalesce(p.day, m.day) as business_day, coalesce(p.orders_count, 0)::bigint as orders_count,
  coalesce(p.ordered_minor, 0)::bigint as ordered_minor, coalesce(m.moved_count, 0)::bigint as moved_count, coalesce(m.moved_minor, 0)::bigint as moved_minor
from placed p full join moved m on m.cafe_id = p.cafe_id and m.day = p.day
where coalesce(p.day, m.day) between date '{from}' and date '{last}'
