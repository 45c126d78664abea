-- Why: the counter. What a terminal sells and gives back in one call, the shift in which it does so, and the Z-report that
-- closes the shift. A sale writes nothing for its shift: a report counts what became visible after the report before it,
-- told by the snapshots of both. So no sale waits for a close, and each is in exactly one report.
-- Lock order: shift, the café's row of z_report_counters. Neither is taken by anything that moves money.

-- What was sold at a terminal. A sale to a card is paid through its charge, one for cash with its order.
create table counter_sales (
  order_id uuid primary key references orders (id),
  device_id uuid not null,
  -- What was handed over in cash; null for a card.
  tendered_minor bigint check (tendered_minor > 0)
);

-- What was given back at a terminal.
create table counter_refunds (
  transaction_id uuid primary key,
  device_id uuid not null
);

create table shifts (
  id uuid primary key default uuidv7(),
  cafe_id uuid not null references cafes (id),
  device_id uuid not null references devices (id),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  opening_float_minor bigint not null check (opening_float_minor >= 0),
  opened_by uuid references staff (id),
  opened_at timestamptz not null default now(),
  -- What was committed then: a terminal's first report begins here.
  opened_seeing pg_snapshot not null default pg_current_snapshot(),
  counted_cash_minor bigint check (counted_cash_minor >= 0),
  closed_by uuid references staff (id),
  closed_at timestamptz,
  check ((closed_at is null) = (counted_cash_minor is null)),
  check (closed_by is null or closed_at is not null)
);
create unique index shifts_one_open on shifts (device_id) where closed_at is null;
create index shifts_cafe on shifts (cafe_id, id);

-- A café's last number, and what its last report saw. Held by a close until its commit: numbers have no gap.
create table z_report_counters (
  cafe_id uuid primary key references cafes (id),
  last_number integer not null default 0,
  seen pg_snapshot not null default pg_current_snapshot()
);

create table z_reports (
  shift_id uuid primary key references shifts (id),
  cafe_id uuid not null references cafes (id),
  device_id uuid not null,
  number integer not null,
  seen pg_snapshot not null,
  report jsonb not null check (jsonb_typeof(report) = 'object'),
  created_at timestamptz not null default now(),
  unique (cafe_id, number)
);
create index z_reports_device on z_reports (device_id, number);

create function keep_z_report() returns trigger language plpgsql as $$
begin
  raise exception 'a Z-report is never changed nor removed';
end $$;
create trigger z_reports_are_kept before update or delete or truncate on z_reports for each statement execute function keep_z_report();

-- The VAT in an order's prices, one rule everywhere: of each line by itself, rounded half up. A delivery goes with the food
-- and is taxed as the highest rate in it.
create function order_vat(p_order_id uuid) returns table (vat_basis_points integer, gross_minor bigint, vat_minor bigint)
language sql stable as $$
  select l.rate, sum(l.gross)::bigint, sum(round(l.gross::numeric * l.rate / (10000 + l.rate)))::bigint
  from (
    select i.vat_basis_points as rate, i.line_total_minor as gross from order_items i where i.order_id = p_order_id
    union all
    select (select max(i.vat_basis_points) from order_items i where i.order_id = o.id), o.delivery_charge_minor
    from orders o where o.id = p_order_id and o.delivery_charge_minor > 0) l
  group by l.rate;
$$;

-- The part of each rate in one refund, or in the return of one that failed (below zero): of the whole in proportion, rounded
-- over the sum of all refunds up to then, so that what was given back in parts adds up to what was paid.
create function refund_vat(p_transaction_id uuid) returns table (vat_basis_points integer, gross_minor bigint, vat_minor bigint)
language sql stable as $$
  with given as (
    select own.order_id, coalesce(sum(x.amount) filter (where x.id < own.id), 0) as before, sum(x.amount) as after
    from ledger_transactions own, lateral (
      select t.id, case t.kind when 'gateway_refund_return' then -t.amount_minor else t.amount_minor end as amount from ledger_transactions t
      where t.corrects_id = own.corrects_id and t.kind in ('refund', 'gateway_refund', 'gateway_refund_return') and t.id <= own.id) x
    where own.id = p_transaction_id group by own.order_id, own.id),
  rates as (
    select v.*, g.before, g.after, sum(v.gross_minor) over (order by v.vat_basis_points) as up_to, sum(v.gross_minor) over () as total
    from given g, lateral order_vat(g.order_id) v)
  select r.vat_basis_points,
    (round(up_to * after / total) - round((up_to - r.gross_minor) * after / total)
      - round(up_to * before / total) + round((up_to - r.gross_minor) * before / total))::bigint,
    (round(r.vat_minor * after / total) - round(r.vat_minor * before / total))::bigint
  from rates r;
