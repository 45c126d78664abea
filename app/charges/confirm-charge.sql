create type confirm_outcome as (
  outcome text, state text, order_id uuid, receipt_id uuid, payload text, key_id text, paid_at timestamptz,
  balance_minor bigint, needed_minor bigint, limit_minor bigint, spent_minor bigint, digest text, amount_minor bigint, replayed boolean,
  prompted_at timestamptz, prompted_by text
);

-- The student's yes: all that can forbid the debit is decided here, under the locks, by the database's clock. Asking
-- again is safe at any time: whoever asks with the same proof gets the stored receipt.
-- Locks, in the order that is kept everywhere: 1 the order, 2 its charge, 3 the guards of card, device, café and student, 4 the wallet.
-- What can refuse stands in what_refuses() and parties_to_debit() below, and in the conditions of the debit itself; what is refused is answered
-- by confirm_without_debit(), which a debit that is allowed never enters. What it leaves behind, book_debit() writes.
create or replace function confirm_charge(
  p_charge_id uuid, p_student_id uuid, p_digest text, p_number text, p_key_id uuid, p_region text, p_epoch integer,
  p_receipt_key_id text, p_time_zone text
) returns confirm_outcome language plpgsql security definer set search_path = public, pg_temp as $$
declare
  result confirm_outcome;
  context record;
  parties record;
  wallet record;
  v_now timestamptz;
  v_is_signed boolean := true;
  v_refusal text;
  v_guard text;
  v_day date;
begin
  -- 1 and 2: read as they are once nobody else can change them.
  select c.id, c.order_id, c.student_id, c.cafe_id, c.device_id, c.card_id, c.state, c.expires_at, c.prompted_at, c.prompted_by,
      c.amount_minor, c.currency, c.order_version, c.digest, c.number_match_required, c.match_code,
      o.status as order_status, o.payment_status, o.order_number,
      o.total_minor as order_total_minor, o.currency as order_currency, o.version as version_now,
      s.requires_signature
    into context
    from charges c join orders o on o.id = c.order_id join students s on s.id = c.student_id
    where c.id = p_charge_id and c.student_id = p_student_id
    for update of o, c;
  if not found then
    result.outcome := 'not_found';
    return result;
  end if;
  v_now := clock_timestamp();
  if context.requires_signature then
    v_is_signed := exists (select from confirm_keys where id = p_key_id and student_id = p_student_id and revoked_at is null);
  end if;

  v_refusal := what_refuses(context, p_digest, p_number, v_is_signed, v_now);
  if v_refusal is not null then return confirm_without_debit(p_charge_id, v_refusal, p_number, null); end if;

  -- 3: whoever forbids one of the four waits for this debit, or this debit sees it. Assignments and not one query:
  -- PL/pgSQL then starts no executor for them.
  v_guard := pg_advisory_xact_lock_shared(guard_key('card', context.card_id));
  v_guard := pg_advisory_xact_lock_shared(guard_key('device', context.device_id));
  v_guard := pg_advisory_xact_lock_shared(guard_key('cafe', context.cafe_id));
  v_guard := pg_advisory_xact_lock_shared(guard_key('student', p_student_id));
  select payable_id, refusal into parties
    from parties_to_debit(context.cafe_id, context.device_id, context.card_id, p_student_id, context.currency);
  if parties.refusal is not null then return confirm_without_debit(p_charge_id, parties.refusal, p_number, null); end if;

  -- 4: the debit. Its conditions stand in the write.
  v_day := (v_now at time zone p_time_zone)::date;
  update wallets set
      balance_minor = balance_minor - context.amount_minor,
      last_seq = last_seq + 1,
      spent_minor = case when spent_day = v_day then spent_minor else 0 end + context.amount_minor,
      spent_day = v_day,
      updated_at = now()
    where student_id = p_student_id
      and status = 'active'
      and currency = context.currency
      and balance_minor - held_minor >= context.amount_minor
      and (daily_limit_minor is null or case when spent_day = v_day then spent_minor else 0 end + context.amount_minor <= daily_limit_minor)
    returning account_id, last_seq, balance_minor into wallet;
  if not found then return confirm_without_debit(p_charge_id, 'wallet', p_number, v_day); end if;

  -- After the wallet's lock: a wait for it may have passed the expiry. This is also when it was paid, and not when the transaction began:
  -- no receipt lies in a time in which the wallet was frozen.
  v_now := clock_timestamp();
  if context.expires_at <= v_now then raise exception 'expired while waiting for the wallet' using errcode = 'CP410'; end if;
  return book_debit(context, wallet, coalesce(parties.payable_id, account_of('cafe_payable', null, context.cafe_id, context.currency)),
    v_now, p_region, p_epoch, p_receipt_key_id);
