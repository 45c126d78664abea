create type confirm_outcome as (
  outcome text, state text, order_id uuid, receipt_id uuid, payload text, key_id text, paid_at timestamptz,
  balance_minor bigint, needed_minor bigint, limit_minor bigint, spent_minor bigint, digest text, amount_minor bigint, replayed boolean,
  prompted_at timestamptz, prompted_by text
);

-- The student's yes: all that can forbid the debit is decided here, under the locks, by the database's clock. Asking
-- again is safe at any time: whoever asks with the same proof gets the stored receipt.
create or replace function confirm_charge(
  p_charge_id uuid, p_student_id uuid, p_digest text, p_number text, p_key_id uuid, p_region text, p_epoch integer, p_receipt_key_id text, p_time_zone text
) returns confirm_outcome language plpgsql as $$
declare
  r confirm_outcome; c record; w record; v_now timestamptz; v_day date; v_account uuid; v_transaction uuid; v_receipt uuid; v_guard text; v_forbidden text;
begin
  select x.id, x.order_id, x.cafe_id, x.device_id, x.card_id, x.state, x.amount_minor, x.currency, x.order_version, x.digest, x.match_code, x.number_match_required,
      x.wrong_numbers, x.expires_at, x.ended_at, x.prompted_at, x.prompted_by,
      o.status as order_status, o.payment_status, o.version, o.total_minor, o.currency as order_currency, o.order_number, s.requires_signature
    into c
    from charges x join orders o on o.id = x.order_id join students s on s.id = x.student_id
    where x.id = p_charge_id and x.student_id = p_student_id
    for update of o, x; -- the locks' order
  if not found then r.outcome := 'not_found'; return r; end if;
  v_now := clock_timestamp();
  r.state := c.state; r.order_id := c.order_id; r.digest := c.digest; r.amount_minor := c.amount_minor; r.replayed := false; r.prompted_at := c.prompted_at; r.prompted_by := c.prompted_by;

  if c.requires_signature
     and not exists (select 1 from confirm_keys where id = p_key_id and student_id = p_student_id and revoked_at is null) then
    r.outcome := 'signature'; return r;
  end if;
  if c.state = 'confirmed' and c.digest = p_digest then
    select 'paid', t.id, t.payload, t.key_id, c.ended_at, x.wallet_balance_after_minor, true
      into r.outcome, r.receipt_id, r.payload, r.key_id, r.paid_at, r.balance_minor, r.replayed
      from receipts t join ledger_transactions x on x.id = t.transaction_id where t.charge_id = c.id;
    return r;
  end if;
  if c.state <> 'confirmed' and c.order_status = 'cancelled' then
    perform end_charge(c.id, 'voided', 'order cancelled');
    r.outcome := 'order_cancelled'; return r;
  end if;
  if c.state <> 'open' then r.outcome := 'ended'; return r; end if;
  if c.expires_at <= v_now then
    perform end_charge(c.id, 'expired', 'time');
    r.outcome := 'ended'; r.state := 'expired'; return r;
  end if;
  if c.payment_status <> 'pending' then
    perform end_charge(c.id, 'voided', 'order already paid');
    r.outcome := 'ended'; r.state := 'voided'; return r;
  end if;
  if c.version <> c.order_version or c.total_minor <> c.amount_minor or c.order_currency <> c.currency then
    update charges set order_version = c.version, amount_minor = c.total_minor, currency = c.order_currency, nonce = replace(gen_random_uuid()::text, '-', '') where id = c.id;
    update charges x set digest = digest_of(x) where id = c.id returning digest, amount_minor into r.digest, r.amount_minor;
    r.outcome := 'changed'; return r;
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

  -- Assignments, and not one query: PL/pgSQL then starts no executor for them.
  v_guard := pg_advisory_xact_lock_shared(guard_key('card', c.card_id));
  v_guard := pg_advisory_xact_lock_shared(guard_key('device', c.device_id));
  v_guard := pg_advisory_xact_lock_shared(guard_key('cafe', c.cafe_id));
  select case when f.status <> 'approved' then 'cafe' when d.revoked_at is not null then 'device' when k.status <> 'active' then 'card' end, a.id
    into v_forbidden, v_account
    from cafes f join devices d on d.id = c.device_id join cards k on k.id = c.card_id
      left join accounts a on a.cafe_id = f.id and a.kind = 'cafe_payable' and a.currency = c.currency
    where f.id = c.cafe_id;
  if v_forbidden = 'cafe' then r.outcome := 'cafe_closed'; return r; end if;
  if v_forbidden is not null then
    perform end_charge(c.id, 'voided', v_forbidden || ' not accepted any more');
    r.outcome := 'ended'; r.state := 'voided'; return r;
  end if;

  v_day := (v_now at time zone p_time_zone)::date;
  update wallets set balance_minor = balance_minor - c.amount_minor, last_seq = last_seq + 1,
      spent_minor = case when spent_day = v_day then spent_minor else 0 end + c.amount_minor, spent_day = v_day, updated_at = now()
    where student_id = p_student_id and status = 'active' and currency = c.currency and balance_minor - held_minor >= c.amount_minor
      and (daily_limit_minor is null or case when spent_day = v_day then spent_minor else 0 end + c.amount_minor <= daily_limit_minor)
    returning account_id, last_seq, balance_minor into w;
  if not found then
    select balance_minor - held_minor as balance_minor, daily_limit_minor, spent_minor, spent_day, status into w from wallets where student_id = p_student_id and currency = c.currency;
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
    returning id into v_transaction;
  -- When the wallet was locked, and not when the transaction began: no receipt lies in a time in which the wallet was frozen.
  r.paid_at := v_now;
  update orders set payment_status = 'paid', paid_transaction_id = v_transaction, paid_at = r.paid_at, updated_at = now()
    where id = c.order_id and payment_status = 'pending' and version = c.order_version;
  if not found then raise exception 'the order % changed under its own lock', c.order_id; end if;
  update charges set state = 'confirmed', ended_at = v_now, transaction_id = v_transaction where id = c.id and state = 'open';
  if not found then raise exception 'the charge % changed under its own lock', c.id; end if;

  v_receipt := uuidv7();
  r.outcome := 'paid'; r.state := 'confirmed'; r.receipt_id := v_receipt; r.balance_minor := w.balance_minor;
  r.payload := json_build_object('version', 1, 'receipt_id', v_receipt, 'transaction_id', v_transaction, 'charge_id', c.id, 'order_id', c.order_id,
    'order_number', c.order_number, 'cafe_id', c.cafe_id, 'student_id', p_student_id, 'amount_minor', c.amount_minor, 'currency', c.currency,
    'paid_at', to_char(r.paid_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'region', p_region, 'epoch', p_epoch)::text;
  r.key_id := p_receipt_key_id;
  insert into receipts (id, transaction_id, charge_id, order_id, student_id, payload, key_id)
    values (v_receipt, v_transaction, c.id, c.order_id, p_student_id, r.payload, r.key_id);
  insert into events (channels, event, data) values
    (array['student:' || p_student_id, 'device:' || c.device_id], 'charge_ended',
      jsonb_build_object('charge_id', c.id, 'order_id', c.order_id, 'state', 'confirmed', 'receipt_id', v_receipt)),
    (array['order:' || c.order_id, 'cafe:' || c.cafe_id, 'student:' || p_student_id], 'order_paid',
      jsonb_build_object('order_id', c.order_id, 'order_number', c.order_number, 'payment_status', 'paid', 'amount_minor', c.amount_minor));
  insert into outbox (topic, payload) values ('order.paid', jsonb_build_object('transaction_id', v_transaction, 'order_id', c.order_id, 'cafe_id', c.cafe_id,
    'amount_minor', c.amount_minor, 'currency', c.currency, 'receipt_id', v_receipt, 'at', r.paid_at));
  return r;
end $$;
