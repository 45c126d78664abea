-- For the one connection that writes the demo campus' past (past.ts): the product's own verbs make every row, and the rows of each act are
-- then moved to the moment at which it is said to have happened. What the act that runs has written still has the transaction's time.

-- The worker has nothing to send of what was written since an id. By that id, as what this transaction has updated before stays in every index.
create function pg_temp.nothing_to_send(p_since uuid, p_at timestamptz) returns void language sql as $$
  update outbox set created_at = p_at, due_at = p_at, done_at = p_at where id > p_since;
$$;

create function pg_temp.moment_of(act jsonb, p_zone text) returns timestamptz language sql as $$
  select ((act ->> 'day')::date + make_interval(mins => (act ->> 'minute')::integer)) at time zone p_zone;
$$;

-- Everybody's first money, and the accounts that it came into.
create function pg_temp.welcome(p_at timestamptz) returns void language plpgsql as $$
begin
  update adjustments set created_at = p_at, decided_at = p_at where reason = 'welcome to the demo campus';
  update ledger_transactions set at = p_at where adjustment_id in (select id from adjustments where created_at = p_at);
  perform account_of('cafe_payable', null, id, currency) from cafes where status = 'approved';
  update accounts set created_at = p_at where kind in ('wallet', 'cafe_payable');
end $$;

create function pg_temp.top_up(act jsonb, p_at timestamptz) returns void language plpgsql as $$
declare v_row uuid;
begin
  insert into gateway_orders (gateway, gateway_order_id, purpose, student_id, amount_minor, currency, created_at)
    select act ->> 'gateway', act ->> 'gatewayOrderId', 'top_up', student_id, (act ->> 'amountMinor')::bigint, currency, p_at
    from wallets where student_id = (act ->> 'studentId')::uuid and status = 'active' returning id into v_row;
  if not found then return; end if;
  perform credit_payment(gateway, act ->> 'paymentId', gateway_order_id, amount_minor, currency, (act ->> 'feeMinor')::bigint, 'browser', act -> 'response', null, null)
    from gateway_orders where id = v_row;
  update gateway_orders set updated_at = p_at, look_at = p_at where id = v_row;
  update ledger_transactions set at = p_at where id = (select transaction_id from gateway_payments where order_row_id = v_row);
  update gateway_payments set at = p_at where order_row_id = v_row;
end $$;

-- Scanned at the counter and confirmed on the phone.
create function pg_temp.pay_by_card(p_order_id uuid, p_student_id uuid, place jsonb) returns void language plpgsql as $$
declare opened open_outcome; paid confirm_outcome;
begin
  opened := open_charge(gen_random_uuid(), (place ->> 'deviceId')::uuid, (select uid_hash from cards where student_id = p_student_id and status = 'active'), p_order_id,
    60, replace(gen_random_uuid()::text, '-', ''), '42', upper(left(replace(gen_random_uuid()::text, '-', ''), 8)), (1000, 1000, 1000)::scan_limits);
  if opened.outcome = 'opened' then
    -- In the from list: written as (…).* it would be asked once for each column.
    select paying.* into paid from charges c, lateral confirm_charge(c.id, c.student_id, c.digest, c.match_code, null,
      place ->> 'region', (place ->> 'epoch')::integer, place ->> 'receiptKeyId', place ->> 'zone') paying where c.id = opened.charge_id;
  end if;
  -- A campus of before, whose people stopped a card or a wallet: the order is not paid.
  if paid.outcome is distinct from 'paid' then perform set_order_status(p_order_id, 'cancelled', null, false); end if;
end $$;

create function pg_temp.place_and_pay(act jsonb, place jsonb) returns uuid language plpgsql as $$
declare v_cafe uuid := act ->> 'cafeId'; v_student uuid := act ->> 'studentId'; v_id uuid; v_status text;
begin
  if v_student is null then
    return (sell_for_cash((place ->> 'deviceId')::uuid, v_cafe, act -> 'lines', null, null, false)).body::jsonb #>> '{order,id}';
  end if;
  v_id := (place_order(v_cafe, v_student, act -> 'lines', 'pickup', 'wallet', null, null, null, null, null)).order_id;
  if v_id is null then return null; end if;
  if act ->> 'end' = 'cancelled' then perform set_order_status(v_id, 'cancelled', null, false);
  else perform pg_temp.pay_by_card(v_id, v_student, place); end if;
  if exists (select from orders where id = v_id and payment_status = 'paid') then
    foreach v_status in array array['preparing', 'ready', 'completed'] loop perform set_order_status(v_id, v_status, null, false); end loop;
  end if;
  return v_id;
end $$;

