-- Closes a shift that the caller holds locked and found open, and gives its report.
create or replace function close_shift(p_shift_id uuid, p_counted_cash_minor bigint, p_closed_by uuid) returns jsonb language plpgsql as $$
declare s shifts; f cafes; v_number integer; v_begins record; v_until pg_snapshot; t jsonb; v_sold bigint; v_given bigint; v_report jsonb;
begin
  update shifts set counted_cash_minor = p_counted_cash_minor, closed_by = p_closed_by, closed_at = clock_timestamp()
    where id = p_shift_id and closed_at is null returning * into s;
  if not found then raise exception 'the shift % is not open', p_shift_id; end if;
  select last_number + 1 into v_number from z_report_counters where cafe_id = s.cafe_id for update;
  -- After the café's lock: each report of a café sees at least what the one before it saw.
  select pg_current_snapshot() into v_until;
  select * into v_begins from shift_begins(s);
  t := shift_totals(s.cafe_id, s.device_id, s.currency, v_begins.own, v_begins.cafe, v_until);
  v_sold := t #>> '{methods,0,sales_minor}';
  v_given := t #>> '{methods,0,refunds_minor}';
  select * into f from cafes where id = s.cafe_id;
  v_report := t || jsonb_build_object('shift_id', s.id, 'number', v_number, 'cafe_id', f.id, 'cafe_name', f.name, 'cafe_code', f.code, 'device_id', s.device_id,
    'device_name', (select name from devices where id = s.device_id), 'time_zone', f.time_zone, 'currency', s.currency,
    'business_day', to_char(s.opened_at at time zone f.time_zone, 'YYYY-MM-DD'), 'opened_at', json_time(s.opened_at), 'closed_at', json_time(s.closed_at),
    'cash', jsonb_build_object('opening_float_minor', s.opening_float_minor, 'sales_minor', v_sold, 'refunds_minor', v_given,
      'expected_minor', s.opening_float_minor + v_sold - v_given, 'counted_minor', p_counted_cash_minor,
      'difference_minor', p_counted_cash_minor - (s.opening_float_minor + v_sold - v_given)));
  insert into z_reports (shift_id, cafe_id, device_id, number, seen, report) values (s.id, s.cafe_id, s.device_id, v_number, v_until, v_report);
  update z_report_counters set last_number = v_number, seen = v_until where cafe_id = s.cafe_id;
  return v_report;
end $$;
