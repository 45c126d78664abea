-- sales: what each café sold and gave back in each hour of its day, as the ledger has it
-- one row: a café, a day, an hour of its clock and a method of payment
-- kept by: month
-- reads: money
-- sorted by: cafe_id, business_day, local_hour, method
-- cafe_id string: the café
-- business_day date: the day on which it was paid or given back
-- weekday int: 1 is Monday, 7 is Sunday
-- local_hour int: the hour that the café's clock read, 0 to 23
-- method string: wallet, cash or upi
-- sales_count bigint: payments
-- gross_minor bigint: what was paid
-- refunds_count bigint: refunds
-- refunds_minor bigint: what was given back, less what failed refunds brought back
-- disputes_minor bigint: what the café lost to its customers' banks
-- net_minor bigint: gross less refunds less disputes
select cafe_id, business_day, max(weekday) as weekday, local_hour, method,
  cast(sum(case when what = 'sale' then 1 else 0 end) as bigint) as sales_count,
  cast(sum(case when what = 'sale' then amount_minor else 0 end) as bigint) as gross_minor,
  cast(sum(case when what = 'refund' then 1 else 0 end) as bigint) as refunds_count,
  cast(sum(case when what = 'refund' then amount_minor when what = 'return' then -amount_minor else 0 end) as bigint) as refunds_minor,
  cast(sum(case when what = 'dispute' then amount_minor else 0 end) as bigint) as disputes_minor,
  cast(sum(case when what in ('sale', 'return') then amount_minor else -amount_minor end) as bigint) as net_minor
from money
group by cafe_id, business_day, local_hour, method
