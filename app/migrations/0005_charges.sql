-- Why: scan, confirm, debit. Each step that decides about money is one function, so that it is one round trip and one
-- transaction (measured: two to three times the rate of the same statements sent one by one).
-- Lock order, kept everywhere: order, charge, wallet.

create table charges (
  id uuid primary key default uuidv7(),
  order_id uuid not null references orders (id),
  -- Copied by open_charge from rows that it has just read and that are never deleted. Foreign keys would lock the café's
  -- and the terminal's row for every scan; I6 compares all four with the order, the terminal and the card.
  cafe_id uuid not null,
  device_id uuid not null,
  student_id uuid not null,
  card_id uuid not null,
  state text not null default 'open' check (state in ('open', 'confirmed', 'declined', 'expired', 'voided', 'superseded')),
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  order_version integer not null,
  nonce text not null,
  digest text not null,
  digest_version smallint not null default 1,
  match_code text not null check (match_code ~ '^[0-9]{2}$'),
  number_match_required boolean not null,
  wrong_numbers smallint not null default 0,
  short_code text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  ended_because text,
  transaction_id uuid unique,
  -- When and how the request first reached the phone: push, ws or poll.
  prompted_at timestamptz,
  prompted_by text check (prompted_by in ('push', 'ws', 'poll')),
  check ((state = 'open') = (ended_at is null)),
  check ((state = 'confirmed') = (transaction_id is not null))
) with (fillfactor = 70);
create unique index charges_one_open on charges (order_id) where state = 'open';
create index charges_open_student on charges (student_id) where state = 'open';
create index charges_open_card on charges (card_id) where state = 'open';
create index charges_open_expiry on charges (expires_at) where state = 'open';
create index charges_refused on charges (student_id, ended_at) where state in ('declined', 'expired');
alter table charges set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

-- The POS makes a scan's id before it sends it: the same id is the same wish, for ever.
create table scans (
  device_id uuid not null,
  scan_id uuid not null,
  card_id uuid not null,
  charge_id uuid not null,
  at timestamptz not null default now(),
  primary key (device_id, scan_id)
);

-- One a charge, and a charge has one transaction. The payload is written with the debit. The signature is added once (ECDSA gives another one each time).
create table receipts (
  id uuid primary key,
  transaction_id uuid not null,
  charge_id uuid not null unique,
  order_id uuid not null,
  student_id uuid not null,
  payload text not null,
  jws text,
  created_at timestamptz not null default now()
) with (fillfactor = 50);

-- When something began or ceased to be allowed to take part, so that "not at that moment" can be checked afterwards.
create table status_changes (
  id bigint generated always as identity primary key,
  object_kind text not null check (object_kind in ('wallet', 'card', 'device', 'cafe')),
  object_id uuid not null,
  allowed boolean not null,
  at timestamptz not null
);
create index status_changes_object on status_changes (object_kind, object_id, at);

create function emit_event(p_channels text[], p_event text, p_data jsonb) returns void language sql as $$
  insert into events (channels, event, data) values (p_channels, p_event, p_data);
$$;

-- Whoever forbids a card, device or café takes this lock alone; a debit shares it. Nothing is written for it, and a
-- row lock on a busy café's row would be its hot row again.
create function guard_key(p_kind text, p_id uuid) returns bigint language sql immutable as $$
  select hashtextextended(p_kind || p_id::text, 7);
$$;

create function record_status(p_kind text, p_id uuid, p_allowed boolean) returns void language sql as $$
  insert into status_changes (object_kind, object_id, allowed, at) values (p_kind, p_id, p_allowed, clock_timestamp());
$$;

-- Stable and not immutable, as concat_ws is, and parallel safe: so it is inlined where the ledger check asks it for every charge.
create function digest_of(p_charge charges) returns text language sql stable parallel safe as $$
  select rtrim(translate(encode(sha256(convert_to(concat_ws(E'\n', p_charge.digest_version, p_charge.id, p_charge.order_id, p_charge.order_version,
    p_charge.cafe_id, p_charge.device_id, p_charge.amount_minor, p_charge.currency, p_charge.nonce,
    (extract(epoch from p_charge.expires_at) * 1000)::bigint), 'UTF8')), 'base64'), '+/', '-_'), '=');
$$;