$$;

-- What of the café's money belongs to a terminal's report: what it took and gave back itself after `p_since`, and what
-- happened at no terminal (the portal, the gateway) after `p_cafe_since`; of both only what `p_until` sees.
create function shift_totals(p_cafe_id uuid, p_device_id uuid, p_currency text, p_since pg_snapshot, p_cafe_since pg_snapshot, p_until pg_snapshot)
returns jsonb language sql stable as $$
  with payable as materialized (
    select id from accounts where kind = 'cafe_payable' and cafe_id = p_cafe_id and currency = p_currency),
  moved as materialized (
    select t.id, t.order_id, t.amount_minor, r.device_id is null and s.device_id is null as is_elsewhere,
      case when t.kind in ('refund', 'gateway_refund') then 'refund' when t.kind = 'gateway_refund_return' then 'return'
        when t.kind = 'dispute_lost' then 'dispute' else 'sale' end as what,
      case when t.kind in ('debit', 'repost') or t.wallet_student_id is not null then 'wallet' when t.kind in ('cash_sale', 'refund') then 'cash' else 'upi' end as method
    from ledger_transactions t
      left join charges c on c.id = t.charge_id
      left join counter_sales s on s.order_id = t.order_id and t.kind = 'cash_sale'
      left join counter_refunds r on r.transaction_id = t.id
    where t.xid >= least(pg_snapshot_xmin(p_since), pg_snapshot_xmin(p_cafe_since)) and pg_visible_in_snapshot(t.xid, p_until)
      and t.kind in ('debit', 'repost', 'cash_sale', 'gateway_sale', 'refund', 'gateway_refund', 'gateway_refund_return', 'dispute_lost')
      and ((select id from payable) in (t.from_account_id, t.to_account_id))
      and coalesce(c.device_id, s.device_id, r.device_id, p_device_id) = p_device_id
      and not pg_visible_in_snapshot(t.xid, case when coalesce(c.device_id, s.device_id, r.device_id) is null then p_cafe_since else p_since end)),
  totals as (
    select count(*) filter (where what = 'sale') as sales_count, coalesce(sum(amount_minor) filter (where what = 'sale'), 0) as sales_minor,
      count(*) filter (where what = 'refund') as refunds_count,
      coalesce(sum(case what when 'refund' then amount_minor when 'return' then -amount_minor end), 0) as refunds_minor,
      coalesce(sum(amount_minor) filter (where what = 'dispute'), 0) as disputes_minor,
      coalesce(sum(case what when 'sale' then amount_minor when 'refund' then -amount_minor end) filter (where method = 'cash' and is_elsewhere), 0) as cash_elsewhere_minor
    from moved),
  methods as (
    select jsonb_agg(jsonb_build_object('method', x.method, 'sales_count', x.sales_count, 'sales_minor', x.sales_minor,
      'refunds_count', x.refunds_count, 'refunds_minor', x.refunds_minor) order by x.place) as list
    from (
      select n.place, n.method, count(m.id) filter (where m.what = 'sale') as sales_count, coalesce(sum(m.amount_minor) filter (where m.what = 'sale'), 0) as sales_minor,
        count(m.id) filter (where m.what = 'refund') as refunds_count,
        coalesce(sum(case m.what when 'refund' then m.amount_minor when 'return' then -m.amount_minor end), 0) as refunds_minor
      from (values (1, 'cash'), (2, 'wallet'), (3, 'upi')) n (place, method) left join moved m on m.method = n.method
      group by n.place, n.method) x),
  taxed as (
    select v.vat_basis_points as rate, v.gross_minor as gross, v.vat_minor as vat from moved m, lateral order_vat(m.order_id) v where m.what = 'sale'
    union all
    select v.vat_basis_points, -v.gross_minor, -v.vat_minor from moved m, lateral refund_vat(m.id) v where m.what in ('refund', 'return')),
  vat as (
    select coalesce(jsonb_agg(jsonb_build_object('vat_basis_points', x.rate, 'gross_minor', x.gross, 'vat_minor', x.vat, 'net_minor', x.gross - x.vat) order by x.rate), '[]') as list
    from (select rate, sum(gross) as gross, sum(vat) as vat from taxed group by rate) x),
  numbers as (
    select (array_agg(o.order_number order by o.id))[1] as first, (array_agg(o.order_number order by o.id desc))[1] as last
    from moved m join orders o on o.id = m.order_id where m.what = 'sale')
  select jsonb_build_object('sales_count', t.sales_count, 'sales_minor', t.sales_minor, 'refunds_count', t.refunds_count, 'refunds_minor', t.refunds_minor,
    'disputes_minor', t.disputes_minor, 'net_minor', t.sales_minor - t.refunds_minor - t.disputes_minor, 'cash_elsewhere_minor', t.cash_elsewhere_minor,
    'methods', m.list, 'vat', v.list, 'first_order_number', n.first, 'last_order_number', n.last)
  from totals t, methods m, vat v, numbers n;
