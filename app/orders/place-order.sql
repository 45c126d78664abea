create type place_outcome as (outcome text, details jsonb, order_id uuid);

-- Takes an order. p_student_id is null where the counter sells to somebody without an account. Every refusal is found before anything
-- is written, but for a full slot, whose place is asked for last.
create or replace function place_order(
  p_cafe_id uuid, p_student_id uuid, p_lines jsonb, p_order_type text, p_payment_method text, p_special_instructions text,
  p_delivery_address text, p_table_id uuid, p_table_code text, p_scheduled_for timestamptz
) returns place_outcome language plpgsql as $$
declare
  result place_outcome;
  cafe cafes;
  priced priced_lines;
  v_at timestamptz := coalesce(p_scheduled_for, clock_timestamp());
  v_day date;
  v_table uuid;
  v_delivery_minor bigint := 0;
  v_ready timestamptz;
begin
  select * into cafe from cafes where id = p_cafe_id;
  if not found then result.outcome := 'no_cafe'; return result; end if;
  result := refuse_order(cafe, p_order_type, p_payment_method, p_scheduled_for, v_at);
  if result.outcome is not null then return result; end if;
  if p_order_type = 'table' then
    select id into v_table from cafe_tables where cafe_id = cafe.id and is_active and (id = p_table_id or code = p_table_code);
    if not found then result.outcome := 'no_table'; return result; end if;
  elsif p_order_type = 'delivery' then
    v_delivery_minor := setting_number(cafe.id, 'delivery_charge');
  end if;
  priced := price_lines(cafe.id, p_lines, v_at);
  if priced.outcome <> 'priced' then return (priced.outcome, priced.details, null)::place_outcome; end if;
  if p_scheduled_for is not null then
    result := take_slot(cafe.id, p_scheduled_for);
    if result.outcome is not null then return result; end if;
  end if;
  select ready_by(cafe.id, coalesce(sum(q.item_count), 0) + priced.item_count, p_scheduled_for) into v_ready from kitchen_queue(cafe.id) q;

  -- The last statement: the counter's row is held for it and the commit only, so numbers have no gap and hardly anybody waits.
  v_day := (clock_timestamp() at time zone cafe.time_zone)::date;
  with taken as (
    insert into order_counters (cafe_id, day, last_number) values (cafe.id, v_day, 1)
    on conflict (cafe_id, day) do update set last_number = order_counters.last_number + 1
    returning last_number),
  placed as (
    insert into orders (cafe_id, student_id, order_number, order_day, order_type, payment_method, subtotal_minor, delivery_charge_minor, total_minor, currency,
      special_instructions, delivery_address, table_id, scheduled_for, estimated_ready_time, item_count)
    select cafe.id, p_student_id, 'ORD-' || to_char(v_day, 'YYYYMMDD') || '-' || lpad(last_number::text, greatest(3, length(last_number::text)), '0'), v_day,
      p_order_type, p_payment_method, priced.subtotal_minor, v_delivery_minor, priced.subtotal_minor + v_delivery_minor, cafe.currency,
      p_special_instructions, p_delivery_address, v_table, p_scheduled_for, v_ready, priced.item_count
    from taken
    returning id, cafe_id, student_id, order_number, total_minor)
  select 'placed', null, id into result from placed p, lateral (select take_lines(p.id, priced.lines, 'ordered')) t,
    lateral (select emit_event(array_remove(array['cafe:' || p.cafe_id, 'order:' || p.id, 'student:' || p.student_id], null), 'order_placed',
      jsonb_build_object('order_id', p.id, 'order_number', p.order_number, 'amount_minor', p.total_minor))) e;
  return result;
end $$;

-- Why this café takes no such order at that time; no outcome where it does.
create or replace function refuse_order(cafe cafes, p_order_type text, p_payment_method text, p_scheduled_for timestamptz, p_at timestamptz)
returns place_outcome language plpgsql as $$
declare
  result place_outcome;
  v_day date := (p_scheduled_for at time zone cafe.time_zone)::date;
begin
  result.outcome := case
    when p_scheduled_for not between clock_timestamp() and clock_timestamp() + interval '7 days' then 'no_slot'
    when p_scheduled_for is not null
      and not exists (select from generate_series(-1, 0) d, order_slots(cafe.id, v_day + d) s where s.starts_at = p_scheduled_for) then 'no_slot'
    when not cafe_takes_orders_at(cafe.id, p_at) then 'closed'
  end;
  if result.outcome is not null then return result; end if;
  result.details := case
    when p_order_type = 'delivery' and setting_of(cafe.id, 'delivery_enabled') <> 'true' then jsonb_build_object('order_type', p_order_type)
    when p_payment_method = 'cash' and setting_of(cafe.id, 'cash_payment_enabled') <> 'true'
      or p_payment_method = 'upi' and setting_of(cafe.id, 'upi_payment_enabled') <> 'true' then jsonb_build_object('payment_method', p_payment_method)
  end;
  if result.details is not null then result.outcome := 'method'; end if;
  return result;
end $$;

-- Takes a place in a slot; the outcome is 'slot_full' where none is left.
create or replace function take_slot(p_cafe_id uuid, p_starts_at timestamptz) returns place_outcome language plpgsql as $$
declare
  result place_outcome;
  v_max bigint := setting_number(p_cafe_id, 'max_orders_per_slot');
begin
  insert into slot_counters as c (cafe_id, starts_at, taken) select p_cafe_id, p_starts_at, 1 where v_max > 0
    on conflict (cafe_id, starts_at) do update set taken = c.taken + 1 where c.taken < v_max;
  if found then return result; end if;
  result.outcome := 'slot_full';
  result.details := jsonb_build_object('current', coalesce((select taken from slot_counters where cafe_id = p_cafe_id and starts_at = p_starts_at), 0), 'max', v_max);
  return result;
end $$;