-- The order's own number of its day, and every time that it has.
create function pg_temp.move_order(p_id uuid, p_day date, p_at timestamptz) returns void language plpgsql as $$
declare v_paid_at timestamptz := p_at + interval '5 minutes'; v_number text; v_charge uuid; o orders;
begin
  select * into o from orders where id = p_id;
  -- The number that it was placed with is used once: the same one again would be looked for among all that had it before.
  select 'ORD-' || to_char(p_day, 'YYYYMMDD') || '-' || lpad((count(*) + 1)::text, 3, '0') into v_number
    from orders where cafe_id = o.cafe_id and order_day = p_day and id <> p_id;
  update orders set order_number = v_number, order_day = p_day, created_at = p_at, estimated_ready_time = p_at + interval '8 minutes',
      updated_at = v_paid_at + interval '9 minutes', paid_at = o.paid_at + (v_paid_at - o.paid_at), cancelled_at = o.cancelled_at + (p_at + interval '2 minutes' - o.cancelled_at)
    where id = p_id;
  update order_status_log l set at = v_paid_at + s.step * interval '3 minutes'
    from (select id, row_number() over (order by id) as step from order_status_log where order_id = p_id) s where s.id = l.id;
  select id into v_charge from charges where transaction_id = o.paid_transaction_id;
  update charges set created_at = v_paid_at - interval '20 seconds', expires_at = v_paid_at + interval '40 seconds', ended_at = v_paid_at where id = v_charge;
  update charges c set digest = digest_of(c) where id = v_charge;
  update scans set at = v_paid_at - interval '20 seconds' where charge_id = v_charge;
  update receipts set created_at = v_paid_at, payload = replace(replace(payload, payload::json ->> 'paid_at',
      to_char(v_paid_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), o.order_number, v_number)
    where charge_id = v_charge;
  update ledger_transactions set at = v_paid_at where id = o.paid_transaction_id;
end $$;

create function pg_temp.give_back(p_order_id uuid, p_at timestamptz) returns void language plpgsql as $$
declare refund refund_outcome;
begin
  refund := refund_order(p_order_id, null, 'wallet', 'it was cold', null);
  if refund.outcome <> 'refunded' then return; end if;
  update ledger_transactions set at = p_at where id = refund.transaction_id;
  update refunds set created_at = p_at where id = refund.id;
  update orders set updated_at = p_at where id = p_order_id;
end $$;

create function pg_temp.settle(p_cafe_id uuid, p_at timestamptz) returns void language plpgsql as $$
declare v_day date; v_id uuid;
begin
  loop
    select day into v_day from day_to_settle(p_cafe_id) where ends_at <= p_at;
    exit when not found;
    v_id := settle_cafe_day(p_cafe_id, v_day, p_at);
    update ledger_transactions t set at = p_at from settlements s where s.id = v_id and t.id in (s.cash_transaction_id, s.fee_transaction_id, s.fee_vat_transaction_id);
    update settlements set created_at = p_at where id = v_id;
  end loop;
end $$;

create function pg_temp.pay_cafe(p_cafe_id uuid, p_at timestamptz, p_people jsonb) returns void language plpgsql as $$
declare v_id uuid; v_person text; v_reference text := 'CAMPUS ' || to_char(p_at, 'YYYY-MM-DD');
begin
  for v_id in select id from settlements where cafe_id = p_cafe_id and status = 'due' order by day loop
    for v_person in select * from jsonb_array_elements_text(p_people) loop
      perform pay_settlement(v_id, v_person::uuid, v_reference, 10000000);
    end loop;
    update ledger_transactions t set at = p_at from settlements s where s.id = v_id and t.id = s.paid_transaction_id;
    update settlements set paid_at = p_at where id = v_id and status = 'paid';
  end loop;
end $$;

create function pg_temp.relive(acts jsonb, places jsonb, p_people jsonb, p_zone text) returns void language plpgsql as $$
declare act jsonb; v_at timestamptz; v_cafe uuid; v_order uuid; v_since uuid;
begin
  -- Nobody has counted these tables yet, and each step looks for a row or two.
  perform set_config('enable_seqscan', 'off', true);
  for act in select * from jsonb_array_elements(acts) loop
    v_at := pg_temp.moment_of(act, p_zone);
    v_cafe := act ->> 'cafeId';
    v_since := uuidv7();
    case act ->> 'kind'
      when 'welcome' then perform pg_temp.welcome(v_at);
      when 'top_up' then perform pg_temp.top_up(act, v_at);
      when 'settle' then perform pg_temp.settle(v_cafe, v_at);
      when 'pay' then perform pg_temp.pay_cafe(v_cafe, v_at, p_people);
      when 'order' then
        v_order := pg_temp.place_and_pay(act, places -> (v_cafe::text));
        if v_order is not null then perform pg_temp.move_order(v_order, (act ->> 'day')::date, v_at); end if;
        -- A debit's row has the debit's own moment.
        perform pg_temp.nothing_to_send(v_since, v_at + interval '5 minutes');
        v_since := uuidv7();
        if v_order is not null and act ->> 'end' = 'refunded' then perform pg_temp.give_back(v_order, v_at + interval '25 minutes'); end if;
    end case;
    perform pg_temp.nothing_to_send(v_since, v_at);
  end loop;
  -- Each debit counted as one of the day on which it was written.
  update wallets w set spent_minor = (select coalesce(sum(t.amount_minor), 0) from ledger_transactions t
      where t.wallet_student_id = w.student_id and t.kind = 'debit' and (t.at at time zone p_zone)::date = w.spent_day)
    where w.spent_day is not null;
  -- Nobody watched, and who watches from now on is told of now.
  delete from events where xid = pg_current_xact_id();
  delete from order_counters;
  insert into order_counters (cafe_id, day, last_number) select cafe_id, order_day, count(*) from orders group by cafe_id, order_day;
end $$;
