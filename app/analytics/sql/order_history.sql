-- order_history: every order, without anybody's name
-- one row: an order
-- kept by: month
-- reads: orders
-- sorted by: cafe_id, business_day, order_id
-- order_id string: the order, as in the database
-- cafe_id string: the café
-- business_day date: the day on which it was placed
-- weekday int: 1 is Monday, 7 is Sunday
-- local_hour int: the hour that the café's clock read, 0 to 23
-- student string: pseudonym of the student, a keyed hash; null without one
-- student_key string: names the key of the pseudonym
-- order_type string: pickup, delivery or table
-- payment_method string: wallet, upi or cash
-- status string: as it is now
-- portions bigint: portions in all lines
-- total_minor bigint: what is to be paid
-- refunded_minor bigint: what was given back since
-- currency string: of the amounts
-- is_paid boolean: paid, whether refunded since or not
-- is_no_show boolean: nobody came for it
-- placed_at timestamp: UTC
select order_id, cafe_id, business_day, weekday, local_hour, student, student_key, order_type, payment_method, status, portions, total_minor,
  refunded_minor, currency, is_paid, is_no_show, placed_at
from orders
