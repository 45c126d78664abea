create type open_outcome as (
  outcome text, charge_id uuid, retry_after_seconds integer, orders jsonb, order_id uuid, order_number text, amount_minor bigint, currency text,
  expires_at timestamptz, student_id uuid, student_label text, has_push_token boolean
);

-- How many requests in ten minutes may end declined or expired, how many without a payment in any way (both of one student at one café),
-- and how many cards may be refused at one café.
create type scan_limits as (refused_prompts integer, unpaid_prompts integer, refused_cards integer);

-- A scanned card: finds the student's unpaid wallet order at the device's café and opens the charge for it. What it refuses is judged from
-- the outside in: the terminal, the scan's id, the café, the card. So no terminal of a closed café learns whose card is good.
-- Locks as everywhere: the order, its charge, the student's guard.
create or replace function open_charge(
  p_scan_id uuid, p_device_id uuid, p_card_hash bytea, p_order_id uuid, p_life_seconds integer,
  p_nonce text, p_match_code text, p_short_code text, p_limits scan_limits
) returns open_outcome language plpgsql as $$
declare
  result open_outcome;
  context record;
  wanted record;
  old record;
  v_guard text;
  v_now timestamptz;
  v_found integer := 0;
begin
  select d.cafe_id, d.revoked_at, f.name as cafe_name, f.status as cafe_status, f.number_match_required,
      k.id as card_id, k.status as card_status, k.student_id, p.is_active, student_label(p.name, p.phone) as student_label,
      exists (select from push_tokens t where t.student_id = p.id and t.is_active) as has_push_token,
      s.scan_id is not null as is_repeated, s.card_id as scanned_card_id, s.charge_id as scanned_charge_id, c.order_id as scanned_order_id,
      coalesce(r.cards, 0) as refused_cards
    into context
    from devices d join cafes f on f.id = d.cafe_id
      left join scans s on s.device_id = d.id and s.scan_id = p_scan_id left join charges c on c.id = s.charge_id
      left join refused_cards r on r.cafe_id = d.cafe_id and r.period = refusal_period()
      left join cards k on k.uid_hash = p_card_hash left join students p on p.id = k.student_id
    where d.id = p_device_id;
  if not found or context.revoked_at is not null then result.outcome := 'device_revoked'; return result; end if;
  if context.is_repeated then
    result.outcome := case when context.card_id is distinct from context.scanned_card_id or p_order_id <> context.scanned_order_id then 'mismatch' else 'same' end;
    result.charge_id := context.scanned_charge_id;
    return result;
  end if;
  if context.cafe_status <> 'approved' then result.outcome := 'closed'; return result; end if;
  if context.refused_cards >= p_limits.refused_cards or context.card_id is null or context.card_status <> 'active' or not context.is_active then
    return refuse_card(context.cafe_id, p_limits);
  end if;

  for wanted in
    select id, cafe_id, order_number, total_minor, currency, version from orders
      where student_id = context.student_id and cafe_id = context.cafe_id and payment_method = 'wallet' and payment_status = 'pending' and status not in ('completed', 'cancelled')
        and (p_order_id is null or id = p_order_id)
      order by id limit 2 for update
  loop
    v_found := v_found + 1;
  end loop;
  if v_found = 0 then result.outcome := 'no_order'; return result; end if;
  if v_found > 1 then
    result.outcome := 'choice';
    result.orders := payable_orders(context.student_id, context.cafe_id);
    return result;
  end if;

  v_now := clock_timestamp();
  select id, device_id, expires_at > v_now as is_live into old from charges where order_id = wanted.id and state = 'open' for update;
  if found and old.is_live and old.device_id = p_device_id then
    insert into scans (device_id, scan_id, card_id, charge_id) values (p_device_id, p_scan_id, context.card_id, old.id);
    result.outcome := 'same';
    result.charge_id := old.id;
    return result;
  end if;
  -- Whoever deactivates the student waits for this scan and ends its charge, or this scan sees it.
  v_guard := pg_advisory_xact_lock_shared(guard_key('student', context.student_id));
  if not exists (select from students where id = context.student_id and is_active) then
    perform end_charge(old.id, 'voided', 'student deactivated') where old.id is not null;
    return refuse_card(context.cafe_id, p_limits);
  end if;
  result.retry_after_seconds := prompts_capped_for(context.student_id, context.cafe_id, v_now, p_limits);
  if result.retry_after_seconds is not null then result.outcome := 'capped'; return result; end if;
  if old.is_live then perform end_charge(old.id, 'superseded', 'scanned at another terminal');
  elsif old.id is not null then perform end_charge(old.id, 'expired', 'time');
  end if;

  return write_charge(context, wanted, p_scan_id, p_device_id, v_now, p_life_seconds, p_nonce, p_match_code, p_short_code);
