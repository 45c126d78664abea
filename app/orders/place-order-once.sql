create type place_once_outcome as (outcome text, details jsonb, body text);

-- The order and the answer that is remembered under its Idempotency-Key, where it has one (app/platform/idempotency.sql). A refusal
-- leaves no row.
create or replace function place_order_once(
  p_principal text, p_route text, p_key text, p_body_hash bytea, p_waits boolean,
  p_cafe_id uuid, p_student_id uuid, p_lines jsonb, p_order_type text, p_payment_method text, p_special_instructions text,
  p_delivery_address text, p_table_id uuid, p_table_code text, p_scheduled_for timestamptz
) returns place_once_outcome language plpgsql as $$
declare
  result place_once_outcome;
  claimed claimed_key;
  placed place_outcome;
begin
  claimed := claim_key(p_principal, p_route, p_key, p_body_hash, p_waits);
  if claimed.state <> 'free' then
    result.outcome := claimed.state;
    result.body := claimed.body;
    return result;
  end if;
  result.details := refuse_unpaid_portions(p_cafe_id, p_student_id, null, p_lines);
  if result.details is not null then result.outcome := 'too_many_unpaid'; return result; end if;
  placed := place_order(p_cafe_id, p_student_id, p_lines, p_order_type, p_payment_method, p_special_instructions, p_delivery_address, p_table_id, p_table_code, p_scheduled_for);
  result.outcome := placed.outcome;
  result.details := placed.details;
  if placed.outcome <> 'placed' then return result; end if;
  select json_build_object('order', order_json(o))::text into result.body from orders o where o.id = placed.order_id;
  perform keep_answer(p_principal, p_route, p_key, p_body_hash, 201, result.body, false);
  return result;
end $$;

-- How many portions a student has ordered at a café and not paid, where so many more would be too many; null where they would not. They
-- hold stock, and where they are to be paid in cash everybody's estimated time. Of one student's orders there one after the other looks.
create or replace function refuse_unpaid_portions(p_cafe_id uuid, p_student_id uuid, p_instead_of uuid, p_lines jsonb) returns jsonb language plpgsql as $$
declare
  v_max bigint := setting_number(p_cafe_id, 'max_unpaid_portions');
  v_unpaid bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('unpaid' || p_student_id || p_cafe_id, 9));
  -- Booked seven days ahead at most, and swept after that.
  select coalesce(sum(item_count), 0) into v_unpaid from orders where student_id = p_student_id and id > uuid_from(now() - interval '9 days')
    and cafe_id = p_cafe_id and status not in ('completed', 'cancelled') and payment_status in ('pending', 'failed') and id is distinct from p_instead_of;
  return (select jsonb_build_object('current', v_unpaid, 'max', v_max) from jsonb_array_elements(p_lines) l having v_unpaid + sum((l ->> 'quantity')::integer) > v_max);
end $$;