end $$;

-- What of the student's word, the charge and its order refuses the debit, as they are under their locks; null where nothing does.
create or replace function what_refuses(context record, p_digest text, p_number text, p_is_signed boolean, p_now timestamptz)
returns text language plpgsql as $$
begin
  return case
    when not p_is_signed then 'signature'
    when context.state = 'confirmed' and context.digest = p_digest then 'paid'
    when context.state <> 'confirmed' and context.order_status = 'cancelled' then 'order_cancelled'
    when context.state <> 'open' then 'ended'
    when context.expires_at <= p_now then 'expired'
    when context.payment_status <> 'pending' then 'order_paid'
    when context.version_now <> context.order_version
      or context.order_total_minor <> context.amount_minor
      or context.order_currency <> context.currency then 'order_changed'
    when context.digest <> p_digest then 'changed'
    when context.number_match_required and p_number is distinct from context.match_code then 'number'
  end;
end $$;

-- The café's account, and who of the four may not any more; stable, so it is inlined and costs no call. The caller shares their guards.
create or replace function parties_to_debit(p_cafe_id uuid, p_device_id uuid, p_card_id uuid, p_student_id uuid, p_currency text)
returns table (payable_id uuid, refusal text) language sql stable as $$
  select a.id, case
      when f.status <> 'approved' then 'cafe_closed'
      when d.revoked_at is not null then 'device'
      when k.status <> 'active' then 'card'
      when not s.is_active then 'student'
    end
    from cafes f join devices d on d.id = p_device_id join cards k on k.id = p_card_id join students s on s.id = p_student_id
      left join accounts a on a.cafe_id = f.id and a.kind = 'cafe_payable' and a.currency = p_currency
    where f.id = p_cafe_id;
$$;

-- What a debit leaves in the books, and all that tells of it: the ledger's row, the order that is paid, the charge that is confirmed, the
-- receipt, the events of those who watch, one row for the worker. Where order or charge are not as they were found, nothing stays.
create or replace function book_debit(context record, wallet record, p_cafe_account_id uuid, p_paid_at timestamptz, p_region text, p_epoch integer, p_receipt_key_id text)
returns confirm_outcome language plpgsql as $$
declare
  result confirm_outcome;
  v_transaction uuid;