$$;

-- Where the report of this shift begins: for the terminal's own money, and for what happened at none.
create function shift_begins(s shifts, out own pg_snapshot, out cafe pg_snapshot) language sql stable as $$
  select coalesce((select z.seen from z_reports z where z.device_id = s.device_id order by z.number desc limit 1), s.opened_seeing),
    (select c.seen from z_report_counters c where c.cafe_id = s.cafe_id);
$$;

-- Closes a shift that the caller holds locked and found open, and gives its report.
create function close_shift(p_shift_id uuid, p_counted_cash_minor bigint, p_closed_by uuid) returns jsonb language plpgsql as $$
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

create type sale_outcome as (outcome text, details jsonb, body text);

-- To somebody without an account, for cash: ordered, paid and, unless the kitchen is to prepare it, handed over.
create function sell_for_cash(p_device_id uuid, p_cafe_id uuid, p_lines jsonb, p_special_instructions text, p_tendered_minor bigint, p_prepare boolean)
returns sale_outcome language plpgsql as $$
declare r sale_outcome; p place_outcome; o orders; v_tendered bigint; v_status text;
begin
  p := place_order(p_cafe_id, null, p_lines, 'pickup', 'cash', p_special_instructions, null, null, null, null);
  if p.outcome <> 'placed' then r.outcome := p.outcome; r.details := p.details; return r; end if;
  select * into o from orders where id = p.order_id;
  v_tendered := coalesce(p_tendered_minor, o.total_minor);
  if v_tendered < o.total_minor then
    raise exception 'tendered' using errcode = 'CPSAL', detail = jsonb_build_object('total_minor', o.total_minor)::text;
  end if;
  insert into counter_sales (order_id, device_id, tendered_minor) values (o.id, p_device_id, v_tendered);
  perform take_cash(o.id);
  if not p_prepare then
    foreach v_status in array array['preparing', 'ready', 'completed'] loop perform set_order_status(o.id, v_status, null, false); end loop;
  end if;
  select 'sold', json_build_object('order', order_json(x), 'cash_tendered_minor', v_tendered, 'change_minor', v_tendered - x.total_minor)::text
    into r.outcome, r.body from orders x where x.id = o.id;
  return r;
end $$;

-- To a student's card: ordered in the student's name, and the phone is asked to pay this very order.
create function sell_to_card(
  p_device_id uuid, p_cafe_id uuid, p_lines jsonb, p_special_instructions text, p_card_hash bytea, p_has_socket boolean,
  p_life_seconds integer, p_nonce text, p_match_code text, p_short_code text, p_max_refused integer, p_qr_url text
) returns sale_outcome language plpgsql as $$
declare r sale_outcome; p place_outcome; c open_outcome; v_student uuid;
begin
  select s.id into v_student from cards k join students s on s.id = k.student_id where k.uid_hash = p_card_hash and k.status = 'active' and s.is_active;
  if not found then r.outcome := 'card'; return r; end if;
  p := place_order(p_cafe_id, v_student, p_lines, 'pickup', 'wallet', p_special_instructions, null, null, null, null);
  if p.outcome <> 'placed' then r.outcome := p.outcome; r.details := p.details; return r; end if;
  insert into counter_sales (order_id, device_id) values (p.order_id, p_device_id);
  c := open_charge(gen_random_uuid(), p_device_id, p_card_hash, p.order_id, p_life_seconds, p_nonce, p_match_code, p_short_code, p_max_refused);
  if c.outcome <> 'opened' then
    raise exception '%', c.outcome using errcode = 'CPSAL', detail = jsonb_build_object('retry_after_seconds', c.retry_after_seconds)::text;
  end if;
  select 'sold', json_build_object('order', order_json(o), 'charge', json_build_object('id', c.charge_id, 'state', 'open', 'order_id', o.id,
      'order_number', o.order_number, 'amount_minor', c.amount_minor, 'currency', c.currency, 'expires_in', p_life_seconds, 'expires_at', json_time(c.expires_at),
      'student_label', c.student_label), 'match_code', p_match_code, 'short_code', p_short_code, 'qr_url', p_qr_url,
      'reachable', to_json(array_remove(array[case when p_has_socket then 'ws' end, case when c.has_push_token then 'push' end], null)))::text
    into r.outcome, r.body from orders o where o.id = p.order_id;
  return r;
