-- prep_list: how many portions of each dish to prepare in the week after the last day, for the cafés of which forecast_score says so
-- one row: a café, a day of that week and a dish
-- kept by: whole
-- reads: items_sold, calendar, forecast_score
-- sorted by: cafe_id, day_number, menu_item_id
-- cafe_id string: the café
-- day_number int: days since 1970-01-01
-- menu_item_id string: the dish
-- portions bigint: the mean of the four weeks before on this weekday, rounded half up
-- last_week_portions bigint: what was sold on this weekday last week
with known as (
  select i.cafe_id, i.menu_item_id, l.last_number, l.last_number - i.day_number as age, i.quantity
  from items_sold i cross join (select max(day_number) as last_number from calendar) l
    join forecast_score s on s.cafe_id = i.cafe_id and s.is_shown
  where i.menu_item_id <> 'delivery' and i.quantity > 0)
select cafe_id, cast(last_number + 7 - mod(age, 7) as integer) as day_number, menu_item_id,
  cast(floor((2 * sum(quantity) + 4) / 8.0) as bigint) as portions, cast(sum(case when age < 7 then quantity else 0 end) as bigint) as last_week_portions
from known where age between 0 and 27
group by cafe_id, last_number, mod(age, 7), menu_item_id