end $$;

-- What a scan leaves: the charge, the scan that opened it, the event of those who watch, one row for the worker.
create or replace function write_charge(
  context record, wanted record, p_scan_id uuid, p_device_id uuid, p_at timestamptz, p_life_seconds integer, p_nonce text, p_match_code text, p_short_code text
) returns open_outcome language plpgsql as $$
declare
  charge charges;
begin
  charge := row(uuidv7(), wanted.id, wanted.cafe_id, p_device_id, context.student_id, context.card_id, 'open', wanted.total_minor, wanted.currency, wanted.version, p_nonce, '', 1,
    p_match_code, context.number_match_required, 0, p_short_code, p_at, date_trunc('milliseconds', p_at + make_interval(secs => p_life_seconds)),
    null, null, null, null, null, null);
  charge.digest := digest_of(charge);
  insert into charges select charge.*;
  insert into scans (device_id, scan_id, card_id, charge_id) values (p_device_id, p_scan_id, charge.card_id, charge.id);
  insert into events (channels, event, data) values (array['student:' || charge.student_id], 'charge_opened', jsonb_build_object('charge_id', charge.id, 'order_id', wanted.id,
    'order_number', wanted.order_number, 'amount_minor', charge.amount_minor, 'currency', charge.currency, 'cafe_name', context.cafe_name, 'expires_at', charge.expires_at));
  insert into outbox (topic, payload) values ('push.charge', jsonb_build_object('charge_id', charge.id, 'student_id', charge.student_id));
  return ('opened', charge.id, null, null, wanted.id, wanted.order_number, charge.amount_minor, charge.currency,
    charge.expires_at, charge.student_id, context.student_label, context.has_push_token)::open_outcome;
end $$;

create or replace function payable_orders(p_student_id uuid, p_cafe_id uuid) returns jsonb language sql stable as $$
  select jsonb_agg(jsonb_build_object('id', o.id, 'order_number', o.order_number, 'amount_minor', o.total_minor, 'currency', o.currency) order by o.id)
  from (select * from orders
    where student_id = p_student_id and cafe_id = p_cafe_id and payment_method = 'wallet' and payment_status = 'pending' and status not in ('completed', 'cancelled')
    order by id limit 20) o;
$$;

-- In how many seconds this café may ask the student's phone again; null where it may now.
create or replace function prompts_capped_for(p_student_id uuid, p_cafe_id uuid, p_now timestamptz, p_limits scan_limits) returns integer language sql stable as $$
  with ended as (
    select coalesce(ended_at, expires_at) as at, state in ('declined', 'expired', 'open') as is_refused from charges
    where student_id = p_student_id and cafe_id = p_cafe_id
      and ((state in ('declined', 'expired', 'voided', 'superseded') and ended_at > p_now - interval '10 minutes') or (state = 'open' and expires_at between p_now - interval '10 minutes' and p_now))),
  -- Once the oldest of as many as are allowed is ten minutes old, there is one too few to cap.
  oldest as (
    (select at from ended where is_refused order by at desc offset p_limits.refused_prompts - 1 limit 1)
    union all (select at from ended order by at desc offset p_limits.unpaid_prompts - 1 limit 1))
  select greatest(1, ceil(extract(epoch from max(at) + interval '10 minutes' - p_now)))::integer from oldest having count(*) > 0;
$$;
