-- forecast_score: whether a forecast may be shown for a café: only where it was better on the last four weeks, held out
-- one row: a café that sold something in the last eight weeks
-- kept by: whole
-- reads: items_sold, calendar
-- sorted by: cafe_id
-- cafe_id string: the café
-- weeks_known bigint: whole weeks since the café's first sale, 8 are counted at most
-- error_portions_x4 bigint: four times the portions by which the mean of the four weeks before was wrong, over all dishes and days of the held-out weeks
-- last_week_error_portions_x4 bigint: the same of "as on this weekday last week"
-- better_by_basis_points bigint: by how much less the forecast is wrong; below zero where it is worse
-- is_shown boolean: better, and all eight weeks known
with known as (
  select i.cafe_id, i.menu_item_id, l.last_number - i.day_number as age, i.quantity
  from items_sold i cross join (select max(day_number) as last_number from calendar) l
  where i.menu_item_id <> 'delivery' and i.quantity > 0),
weeks as (select 0 as w union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7),
weekdays as (select 0 as d union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6),
dish as (select cafe_id, menu_item_id from known where age < 56 group by cafe_id, menu_item_id),
grid as (
  select d.cafe_id, d.menu_item_id, k.d, w.w, coalesce(s.quantity, 0) as quantity
  from dish d cross join weekdays k cross join weeks w
    left join known s on s.cafe_id = d.cafe_id and s.menu_item_id = d.menu_item_id and s.age = 7 * w.w + k.d),
guess as (
  select cafe_id, w, quantity,
    lead(quantity, 1) over (partition by cafe_id, menu_item_id, d order by w) as last_week,
    sum(quantity) over (partition by cafe_id, menu_item_id, d order by w rows between 1 following and 4 following) as four_weeks
  from grid),
score as (
  select cafe_id, sum(abs(4 * quantity - four_weeks)) as error, sum(abs(4 * quantity - 4 * last_week)) as last_week_error
  from guess where w < 4 group by cafe_id),
span as (
  select cafe_id, case when max(age) >= 55 then 8 else cast(floor((max(age) + 1) / 7.0) as integer) end as weeks_known from known group by cafe_id)
select s.cafe_id, cast(p.weeks_known as bigint) as weeks_known, cast(s.error as bigint) as error_portions_x4,
  cast(s.last_week_error as bigint) as last_week_error_portions_x4,
  cast(case when s.last_week_error = 0 then 0 else floor(10000.0 * (s.last_week_error - s.error) / s.last_week_error) end as bigint) as better_by_basis_points,
  p.weeks_known = 8 and s.error < s.last_week_error as is_shown
from score s join span p on p.cafe_id = s.cafe_id
