-- money: every sale, refund, returned refund and lost dispute of the ledger, on the day and in the hour in which it happened
-- one row: a transaction on a café's account
-- kept by: month
-- sorted by: cafe_id, business_day, transaction_id
-- transaction_id string: the ledger's
-- cafe_id string: the café
-- business_day date: the day of the café's calendar
-- day_number int: days since 1970-01-01
-- weekday int: 1 is Monday, 7 is Sunday
-- local_hour int: the hour that the café's clock read, 0 to 23
-- order_id string: what it was paid or given back for
-- what string: sale, refund, return (of a refund that failed) or dispute
-- method string: wallet, cash or upi
-- amount_minor bigint: never below zero
-- currency string: of the amount
-- Materialized: PostgreSQL took the join with the cafés for one that ends early, and compared each transaction with each account.
with payable as materialized (
  select a.id as account_id, f.id as cafe_id, f.time_zone from accounts a join cafes f on f.id = a.cafe_id where a.kind = 'cafe_payable'),
-- Offset, here and below: else PostgreSQL computes kind and clock once for each column that reads them.
moved as (
  select id, at, order_id, kind, wallet_student_id, from_account_id, to_account_id, amount_minor, currency, movement_of_kind(kind) as what
  from ledger_transactions
  where at >= timestamp '{first}' at time zone 'UTC' - interval '15 hours' and at < timestamp '{end}' at time zone 'UTC' + interval '15 hours' and {rest}
  offset 0),
at_cafes as (
  select m.*, p.cafe_id, m.at at time zone p.time_zone as local_at
  from moved m join payable p on p.account_id = case when m.what in ('refund', 'dispute') then m.from_account_id else m.to_account_id end
  where m.what is not null
  offset 0)
select id as transaction_id, cafe_id, local_at::date as business_day, (local_at::date - date '1970-01-01') as day_number,
  date_part('isodow', local_at)::integer as weekday, date_part('hour', local_at)::integer as local_hour, order_id,
  what, payment_method_of_kind(kind, wallet_student_id) as method, amount_minor, currency::text as currency
from at_cafes where local_at::date in ({days})
