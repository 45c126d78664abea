-- orders: every order, on the day on which it was placed by its café's clock
-- one row: an order
-- kept by: month
-- sorted by: cafe_id, business_day, order_id
-- order_id string: the order, as in the database
-- cafe_id string: the café
-- business_day date: the day of the café's calendar
-- weekday int: 1 is Monday, 7 is Sunday
-- local_hour int: the hour that the café's clock read, 0 to 23
-- student string: pseudonym of the student, a keyed hash; null at the counter without a card
-- student_key string: names the key of the pseudonym; pseudonyms under two keys cannot be compared
-- month_number int: months since year 0, for counting months
-- status string: received, preparing, ready, out_for_delivery, completed or cancelled
-- order_type string: pickup, delivery or table
-- payment_method string: wallet, upi or cash
-- portions bigint: portions in all lines
-- total_minor bigint: what is to be paid
-- refunded_minor bigint: what was given back since
-- currency string: of the amounts
-- is_paid boolean: paid, whether refunded since or not
-- is_no_show boolean: nobody came for it
-- placed_at timestamp: UTC
-- Offset: else PostgreSQL computes the café's clock once for each column that reads it.
select id as order_id, cafe_id, order_day as business_day, date_part('isodow', at)::integer as weekday,
  date_part('hour', at)::integer as local_hour, student_id as student, null::text as student_key,
  (date_part('year', at) * 12 + date_part('month', at) - 1)::integer as month_number,
  status::text as status, order_type::text as order_type, payment_method::text as payment_method, item_count::bigint as portions,
  total_minor, refunded_minor, currency::text as currency, paid_transaction_id is not null as is_paid, no_show_at is not null as is_no_show,
  created_at::timestamp as placed_at
from (
  select o.id, o.cafe_id, o.order_day, o.student_id, o.status, o.order_type, o.payment_method, o.item_count, o.total_minor, o.refunded_minor, o.currency,
    o.paid_transaction_id, o.no_show_at, o.created_at, o.created_at at time zone f.time_zone as at
  from orders o join cafes f on f.id = o.cafe_id
  where o.order_day >= date '{first}' and o.order_day < date '{end}' and o.order_day in ({days}) and {rest}
  offset 0) o
