create type place_outcome as (outcome text, details jsonb, order_id uuid);

-- Takes an order. p_student_id is null where the counter sells to somebody without an account.
create or replace function place_order(
  p_cafe_id uuid, p_student_id uuid, p_lines jsonb, p_order_type text, p_payment_method text, p_special_instructions text,
  p_delivery_address text, p_table_id uuid, p_table_code text, p_scheduled_for timestamptz
) returns place_outcome language plpgsql as $$
declare
  r place_outcome; f cafes; l priced_lines; v_at timestamptz := coalesce(p_scheduled_for, clock_timestamp()); v_day date; v_table uuid; v_max bigint;
  v_charge bigint := 0; v_ready timestamptz; v_order uuid := uuidv7();
begin
  select * into f from cafes where id = p_cafe_id;
  if not found then r.outcome := 'no_cafe'; return r; end if;
  v_day := (clock_timestamp() at time zone f.time_zone)::date;
  if p_scheduled_for is not null then
    if p_scheduled_for <= clock_timestamp() or p_scheduled_for > clock_timestamp() + interval '7 days' then r.outcome := 'no_slot'; return r; end if;
    if not exists (select from generate_series(-1, 0) d, order_slots(f.id, (p_scheduled_for at time zone f.time_zone)::date + d) s where s.starts_at = p_scheduled_for) then
      r.outcome := 'no_slot'; return r;
    end if;
  end if;
  if not cafe_takes_orders_at(f.id, v_at) then r.outcome := 'closed'; return r; end if;
  if p_order_type = 'delivery' then
    if setting_of(f.id, 'delivery_enabled') <> 'true' then r.outcome := 'method'; r.details := '{"order_type": "delivery"}'; return r; end if;
    v_charge := setting_number(f.id, 'delivery_charge');
  elsif p_order_type = 'table' then
    select id into v_table from cafe_tables where cafe_id = f.id and is_active and (id = p_table_id or code = p_table_code);
    if not found then r.outcome := 'no_table'; return r; end if;
  end if;
  if (p_payment_method = 'cash' and setting_of(f.id, 'cash_payment_enabled') <> 'true') or (p_payment_method = 'upi' and setting_of(f.id, 'upi_payment_enabled') <> 'true') then
    r.outcome := 'method'; r.details := jsonb_build_object('payment_method', p_payment_method); return r;
  end if;
  l := price_lines(f.id, p_lines, v_at);
  if l.outcome <> 'priced' then r.outcome := l.outcome; r.details := l.details; return r; end if;
  if p_scheduled_for is not null then
    v_max := setting_number(f.id, 'max_orders_per_slot');
    insert into slot_counters as c (cafe_id, starts_at, taken) select f.id, p_scheduled_for, 1 where v_max > 0
      on conflict (cafe_id, starts_at) do update set taken = c.taken + 1 where c.taken < v_max;
    if not found then
      r.outcome := 'slot_full';
      r.details := jsonb_build_object('current', coalesce((select taken from slot_counters where cafe_id = f.id and starts_at = p_scheduled_for), 0), 'max', v_max);
      return r;
    end if;
  end if;

  select ready_by(f.id, coalesce(sum(q.item_count), 0) + l.item_count, p_scheduled_for) into v_ready from kitchen_queue(f.id) q;

  -- The last statement: the counter's row is held for it and the commit only, so numbers have no gap and hardly anybody waits.
  with taken as (
    insert into order_counters (cafe_id, day, last_number) values (f.id, v_day, 1)
    on conflict (cafe_id, day) do update set last_number = order_counters.last_number + 1
    returning last_number),
  placed as (
    insert into orders (id, cafe_id, student_id, order_number, order_day, order_type, payment_method, subtotal_minor, delivery_charge_minor, total_minor, currency,
      special_instructions, delivery_address, table_id, scheduled_for, estimated_ready_time, item_count)
    select v_order, f.id, p_student_id, 'ORD-' || to_char(v_day, 'YYYYMMDD') || '-' || lpad(last_number::text, greatest(3, length(last_number::text)), '0'), v_day,
      p_order_type, p_payment_method, l.subtotal_minor, v_charge, l.subtotal_minor + v_charge, f.currency,
      p_special_instructions, p_delivery_address, v_table, p_scheduled_for, v_ready, l.item_count
    from taken
    returning id, cafe_id, student_id, order_number, total_minor)
  select id into r.order_id from placed p, lateral (select take_lines(p.id, l.lines, 'ordered')) t,
    lateral (select emit_event(array_remove(array['cafe:' || p.cafe_id, 'order:' || p.id, 'student:' || p.student_id], null), 'order_placed',
      jsonb_build_object('order_id', p.id, 'order_number', p.order_number, 'amount_minor', p.total_minor))) e;
  r.outcome := 'placed';
  return r;
end $$;
