create type open_outcome as (
  outcome text, charge_id uuid, retry_after_seconds integer, orders jsonb, order_id uuid, order_number text, amount_minor bigint, currency text,
  expires_at timestamptz, student_id uuid, student_label text, has_push_token boolean
);

-- A scanned card: finds the student's unpaid wallet order at the device's café and opens the charge for it.
create or replace function open_charge(
  p_scan_id uuid, p_device_id uuid, p_card_hash bytea, p_order_id uuid, p_life_seconds integer,
  p_nonce text, p_match_code text, p_short_code text, p_max_refused integer
) returns open_outcome language plpgsql as $$
declare
  r open_outcome; k record; o record; old record; c charges; v_now timestamptz; v_found integer := 0; v_refused integer; v_since timestamptz;
begin
  select x.cafe_id, x.revoked_at, f.name as cafe_name, f.status as cafe_status, f.number_match_required,
      y.id, y.status, y.student_id, p.is_active, student_label(p.name, p.phone) as label,
      exists (select from push_tokens t where t.student_id = p.id and t.is_active) as has_push_token,
      s.scan_id is not null as is_repeated, s.card_id as scanned_card_id, s.charge_id as scanned_charge_id
    into k
    from devices x join cafes f on f.id = x.cafe_id
      left join scans s on s.device_id = x.id and s.scan_id = p_scan_id
      left join cards y on y.uid_hash = p_card_hash left join students p on p.id = y.student_id
    where x.id = p_device_id;
  if not found or k.revoked_at is not null then r.outcome := 'device_revoked'; return r; end if;
  if k.is_repeated then
    r.outcome := case when k.id is distinct from k.scanned_card_id then 'mismatch' else 'same' end;
    r.charge_id := k.scanned_charge_id;
    return r;
  end if;
  if k.id is null or k.status <> 'active' or not k.is_active then r.outcome := 'card'; return r; end if;
  if k.cafe_status <> 'approved' then r.outcome := 'closed'; return r; end if;

  for o in
    select id, cafe_id, order_number, total_minor, currency, version from orders
      where student_id = k.student_id and cafe_id = k.cafe_id and payment_method = 'wallet' and payment_status = 'pending' and status not in ('completed', 'cancelled')
        and (p_order_id is null or id = p_order_id)
      order by id limit 2 for update
  loop
    v_found := v_found + 1;
  end loop;
  if v_found = 0 then r.outcome := 'no_order'; return r; end if;
  if v_found > 1 then
    r.outcome := 'choice';
    select jsonb_agg(jsonb_build_object('id', x.id, 'order_number', x.order_number, 'amount_minor', x.total_minor, 'currency', x.currency) order by x.id)
      into r.orders from (select * from orders
        where student_id = k.student_id and cafe_id = k.cafe_id and payment_method = 'wallet' and payment_status = 'pending' and status not in ('completed', 'cancelled')
        order by id limit 20) x;
    return r;
  end if;

  v_now := clock_timestamp();
  select id, device_id, expires_at into old from charges where order_id = o.id and state = 'open' for update;
  if found and old.expires_at > v_now then
    if old.device_id = p_device_id then
      insert into scans (device_id, scan_id, card_id, charge_id) values (p_device_id, p_scan_id, k.id, old.id) on conflict do nothing;
      r.outcome := 'same'; r.charge_id := old.id; return r;
    end if;
    perform end_charge(old.id, 'superseded', 'scanned at another terminal');
  elsif found then
    perform end_charge(old.id, 'expired', 'time');
  end if;

  select count(*), min(coalesce(ended_at, expires_at)) into v_refused, v_since from charges
    where student_id = k.student_id and ((state in ('declined', 'expired') and ended_at > v_now - interval '10 minutes') or (state = 'open' and expires_at <= v_now));
  if v_refused >= p_max_refused then
    r.outcome := 'capped';
    r.retry_after_seconds := greatest(1, ceil(extract(epoch from v_since + interval '10 minutes' - v_now)))::integer;
    return r;
  end if;

  c := row(uuidv7(), o.id, o.cafe_id, p_device_id, k.student_id, k.id, 'open', o.total_minor, o.currency, o.version, p_nonce, '', 1,
    p_match_code, k.number_match_required, 0, p_short_code, v_now, date_trunc('milliseconds', v_now + make_interval(secs => p_life_seconds)),
    null, null, null, null, null);
  c.digest := digest_of(c);
  insert into charges select c.*;
  insert into scans (device_id, scan_id, card_id, charge_id) values (p_device_id, p_scan_id, k.id, c.id);
  insert into events (channels, event, data) values (array['student:' || c.student_id], 'charge_opened',
    jsonb_build_object('charge_id', c.id, 'order_id', o.id, 'order_number', o.order_number, 'amount_minor', c.amount_minor, 'currency', c.currency, 'cafe_name', k.cafe_name, 'expires_at', c.expires_at));
  insert into outbox (topic, payload) values ('push.charge', jsonb_build_object('charge_id', c.id, 'student_id', c.student_id));
  r.outcome := 'opened'; r.charge_id := c.id; r.order_id := o.id; r.order_number := o.order_number; r.amount_minor := c.amount_minor; r.currency := c.currency;
  r.expires_at := c.expires_at; r.student_id := c.student_id; r.student_label := k.label; r.has_push_token := k.has_push_token;
  return r;
end $$;
