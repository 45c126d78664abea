create type sale_outcome as (outcome text, details jsonb, body text);

-- To somebody without an account, for cash: ordered, paid and, unless the kitchen is to prepare it, handed over.
create or replace function sell_for_cash(p_device_id uuid, p_cafe_id uuid, p_lines jsonb, p_special_instructions text, p_tendered_minor bigint, p_prepare boolean)
returns sale_outcome language plpgsql as $$
declare
  placed place_outcome;
  v_total_minor bigint;
  v_tendered_minor bigint;
  v_status text;
  v_body text;
begin
  placed := place_order(p_cafe_id, null, p_lines, 'pickup', 'cash', p_special_instructions, null, null, null, null);
  if placed.outcome <> 'placed' then return (placed.outcome, placed.details, null)::sale_outcome; end if;
  select total_minor into v_total_minor from orders where id = placed.order_id;
  v_tendered_minor := coalesce(p_tendered_minor, v_total_minor);
  if v_tendered_minor < v_total_minor then
    raise exception 'tendered' using errcode = 'CPSAL', detail = jsonb_build_object('total_minor', v_total_minor)::text;
  end if;
  insert into counter_sales (order_id, device_id, tendered_minor) values (placed.order_id, p_device_id, v_tendered_minor);
  perform take_cash(placed.order_id);
  if not p_prepare then
    foreach v_status in array array['preparing', 'ready', 'completed'] loop perform set_order_status(placed.order_id, v_status, null, false); end loop;
  end if;
  select json_build_object('order', order_json(o), 'cash_tendered_minor', v_tendered_minor, 'change_minor', v_tendered_minor - o.total_minor)::text
    into v_body from orders o where o.id = placed.order_id;
  return ('sold', null, v_body)::sale_outcome;
end $$;

-- To a student's card: ordered in the student's name, and the phone is asked to pay this very order. The café is judged before the
-- card, and a card that is not accepted is refused as a scan refuses it.
create or replace function sell_to_card(
  p_device_id uuid, p_cafe_id uuid, p_lines jsonb, p_special_instructions text, p_card_hash bytea, p_has_socket boolean,
  p_life_seconds integer, p_nonce text, p_match_code text, p_short_code text, p_limits scan_limits, p_qr_url text
) returns sale_outcome language plpgsql as $$
declare
  placed place_outcome;
  opened open_outcome;
  v_student uuid;
begin
  if not exists (select from cafes where id = p_cafe_id and status = 'approved') then return ('closed', null, null)::sale_outcome; end if;
  select s.id into v_student from cards k join students s on s.id = k.student_id where k.uid_hash = p_card_hash and k.status = 'active' and s.is_active
    and not exists (select from refused_cards x where x.cafe_id = p_cafe_id and x.period = refusal_period() and x.cards >= p_limits.refused_cards);
  if not found then
    opened := refuse_card(p_cafe_id, p_limits);
    return (opened.outcome, jsonb_build_object('retry_after_seconds', opened.retry_after_seconds), null)::sale_outcome;
  end if;
  placed := place_order(p_cafe_id, v_student, p_lines, 'pickup', 'wallet', p_special_instructions, null, null, null, null);
  if placed.outcome <> 'placed' then return (placed.outcome, placed.details, null)::sale_outcome; end if;
  insert into counter_sales (order_id, device_id) values (placed.order_id, p_device_id);
  opened := open_charge(gen_random_uuid(), p_device_id, p_card_hash, placed.order_id, p_life_seconds, p_nonce, p_match_code, p_short_code, p_limits);
  if opened.outcome <> 'opened' then
    raise exception '%', opened.outcome using errcode = 'CPSAL', detail = jsonb_build_object('retry_after_seconds', opened.retry_after_seconds)::text;
  end if;
  return ('sold', null, sale_to_card_json(opened, p_life_seconds, p_match_code, p_short_code, p_qr_url, p_has_socket)::text)::sale_outcome;
end $$;

-- The answer to the terminal: the order, and the charge as a scan would have answered it.
create or replace function sale_to_card_json(
  opened open_outcome, p_life_seconds integer, p_match_code text, p_short_code text, p_qr_url text, p_has_socket boolean
) returns json language sql stable as $$
  select json_build_object(
    'order', order_json(o),
    'charge', json_build_object(
      'id', opened.charge_id, 'state', 'open', 'order_id', o.id, 'order_number', o.order_number, 'amount_minor', opened.amount_minor,
      'currency', opened.currency, 'expires_in', p_life_seconds, 'expires_at', json_time(opened.expires_at), 'student_label', opened.student_label),
    'match_code', p_match_code, 'short_code', p_short_code, 'qr_url', p_qr_url,
    'reachable', to_json(array_remove(array[case when p_has_socket then 'ws' end, case when opened.has_push_token then 'push' end], null)))
  from orders o where o.id = opened.order_id;
$$;

-- A sale and the answer that is remembered under its key, in one transaction (app/platform/idempotency.sql); a refusal leaves no row of
-- any kind. Cash moves money, so its key is kept for ever; a sale to a card moves none by itself, and its answer tells of a student.
create or replace function sell_once(
  p_principal text, p_route text, p_key text, p_body_hash bytea, p_waits boolean, p_device_id uuid, p_cafe_id uuid, p_lines jsonb,
  p_special_instructions text, p_tendered_minor bigint, p_prepare boolean, p_card_hash bytea, p_has_socket boolean, p_life_seconds integer,
  p_nonce text, p_match_code text, p_short_code text, p_limits scan_limits, p_qr_url text
) returns sale_outcome language plpgsql as $$
declare
  result sale_outcome;
  claimed claimed_key;
  v_outcome text;
  v_details text;
begin
  claimed := claim_key(p_principal, p_route, p_key, p_body_hash, p_waits);
  if claimed.state <> 'free' then
    result.outcome := claimed.state;
    result.body := claimed.body;
    return result;
  end if;
  -- Held until the commit, so that the report of a terminal that is being revoked has this sale, or there is none.
  perform from devices where id = p_device_id and revoked_at is null for key share;
  if not found then
    result.outcome := 'device_revoked';
    return result;
  end if;
  begin
    if p_card_hash is null then
      result := sell_for_cash(p_device_id, p_cafe_id, p_lines, p_special_instructions, p_tendered_minor, p_prepare);
    else
      result := sell_to_card(p_device_id, p_cafe_id, p_lines, p_special_instructions, p_card_hash, p_has_socket, p_life_seconds, p_nonce, p_match_code,
        p_short_code, p_limits, p_qr_url);
    end if;
  exception when sqlstate 'CPSAL' then
    get stacked diagnostics v_outcome = message_text, v_details = pg_exception_detail;
    result.outcome := v_outcome;
    result.details := v_details::jsonb;
    result.body := null;
  end;
  if result.outcome <> 'sold' then return result; end if;
  perform keep_answer(p_principal, p_route, p_key, p_body_hash, 201, result.body, p_card_hash is null);
  return result;
end $$;
