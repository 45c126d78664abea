-- items_sold: what each dish brought on each day; a refund is shared among the dishes of its order by what they cost
-- one row: a café, a day and a dish; "delivery" is what deliveries brought, its quantity counts them
-- kept by: month
-- reads: money, sold_lines
-- sorted by: cafe_id, business_day, menu_item_id
-- cafe_id string: the café
-- business_day date: the day on which it was paid or given back
-- day_number int: days since 1970-01-01
-- weekday int: 1 is Monday, 7 is Sunday
-- menu_item_id string: the dish
-- quantity bigint: portions sold
-- gross_minor bigint: what they brought
-- refunds_minor bigint: their share of what was given back
-- net_minor bigint: gross less refunds
with sold as (
  select cafe_id, business_day, day_number, weekday, transaction_id, sum(gross_minor) as lines_minor
  from sold_lines where quantity > 0 group by cafe_id, business_day, day_number, weekday, transaction_id),
piece as (
  select cafe_id, business_day, day_number, weekday, menu_item_id, quantity, gross_minor, refunded_minor from sold_lines
  union all
  select m.cafe_id, m.business_day, m.day_number, m.weekday, 'delivery', cast(1 as bigint), cast(m.amount_minor - s.lines_minor as bigint), cast(0 as bigint)
  from money m join sold s on s.transaction_id = m.transaction_id where m.what = 'sale' and m.amount_minor > s.lines_minor)
select cafe_id, business_day, max(day_number) as day_number, max(weekday) as weekday, menu_item_id, cast(sum(quantity) as bigint) as quantity,
  cast(sum(gross_minor) as bigint) as gross_minor, cast(sum(refunded_minor) as bigint) as refunds_minor,
  cast(sum(gross_minor - refunded_minor) as bigint) as net_minor
from piece
group by cafe_id, business_day, menu_item_id