-- Ends an open charge. False where somebody else was first. An expiry counts only once the database's clock says so.
create function end_charge(p_charge_id uuid, p_state text, p_because text) returns boolean language plpgsql as $$
declare c charges;
begin
  update charges set state = p_state, ended_at = clock_timestamp(), ended_because = p_because
    where id = p_charge_id and state = 'open' and (p_state <> 'expired' or expires_at <= clock_timestamp())
    returning * into c;
  if not found then return false; end if;
  perform emit_event(array['student:' || c.student_id, 'device:' || c.device_id], 'charge_ended',
    jsonb_build_object('charge_id', c.id, 'order_id', c.order_id, 'state', c.state, 'because', c.ended_because));
  return true;
end $$;

create type open_outcome as (outcome text, charge_id uuid, retry_after_seconds integer, orders jsonb);

-- A scanned card: finds the student's unpaid wallet order at the device's café and opens the charge for it.
create function open_charge(
  p_scan_id uuid, p_device_id uuid, p_card_hash bytea, p_order_id uuid, p_life_seconds integer,
  p_nonce text, p_match_code text, p_short_code text, p_max_refused integer
) returns open_outcome language plpgsql as $$
declare
  r open_outcome; d devices; k cards; f cafes; o orders; old charges; c charges; s scans; v_now timestamptz; v_found integer; v_refused integer; v_since timestamptz;
begin
  select * into d from devices where id = p_device_id;
  if not found or d.revoked_at is not null then r.outcome := 'device_revoked'; return r; end if;
  select * into k from cards where uid_hash = p_card_hash;
  select * into s from scans where device_id = p_device_id and scan_id = p_scan_id;
  if found then
    r.outcome := case when k.id is distinct from s.card_id then 'mismatch' else 'same' end;
    r.charge_id := s.charge_id;
    return r;
  end if;
  if k.id is null or k.status <> 'active' or not exists (select 1 from students where id = k.student_id and is_active) then
    r.outcome := 'card'; return r;
  end if;
  select * into f from cafes where id = d.cafe_id;
  if f.status <> 'approved' then r.outcome := 'closed'; return r; end if;

  if p_order_id is null then
    select count(*), min(id::text)::uuid into v_found, p_order_id from orders
      where student_id = k.student_id and cafe_id = d.cafe_id and payment_method = 'wallet' and payment_status = 'pending' and status not in ('completed', 'cancelled');
    if v_found > 1 then
      r.outcome := 'choice';
      select jsonb_agg(jsonb_build_object('id', x.id, 'order_number', x.order_number, 'amount_minor', x.total_minor, 'currency', x.currency) order by x.id)
        into r.orders from (select * from orders
          where student_id = k.student_id and cafe_id = d.cafe_id and payment_method = 'wallet' and payment_status = 'pending' and status not in ('completed', 'cancelled')
          order by id limit 20) x;
      return r;
    end if;
  end if;
  select * into o from orders
    where id = p_order_id and student_id = k.student_id and cafe_id = d.cafe_id and payment_method = 'wallet' and payment_status = 'pending' and status not in ('completed', 'cancelled')
    for update;
  if not found then r.outcome := 'no_order'; return r; end if;

  v_now := clock_timestamp();
  select * into old from charges where order_id = o.id and state = 'open' for update;
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
    p_match_code, f.number_match_required, 0, p_short_code, v_now, date_trunc('milliseconds', v_now + make_interval(secs => p_life_seconds)),
    null, null, null, null, null);
  c.digest := digest_of(c);
  insert into charges select c.*;
  insert into scans (device_id, scan_id, card_id, charge_id) values (p_device_id, p_scan_id, k.id, c.id);
  perform emit_event(array['student:' || c.student_id], 'charge_opened',
    jsonb_build_object('charge_id', c.id, 'order_id', o.id, 'order_number', o.order_number, 'amount_minor', c.amount_minor, 'currency', c.currency, 'cafe_name', f.name, 'expires_at', c.expires_at));
  insert into outbox (topic, payload) values ('push.charge', jsonb_build_object('charge_id', c.id, 'student_id', c.student_id));
  r.outcome := 'opened'; r.charge_id := c.id;
  return r;
end $$;

create type confirm_outcome as (
  outcome text, state text, order_id uuid, receipt_id uuid, payload text, jws text, paid_at timestamptz,
  balance_minor bigint, needed_minor bigint, limit_minor bigint, spent_minor bigint, digest text, amount_minor bigint, replayed boolean,
  prompted_at timestamptz, prompted_by text
);

