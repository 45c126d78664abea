-- settlement_check: what each café was settled for a day, beside what moved on that day
-- one row: a settlement
-- kept by: whole
-- reads: settlements, money
-- sorted by: cafe_id, business_day
-- cafe_id string: the café
-- business_day date: the day that was settled
-- status string: due, paid, carried or nothing
-- settled_minor bigint: sales less refunds and lost disputes, as the settlement counted them
-- moved_minor bigint: the same, as the day's ledger has it
-- difference_minor bigint: not zero where a payment was committed after its day was settled; the next settlement has it
select s.cafe_id, s.business_day, s.status, s.settled_minor, cast(coalesce(m.moved_minor, 0) as bigint) as moved_minor,
  cast(s.settled_minor - coalesce(m.moved_minor, 0) as bigint) as difference_minor
from settlements s left join (
  select cafe_id, business_day, sum(case when what in ('sale', 'return') then amount_minor else -amount_minor end) as moved_minor
  from money group by cafe_id, business_day) m on m.cafe_id = s.cafe_id and m.business_day = s.business_day
