-- calendar: how often each hour was read from a café's clock; a day has 23, 24 or 25 hours
-- one row: a café, a day and an hour of its clock
-- kept by: month
-- sorted by: cafe_id, business_day, local_hour
-- cafe_id string: the café
-- business_day date: the day of the café's calendar
-- day_number int: days since 1970-01-01
-- weekday int: 1 is Monday, 7 is Sunday
-- local_hour int: 0 to 23
-- half_hours int: 2, 4 where the hour is read twice, no row where it is skipped
select f.id::text as cafe_id, z.day as business_day, (z.day - date '1970-01-01') as day_number, extract(isodow from z.day)::integer as weekday, z.local_hour, z.half_hours
from cafes f join (
  select n.time_zone, l.at::date as day, extract(hour from l.at)::integer as local_hour, count(*)::integer as half_hours
  from (select distinct time_zone from cafes) n,
    generate_series(timestamptz '{first} 00:00Z' - interval '15 hours', timestamptz '{end} 00:00Z' + interval '15 hours', interval '30 minutes') s (at),
    lateral (select s.at at time zone n.time_zone as at) l
  where l.at::date in ({days}) group by 1, 2, 3) z on z.time_zone = f.time_zone