end $$;

-- A sale and the answer that is remembered under its key, in one transaction, as app/platform/idempotency.ts does it: the key
-- is claimed first, and a refusal leaves no row of any kind. Cash moves money, so its key is kept for ever; a sale to a card
-- moves none by itself, and its answer tells of a student.
create function sell_once(
  p_principal text, p_route text, p_key text, p_body_hash bytea, p_device_id uuid, p_cafe_id uuid, p_lines jsonb, p_special_instructions text,
  p_tendered_minor bigint, p_prepare boolean, p_card_hash bytea, p_has_socket boolean, p_life_seconds integer, p_nonce text, p_match_code text,
  p_short_code text, p_max_refused integer, p_qr_url text
) returns sale_outcome language plpgsql as $$
declare r sale_outcome; a idempotency_answers; v_outcome text; v_details text;
begin
  if not pg_try_advisory_xact_lock(hashtextextended(p_principal || '|' || p_route || '|' || p_key, 0)) then r.outcome := 'busy'; return r; end if;
  select * into a from idempotency_answers where principal = p_principal and route = p_route and key = p_key;
  if found then
    r.outcome := case when a.body_hash = p_body_hash then 'stored' else 'mismatch' end;
    r.body := a.body;
    return r;
  end if;
  if exists (select from devices where id = p_device_id and revoked_at is not null) then r.outcome := 'device_revoked'; return r; end if;
  begin
    if p_card_hash is null then
      r := sell_for_cash(p_device_id, p_cafe_id, p_lines, p_special_instructions, p_tendered_minor, p_prepare);
    else
      r := sell_to_card(p_device_id, p_cafe_id, p_lines, p_special_instructions, p_card_hash, p_has_socket, p_life_seconds, p_nonce, p_match_code, p_short_code,
        p_max_refused, p_qr_url);
    end if;
  exception when sqlstate 'CPSAL' then
    get stacked diagnostics v_outcome = message_text, v_details = pg_exception_detail;
    r.outcome := v_outcome; r.details := v_details::jsonb; r.body := null;
  end;
  if r.outcome <> 'sold' then return r; end if;
  insert into idempotency_answers (principal, route, key, body_hash, status, body, expires_at)
    values (p_principal, p_route, p_key, p_body_hash, 201, r.body, case when p_card_hash is not null then now() + interval '24 hours' end);
  return r;
end $$;

-- Cash of a cash order, given back over the counter: the whole rest where no amount is told. The caller holds the order
-- locked. An empty row where so much is not left.
create function refund_cash(p_order_id uuid, p_amount_minor bigint, p_reason text, p_staff_id uuid) returns refunds language plpgsql as $$
declare o orders; f refunds; v_amount bigint; v_transaction uuid;
begin
  select * into o from orders where id = p_order_id;
  v_amount := coalesce(p_amount_minor, o.total_minor - o.refunded_minor);
  update orders set refunded_minor = refunded_minor + v_amount, updated_at = now(),
      payment_status = case when refunded_minor + v_amount = total_minor then 'refunded' else payment_status end
    where id = o.id and payment_method = 'cash' and payment_status = 'paid' and v_amount > 0 and refunded_minor + v_amount <= total_minor
    returning * into o;
  if not found then return f; end if;
  v_transaction := post_between('refund', account_of('cafe_payable', null, o.cafe_id, o.currency), account_of('cash', null, o.cafe_id, o.currency), v_amount, o.currency,
    o.id, o.paid_transaction_id);
  insert into refunds (order_id, amount_minor, reason, transaction_id, requested_by) values (o.id, v_amount, p_reason, v_transaction, p_staff_id) returning * into f;
  perform emit_event(array_remove(array['order:' || o.id, 'cafe:' || o.cafe_id, 'student:' || o.student_id], null), 'refunded',
    jsonb_build_object('order_id', o.id, 'refund_id', f.id, 'amount_minor', v_amount, 'refunded_minor', o.refunded_minor, 'currency', o.currency,
      'payment_status', o.payment_status));
  return f;
end $$;

grant select, insert on counter_sales, counter_refunds, z_reports to campus_app;
grant select, insert, update on shifts, z_report_counters to campus_app;
