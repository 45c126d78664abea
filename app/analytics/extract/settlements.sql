-- settlements: what each café was settled for a day
-- one row: a settlement
-- kept by: whole
-- sorted by: cafe_id, business_day
-- cafe_id string: the café
-- business_day date: the day that was settled
-- settled_minor bigint: sales less refunds and lost disputes, as the settlement counted them
-- payable_minor bigint: what the café was paid
-- status string: due, paid, carried or nothing
select cafe_id::text as cafe_id, day as business_day,
  wallet_sales_minor + gateway_sales_minor + cash_sales_minor - wallet_refunds_minor - gateway_refunds_minor - cash_refunds_minor - disputes_minor as settled_minor,
  payable_minor, status::text as status
from settlements where day <= date '{last}'
