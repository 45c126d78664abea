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
  select a.id as account_id, f.id as cafe_id, f.time_zone from accounts a join cafes f on f.id = a.cafe_id where a.kind = 'cafe_payable')
select t.id::text as transaction_id, p.cafe_id::text as cafe_id, l.at::date as business_day, (l.at::date - date '1970-01-01') as day_number,
  extract(isodow from l.at)::integer as weekday, extract(hour from l.at)::integer as local_hour, t.order_id::text as order_id,
  movement_of_kind(t.kind) as what, payment_method_of_kind(t.kind, t.wallet_student_id) as method,
  t.amount_minor, t.currency::text as currency
from ledger_transactions t
  join payable p on p.account_id = case when movement_of_kind(t.kind) in ('refund', 'dispute') then t.from_account_id else t.to_account_id end,
  lateral (select t.at at time zone p.time_zone as at) l
where t.at >= timestamp '{first}' at time zone 'UTC' - interval '15 hours' and t.at < timestamp '{end}' at time zone 'UTC' + interval '15 hours'
  and l.at::date in ({days})
  and movement_of_kind(t.kind) is not null