-- The student's yes: all that can forbid the debit is decided here, under the locks, by the database's clock. Asking
-- again is safe at any time: whoever asks with the same proof gets the stored receipt.
create function confirm_charge(
  p_charge_id uuid, p_student_id uuid, p_digest text, p_number text, p_key_id uuid, p_region text, p_epoch integer
) returns confirm_outcome language plpgsql as $$
declare
  r confirm_outcome; c charges; o orders; w wallets; v_now timestamptz; v_zone text; v_day date; v_account uuid; v_transaction uuid; v_receipt uuid; v_forbidden text;
begin
  select order_id into c.order_id from charges where id = p_charge_id and student_id = p_student_id;
  if not found then r.outcome := 'not_found'; return r; end if;
  select * into o from orders where id = c.order_id for update;
  select * into c from charges where id = p_charge_id for update;
  v_now := clock_timestamp();
  r.state := c.state; r.order_id := c.order_id; r.digest := c.digest; r.amount_minor := c.amount_minor; r.replayed := false; r.prompted_at := c.prompted_at; r.prompted_by := c.prompted_by;

  if (select requires_signature from students where id = p_student_id)
     and not exists (select 1 from confirm_keys where id = p_key_id and student_id = p_student_id and revoked_at is null) then
    r.outcome := 'signature'; return r;
  end if;
  if c.state = 'confirmed' and c.digest = p_digest then
    select 'paid', t.id, t.payload, t.jws, x.at, x.wallet_balance_after_minor, true
      into r.outcome, r.receipt_id, r.payload, r.jws, r.paid_at, r.balance_minor, r.replayed
      from receipts t join ledger_transactions x on x.id = t.transaction_id where t.charge_id = c.id;
    return r;
  end if;
  if c.state <> 'confirmed' and o.status = 'cancelled' then
    perform end_charge(c.id, 'voided', 'order cancelled');
    r.outcome := 'order_cancelled'; return r;
  end if;
  if c.state <> 'open' then r.outcome := 'ended'; return r; end if;
  if c.expires_at <= v_now then
    perform end_charge(c.id, 'expired', 'time');
    r.outcome := 'ended'; r.state := 'expired'; return r;
  end if;
  if o.payment_status <> 'pending' then
    perform end_charge(c.id, 'voided', 'order already paid');
    r.outcome := 'ended'; r.state := 'voided'; return r;
  end if;
  if o.version <> c.order_version or o.total_minor <> c.amount_minor or o.currency <> c.currency then
    c.order_version := o.version; c.amount_minor := o.total_minor; c.currency := o.currency;
    c.nonce := replace(gen_random_uuid()::text, '-', '');
    c.digest := digest_of(c);
    update charges set order_version = c.order_version, amount_minor = c.amount_minor, currency = c.currency, nonce = c.nonce, digest = c.digest where id = c.id;
    r.outcome := 'changed'; r.digest := c.digest; r.amount_minor := c.amount_minor; return r;
  end if;
  if c.digest <> p_digest then r.outcome := 'changed'; return r; end if;
  if c.number_match_required and p_number is distinct from c.match_code then
    r.outcome := 'number';
    if p_number is not null then
      update charges set wrong_numbers = wrong_numbers + 1 where id = c.id;
      if c.wrong_numbers + 1 >= 3 then
        perform end_charge(c.id, 'declined', 'three wrong numbers');
        r.state := 'declined';
      end if;
    end if;
    return r;
  end if;

  perform pg_advisory_xact_lock_shared(guard_key(g.kind, g.id)) from (values ('card', c.card_id), ('device', c.device_id), ('cafe', c.cafe_id)) g (kind, id);
  select case when f.status <> 'approved' then 'cafe' when d.revoked_at is not null then 'device' when k.status <> 'active' then 'card' end, f.time_zone, a.id
    into v_forbidden, v_zone, v_account
    from cafes f join devices d on d.id = c.device_id join cards k on k.id = c.card_id
      left join accounts a on a.cafe_id = f.id and a.kind = 'cafe_payable' and a.currency = c.currency
    where f.id = c.cafe_id;
  if v_forbidden = 'cafe' then r.outcome := 'cafe_closed'; return r; end if;
  if v_forbidden is not null then
    perform end_charge(c.id, 'voided', v_forbidden || ' not accepted any more');
    r.outcome := 'ended'; r.state := 'voided'; return r;
  end if;

  v_day := (v_now at time zone v_zone)::date;
  update wallets set balance_minor = balance_minor - c.amount_minor, last_seq = last_seq + 1,
      spent_minor = case when spent_day = v_day then spent_minor else 0 end + c.amount_minor, spent_day = v_day, updated_at = now()
    where student_id = p_student_id and status = 'active' and currency = c.currency and balance_minor >= c.amount_minor
      and (daily_limit_minor is null or case when spent_day = v_day then spent_minor else 0 end + c.amount_minor <= daily_limit_minor)
    returning * into w;
  if not found then
    select * into w from wallets where student_id = p_student_id and currency = c.currency;
    r.balance_minor := coalesce(w.balance_minor, 0); r.needed_minor := c.amount_minor;
    r.limit_minor := w.daily_limit_minor; r.spent_minor := case when w.spent_day = v_day then w.spent_minor else 0 end;
    r.outcome := case when w.status in ('frozen', 'closed') then 'frozen' when r.balance_minor < c.amount_minor then 'insufficient' else 'limit' end;
    return r;
  end if;

  -- After the wallet's lock: a wait for it may have passed the expiry.
  v_now := clock_timestamp();
  if c.expires_at <= v_now then raise exception 'expired while waiting for the wallet' using errcode = 'CP410'; end if;
  insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency, order_id, charge_id,
      wallet_student_id, wallet_seq, wallet_balance_after_minor)
    values ('debit', w.account_id, coalesce(v_account, account_of('cafe_payable', null, c.cafe_id, c.currency)), c.amount_minor, c.currency, c.order_id, c.id,
      p_student_id, w.last_seq, w.balance_minor)
    returning id, at into v_transaction, r.paid_at;
  update orders set payment_status = 'paid', paid_transaction_id = v_transaction, paid_at = r.paid_at, updated_at = now()
    where id = c.order_id and payment_status = 'pending' and version = c.order_version;
  if not found then raise exception 'the order % changed under its own lock', c.order_id; end if;
  update charges set state = 'confirmed', ended_at = v_now, transaction_id = v_transaction where id = c.id and state = 'open';
  if not found then raise exception 'the charge % changed under its own lock', c.id; end if;

  v_receipt := uuidv7();
  r.outcome := 'paid'; r.state := 'confirmed'; r.receipt_id := v_receipt; r.balance_minor := w.balance_minor;
  r.payload := json_build_object('version', 1, 'receipt_id', v_receipt, 'transaction_id', v_transaction, 'charge_id', c.id, 'order_id', c.order_id,
    'order_number', o.order_number, 'cafe_id', c.cafe_id, 'student_id', p_student_id, 'amount_minor', c.amount_minor, 'currency', c.currency,
    'paid_at', to_char(r.paid_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'region', p_region, 'epoch', p_epoch)::text;
  insert into receipts (id, transaction_id, charge_id, order_id, student_id, payload) values (v_receipt, v_transaction, c.id, c.order_id, p_student_id, r.payload);
  insert into events (channels, event, data) values
    (array['student:' || p_student_id, 'device:' || c.device_id], 'charge_ended',
      jsonb_build_object('charge_id', c.id, 'order_id', c.order_id, 'state', 'confirmed', 'receipt_id', v_receipt)),
    (array['order:' || c.order_id, 'cafe:' || c.cafe_id, 'student:' || p_student_id], 'order_paid',
      jsonb_build_object('order_id', c.order_id, 'order_number', o.order_number, 'payment_status', 'paid', 'amount_minor', c.amount_minor));
  insert into outbox (topic, payload) values ('order.paid', jsonb_build_object('transaction_id', v_transaction, 'order_id', c.order_id, 'cafe_id', c.cafe_id,
    'amount_minor', c.amount_minor, 'currency', c.currency, 'receipt_id', v_receipt, 'at', r.paid_at));
  return r;
end $$;

create index accounts_cafe on accounts (cafe_id, kind) where cafe_id is not null;
create index accounts_student on accounts (student_id, kind) where student_id is not null;

grant select, insert, update on charges to campus_app;
grant select, insert on scans, status_changes to campus_app;
grant select, insert on receipts to campus_app;
grant update (jws) on receipts to campus_app;
