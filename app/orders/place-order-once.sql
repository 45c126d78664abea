create type place_once_outcome as (outcome text, details jsonb, body text);

-- The order and the answer that is remembered under its Idempotency-Key (where it has one), as app/platform/idempotency.ts
-- does it: the key is claimed first, and a refusal leaves no row.
create or replace function place_order_once(
  p_principal text, p_route text, p_key text, p_body_hash bytea,
  p_cafe_id uuid, p_student_id uuid, p_lines jsonb, p_order_type text, p_payment_method text, p_special_instructions text,
  p_delivery_address text, p_table_id uuid, p_table_code text, p_scheduled_for timestamptz
) returns place_once_outcome language plpgsql as $$
declare r place_once_outcome; a idempotency_answers; p place_outcome;
begin
  if p_key is not null then
    if not pg_try_advisory_xact_lock(hashtextextended(p_principal || '|' || p_route || '|' || p_key, 0)) then r.outcome := 'busy'; return r; end if;
    select * into a from idempotency_answers where principal = p_principal and route = p_route and key = p_key;
    if found then
      r.outcome := case when a.body_hash = p_body_hash then 'stored' else 'mismatch' end;
      r.body := a.body;
      return r;
    end if;
  end if;
  p := place_order(p_cafe_id, p_student_id, p_lines, p_order_type, p_payment_method, p_special_instructions, p_delivery_address, p_table_id, p_table_code, p_scheduled_for);
  r.outcome := p.outcome; r.details := p.details;
  if p.outcome <> 'placed' then return r; end if;
  select json_build_object('order', order_json(o))::text into r.body from orders o where o.id = p.order_id;
  if p_key is not null then
    insert into idempotency_answers (principal, route, key, body_hash, status, body, expires_at)
      values (p_principal, p_route, p_key, p_body_hash, 201, r.body, now() + interval '24 hours');
  end if;
  return r;
end $$;
