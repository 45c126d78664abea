-- What must hold before a run is published: one line a check, and the run fails where expected and found differ.
select 'orders: as many as the ledger''s database has' as name,
  cast((select coalesce(sum(orders_count), 0) from ledger_days) as bigint) as expected, cast((select count(*) from order_history) as bigint) as found
union all
select 'orders: their totals are the database''s',
  cast((select coalesce(sum(ordered_minor), 0) from ledger_days) as bigint), cast((select coalesce(sum(total_minor), 0) from order_history) as bigint)
union all
select 'orders: no id twice', cast((select count(*) from order_history) as bigint), cast((select count(distinct order_id) from order_history) as bigint)
union all
select 'orders: nothing that must be known is null', cast(0 as bigint),
  cast((select count(*) from order_history where order_id is null or cafe_id is null or business_day is null or status is null or total_minor is null) as bigint)
union all
select 'money: net is the sum of the ledger''s entries',
  cast((select coalesce(sum(moved_minor), 0) from ledger_days) as bigint), cast((select coalesce(sum(net_minor), 0) from sales) as bigint)
union all
select 'money: as many entries as the ledger has',
  cast((select coalesce(sum(moved_count), 0) from ledger_days) as bigint), cast((select count(*) from money) as bigint)
union all
select 'money: days of a café that differ from the ledger', cast(0 as bigint), cast((
  select count(*) from (select cafe_id, business_day, sum(net_minor) as net_minor from sales group by cafe_id, business_day) s
    full outer join (select cafe_id, business_day, moved_minor from ledger_days where moved_count > 0) l on l.cafe_id = s.cafe_id and l.business_day = s.business_day
  where coalesce(s.net_minor, 0) <> coalesce(l.moved_minor, 0)) as bigint)
union all
select 'items: gross less refunds is that of the sales',
  cast((select coalesce(sum(gross_minor - refunds_minor), 0) from sales) as bigint), cast((select coalesce(sum(net_minor), 0) from items_sold) as bigint)
union all
select 'peaks: every order is in an hour that the clock read',
  cast((select count(*) from order_history) as bigint), cast((select coalesce(sum(orders_count), 0) from peak_usage) as bigint)
union all
select 'days: none is missing', cast({days} as bigint), cast((select count(distinct business_day) from peak_usage) as bigint)
union all
select 'days: the last is the one that was asked for', cast({last} as bigint), cast((select coalesce(max(day_number), 0) from calendar) as bigint)