begin
  insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency, order_id, charge_id,
      wallet_student_id, wallet_seq, wallet_balance_after_minor)
    values ('debit', wallet.account_id, p_cafe_account_id, context.amount_minor, context.currency, context.order_id, context.id,
      context.student_id, wallet.last_seq, wallet.balance_minor)
    returning id into v_transaction;
  result.paid_at := p_paid_at;
  update orders set payment_status = 'paid', paid_transaction_id = v_transaction, paid_at = result.paid_at, updated_at = now()
    where id = context.order_id and payment_status = 'pending' and version = context.order_version;
  if not found then raise exception 'the order % changed under its own lock', context.order_id; end if;
  update charges set state = 'confirmed', ended_at = p_paid_at, transaction_id = v_transaction
    where id = context.id and state = 'open';
  if not found then raise exception 'the charge % changed under its own lock', context.id; end if;

  result.outcome := 'paid';
  result.state := 'confirmed';
  result.replayed := false;
  result.order_id := context.order_id;
  result.digest := context.digest;
  result.amount_minor := context.amount_minor;
  result.balance_minor := wallet.balance_minor;
  result.prompted_at := context.prompted_at;
  result.prompted_by := context.prompted_by;
  result.receipt_id := uuidv7();
  result.payload := json_build_object(
    'version', 1,
    'receipt_id', result.receipt_id,
    'transaction_id', v_transaction,
    'charge_id', context.id,
    'order_id', context.order_id,
    'order_number', context.order_number,
    'cafe_id', context.cafe_id,
    'student_id', context.student_id,
    'amount_minor', context.amount_minor,
    'currency', context.currency,
    'paid_at', to_char(result.paid_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'region', p_region,
    'epoch', p_epoch)::text;
  result.key_id := p_receipt_key_id;
  insert into receipts (id, transaction_id, charge_id, order_id, student_id, payload, key_id)
    values (result.receipt_id, v_transaction, context.id, context.order_id, context.student_id, result.payload, result.key_id);
  insert into events (channels, event, data) values
    (array['student:' || context.student_id, 'device:' || context.device_id], 'charge_ended',
      jsonb_build_object('charge_id', context.id, 'order_id', context.order_id, 'state', 'confirmed', 'receipt_id', result.receipt_id)),
    (array['order:' || context.order_id, 'cafe:' || context.cafe_id, 'student:' || context.student_id], 'order_paid',
      jsonb_build_object('order_id', context.order_id, 'order_number', context.order_number, 'payment_status', 'paid', 'amount_minor', context.amount_minor));
  insert into outbox (topic, payload) values ('order.paid', jsonb_build_object(
    'transaction_id', v_transaction,
    'order_id', context.order_id,
    'cafe_id', context.cafe_id,
    'amount_minor', context.amount_minor,
    'currency', context.currency,
    'receipt_id', result.receipt_id,
    'at', result.paid_at));
  return result;
end $$;

-- What a confirm leaves and answers that debits nothing. The caller holds the order and the charge locked; p_day is the student's,
-- for the wallet's limit.
create or replace function confirm_without_debit(p_charge_id uuid, p_refusal text, p_number text, p_day date) returns confirm_outcome language plpgsql as $$
declare
  result confirm_outcome;
  charge charges;
begin
  case p_refusal
    when 'order_cancelled' then perform end_charge(p_charge_id, 'voided', 'order cancelled');
    when 'order_paid' then perform end_charge(p_charge_id, 'voided', 'order already paid');
    when 'device', 'card', 'student' then perform end_charge(p_charge_id, 'voided', p_refusal || ' not accepted any more');
    when 'expired' then perform end_charge(p_charge_id, 'expired', 'time');
    when 'order_changed' then perform ask_anew(p_charge_id);
    when 'number' then perform count_wrong_number(p_charge_id) where p_number is not null;
    else null;
  end case;
  select * into charge from charges where id = p_charge_id;
  result.outcome := case
    when p_refusal in ('order_paid', 'device', 'card', 'student', 'expired') then 'ended'
    when p_refusal = 'order_changed' then 'changed'
    else p_refusal
  end;
  result.state := charge.state;
  result.order_id := charge.order_id;
  result.digest := charge.digest;
  result.amount_minor := charge.amount_minor;
  result.prompted_at := charge.prompted_at;
  result.prompted_by := charge.prompted_by;
  result.replayed := p_refusal = 'paid';
  if p_refusal = 'paid' then
    select r.id, r.payload, r.key_id, charge.ended_at, t.wallet_balance_after_minor
      into result.receipt_id, result.payload, result.key_id, result.paid_at, result.balance_minor
      from receipts r join ledger_transactions t on t.id = r.transaction_id where r.charge_id = charge.id;
  elsif p_refusal = 'wallet' then
    select coalesce(balance_minor - held_minor, 0), charge.amount_minor, daily_limit_minor, case when spent_day = p_day then spent_minor else 0 end, case
          when status in ('frozen', 'closed') then 'frozen'
          when coalesce(balance_minor - held_minor, 0) < charge.amount_minor then 'insufficient'
          when case when spent_day = p_day then spent_minor else 0 end + charge.amount_minor > daily_limit_minor then 'limit'
          -- The money came in since the debit looked: it was not there, and the next try finds it.
          else 'insufficient'
        end
      into result.balance_minor, result.needed_minor, result.limit_minor, result.spent_minor, result.outcome
      from (values (1)) one (row) left join wallets on student_id = charge.student_id and currency = charge.currency;
  end if;
  return result;
end $$;

-- The order has changed since: another amount is another question, so the old yes answers nothing.
create or replace function ask_anew(p_charge_id uuid) returns void language plpgsql as $$
begin
  update charges c set
      order_version = o.version,
      amount_minor = o.total_minor,
      currency = o.currency,
      nonce = replace(gen_random_uuid()::text, '-', '')
    from orders o where c.id = p_charge_id and o.id = c.order_id;
  update charges c set digest = digest_of(c) where id = p_charge_id;
end $$;

-- Three wrong numbers end the charge: whoever guesses has seen no till.
create or replace function count_wrong_number(p_charge_id uuid) returns void language plpgsql as $$
declare
  v_wrong integer;
begin
  update charges set wrong_numbers = wrong_numbers + 1 where id = p_charge_id returning wrong_numbers into v_wrong;
  if v_wrong >= 3 then perform end_charge(p_charge_id, 'declined', 'three wrong numbers'); end if;
end $$;
