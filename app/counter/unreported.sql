-- The first transaction of a terminal that is in no report of its: all since its last report, or since it was enrolled. Null where there is none.
create or replace function first_unreported(p_device_id uuid) returns xid8 language sql stable as $$
  with last as materialized (select (select seen from z_reports where device_id = p_device_id order by number desc limit 1) as seen)
  select min(t.xid) from last, devices d, ledger_transactions t
    left join charges c on c.id = t.charge_id
    left join counter_sales s on s.order_id = t.order_id and t.kind = 'cash_sale'
    left join counter_refunds r on r.transaction_id = t.id
  where d.id = p_device_id and t.at >= d.created_at and coalesce(c.device_id, s.device_id, r.device_id) = d.id
    and t.xid >= coalesce(pg_snapshot_xmin(last.seen), '0'::xid8) and (last.seen is null or not pg_visible_in_snapshot(t.xid, last.seen));
$$;

-- What a shift that is opened now at a terminal without any report sees as reported already: nothing of the terminal's own.
create or replace function seen_before_first_shift(p_device_id uuid) returns pg_snapshot language sql stable as $$
  select coalesce((x::text || ':' || x::text || ':')::pg_snapshot, pg_current_snapshot()) from first_unreported(p_device_id) x;
$$;

-- A terminal that is revoked opens no shift any more. What it took and no report has is in a report that is written now; nobody counted
-- its drawer, so all of its cash is the difference. Where a shift is open, its café counts and closes it. Should the ledger be too long to
-- be read in time, the shift stays open for the same: a terminal is revoked in any case.
create or replace function report_revoked_terminal() returns trigger language plpgsql as $$
declare v_shift uuid;
begin
  -- A sale that is under way holds a key share of this row: it is in the report, and whoever comes later finds the terminal revoked.
  perform from devices where id = new.id for update;
  if exists (select from shifts where device_id = new.id and closed_at is null) or first_unreported(new.id) is null then return null; end if;
  insert into z_report_counters (cafe_id) values (new.cafe_id) on conflict (cafe_id) do nothing;
  insert into shifts (cafe_id, device_id, currency, opening_float_minor, opened_seeing)
    select id, new.id, currency, 0, seen_before_first_shift(new.id) from cafes where id = new.cafe_id
    on conflict (device_id) where closed_at is null do nothing returning id into v_shift;
  if v_shift is null then return null; end if;
  begin
    perform close_shift(v_shift, 0, null);
  exception when query_canceled then null;
  end;
  return null;
end $$;
create or replace trigger devices_revoked_reported after update of revoked_at on devices
  for each row when (old.revoked_at is null and new.revoked_at is not null) execute function report_revoked_terminal();
