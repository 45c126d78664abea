-- peak_usage: when orders are placed
-- one row: a café, a day and an hour that its clock read, also where nobody ordered
-- kept by: month
-- reads: orders, calendar
-- sorted by: cafe_id, business_day, local_hour
-- cafe_id string: the café
-- business_day date: the day of the café's calendar
-- weekday int: 1 is Monday, 7 is Sunday
-- local_hour int: the hour that the café's clock read, 0 to 23
-- half_hours int: how long it read it: 2, or 4 where the clock was set back
-- orders_count bigint: orders placed, cancelled ones too
-- portions_count bigint: portions in them
-- cancelled_count bigint: of the orders, those that are cancelled
-- paid_minor bigint: what was paid for them, whether refunded since or not
with placed as (
  select cafe_id, business_day, local_hour, count(*) as orders_count, sum(portions) as portions_count,
    sum(case when status = 'cancelled' then 1 else 0 end) as cancelled_count, sum(case when is_paid then total_minor else 0 end) as paid_minor
  from orders group by cafe_id, business_day, local_hour)
select c.cafe_id, c.business_day, c.weekday, c.local_hour, c.half_hours, cast(coalesce(p.orders_count, 0) as bigint) as orders_count,
  cast(coalesce(p.portions_count, 0) as bigint) as portions_count, cast(coalesce(p.cancelled_count, 0) as bigint) as cancelled_count,
  cast(coalesce(p.paid_minor, 0) as bigint) as paid_minor
from calendar c left join placed p on p.cafe_id = c.cafe_id and p.business_day = c.business_day and p.local_hour = c.local_hour
