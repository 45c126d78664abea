-- retention: of the students who first paid in one month, how many paid again in later ones
-- one row: a café (or "all"), a first month and a number of months after it
-- kept by: whole
-- reads: orders
-- sorted by: cafe_id, first_month, months_later
-- cafe_id string: the café; "all" is the campus
-- first_month string: YYYY-MM, by the café's calendar
-- months_later int: 0 is the first month itself
-- students_count bigint: different students who paid in that month
-- cohort_count bigint: those who first paid in the first month
with paid as (select distinct cafe_id, student, student_key, month_number from orders where is_paid and student is not null),
active as (
  select cafe_id, student, student_key, month_number from paid
  union all
  select distinct 'all' as cafe_id, student, student_key, month_number from paid),
first_seen as (
  select cafe_id, student, student_key, min(month_number) as first_number from active group by cafe_id, student, student_key),
later as (
  select a.cafe_id, f.first_number, a.month_number - f.first_number as months_later, count(*) as students_count
  from active a join first_seen f on f.cafe_id = a.cafe_id and f.student = a.student and f.student_key = a.student_key
  group by a.cafe_id, f.first_number, a.month_number - f.first_number)
select l.cafe_id, concat(cast(cast(floor(l.first_number / 12.0) as integer) as varchar(6)), case when mod(l.first_number, 12) < 9 then '-0' else '-' end,
    cast(mod(l.first_number, 12) + 1 as varchar(6))) as first_month,
  cast(l.months_later as integer) as months_later, cast(l.students_count as bigint) as students_count, cast(z.students_count as bigint) as cohort_count
from later l join later z on z.cafe_id = l.cafe_id and z.first_number = l.first_number and z.months_later = 0
