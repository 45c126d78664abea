-- Closes a shift that the caller holds locked and found open, and gives its report.
create or replace function close_shift(p_shift_id uuid, p_counted_cash_minor bigint, p_closed_by uuid) returns jsonb language plpgsql as $$
declare
  shift shifts;
  cafe cafes;
  begins record;
  totals jsonb;
  v_number integer;
  v_until pg_snapshot;
  v_sold_minor bigint;
  v_given_minor bigint;
  v_in_minor bigint;
  v_out_minor bigint;
  v_expected_minor bigint;
  v_report jsonb;
begin
  update shifts set counted_cash_minor = p_counted_cash_minor, closed_by = p_closed_by, closed_at = clock_timestamp()
    where id = p_shift_id and closed_at is null returning * into shift;
  if not found then raise exception 'the shift % is not open', p_shift_id; end if;
  select last_number + 1 into v_number from z_report_counters where cafe_id = shift.cafe_id for update;
  -- After the café's lock: each report of a café sees at least what the one before it saw.
  select pg_current_snapshot() into v_until;
  select * into begins from shift_begins(shift);
  totals := shift_totals(shift.cafe_id, shift.device_id, shift.currency, begins.own, begins.cafe, v_until);
  v_sold_minor := totals #>> '{methods,0,sales_minor}';
  v_given_minor := totals #>> '{methods,0,refunds_minor}';
  select coalesce(sum(amount_minor) filter (where amount_minor > 0), 0), -coalesce(sum(amount_minor) filter (where amount_minor < 0), 0)
    into v_in_minor, v_out_minor from cash_movements where shift_id = shift.id;
  v_expected_minor := shift.opening_float_minor + v_sold_minor - v_given_minor + v_in_minor - v_out_minor;
  select * into cafe from cafes where id = shift.cafe_id;
  v_report := totals || jsonb_build_object('shift_id', shift.id, 'number', v_number, 'cafe_id', cafe.id, 'cafe_name', cafe.name, 'cafe_code', cafe.code, 'device_id', shift.device_id,
    'device_name', (select name from devices where id = shift.device_id), 'time_zone', cafe.time_zone, 'currency', shift.currency,
    'business_day', to_char(shift.opened_at at time zone cafe.time_zone, 'YYYY-MM-DD'), 'opened_at', json_time(shift.opened_at), 'closed_at', json_time(shift.closed_at),
    'cash', jsonb_build_object('opening_float_minor', shift.opening_float_minor, 'sales_minor', v_sold_minor, 'refunds_minor', v_given_minor,
      'paid_in_minor', v_in_minor, 'paid_out_minor', v_out_minor, 'expected_minor', v_expected_minor, 'counted_minor', p_counted_cash_minor,
      'difference_minor', p_counted_cash_minor - v_expected_minor));
  insert into z_reports (shift_id, cafe_id, device_id, number, seen, report) values (shift.id, shift.cafe_id, shift.device_id, v_number, v_until, v_report);
  update z_report_counters set last_number = v_number, seen = v_until where cafe_id = shift.cafe_id;
  return v_report;
end $$;
