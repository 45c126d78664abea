-- What the first shift of a terminal sees as reported already: what was committed before it was enrolled, and nothing of its own. Whatever the
-- ledger held by then had its number (xid) before any sale of this terminal could have one.
create or replace function seen_at_first_shift(p_device_id uuid) returns pg_snapshot language sql stable as $$
  select (x || ':' || x || ':')::pg_snapshot from devices d,
    lateral (select coalesce((select xid::text from ledger_transactions where id < uuid_from(d.created_at) order by id desc limit 1), '1') as x) before
  where d.id = p_device_id;
$$;

-- Whether a terminal took or gave back anything that its last report does not have.
create or replace function has_unreported(p_device_id uuid) returns boolean language plpgsql stable as $$
declare
  v_seen pg_snapshot := coalesce((select seen from z_reports where device_id = p_device_id order by number desc limit 1), seen_at_first_shift(p_device_id));
begin
  return exists (
    select from ledger_transactions t
      left join charges c on c.id = t.charge_id
      left join counter_sales s on s.order_id = t.order_id and t.kind = 'cash_sale'
      left join counter_refunds r on r.transaction_id = t.id
    where t.xid >= pg_snapshot_xmin(v_seen) and not pg_visible_in_snapshot(t.xid, v_seen) and coalesce(c.device_id, s.device_id, r.device_id) = p_device_id);
end $$;

-- A shift of nobody, with an empty drawer; null where one is open.
create or replace function open_shift_of_nobody(p_device devices) returns uuid language plpgsql as $$
declare v_id uuid;
begin
  insert into z_report_counters (cafe_id) values (p_device.cafe_id) on conflict (cafe_id) do nothing;
  insert into shifts (cafe_id, device_id, currency, opening_float_minor, opened_seeing)
    select id, p_device.id, currency, 0, seen_at_first_shift(p_device.id) from cafes where id = p_device.cafe_id
    on conflict (device_id) where closed_at is null do nothing returning id into v_id;
  return v_id;
end $$;

-- A terminal that is revoked opens no shift any more. What it took and no report has is in a report that is written now; nobody counted
-- its drawer, so all of its cash is the difference. Where a shift is open, its café counts and closes it. Should the ledger be too long to
-- be read in time, a shift is left open for the same: a terminal is revoked in any case.
create or replace function report_revoked_terminal() returns trigger language plpgsql as $$
declare v_shift uuid;
begin
  -- A sale that is under way holds a key share of this row: it is in the report, and whoever comes later finds the terminal revoked.
  perform from devices where id = new.id for update;
  if exists (select from shifts where device_id = new.id and closed_at is null) then return null; end if;
  begin
    if not has_unreported(new.id) then return null; end if;
    v_shift := open_shift_of_nobody(new);
    if v_shift is not null then perform close_shift(v_shift, 0, null); end if;
  exception when query_canceled then
    perform open_shift_of_nobody(new);
  end;
  return null;
end $$;
create or replace trigger devices_revoked_reported after update of revoked_at on devices
  for each row when (old.revoked_at is null and new.revoked_at is not null) execute function report_revoked_terminal();
