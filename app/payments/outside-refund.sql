-- One row of the gateway's list of refunds. Ours by its id or by the note that we gave it; anybody else's is taken into suspense.
-- Asked as often as one likes. Says what it was: ours, known, taken, returned, or of a payment that is not in our books.
create or replace function meet_gateway_refund(
  p_gateway text, p_refund_id text, p_payment_id text, p_amount_minor bigint, p_currency text, p_reference uuid, p_status text
) returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare payment gateway_payments; gateway_order gateway_orders; own_refund gateway_refunds; outside_refund outside_refunds; v_order uuid; v_clearing uuid;
begin
  select * into payment from gateway_payments where gateway = p_gateway and payment_id = p_payment_id;
  if not found then return 'unknown_payment'; end if;
  select * into gateway_order from gateway_orders where id = payment.order_row_id;
  v_order := case when payment.credited_to = 'order' then gateway_order.order_id end;
  if v_order is not null then perform 1 from orders where id = v_order for update; end if;
  perform 1 from gateway_orders where id = gateway_order.id for update;
  select * into own_refund from gateway_refunds where payment_row_id = payment.id and (gateway_refund_id = p_refund_id
    or (id = p_reference and gateway_refund_id is null and amount_minor = p_amount_minor));
  if found then
    if p_status <> 'pending' then perform finish_refund(own_refund.id, p_refund_id, p_status); end if;
    return 'ours';
  end if;
  select * into outside_refund from outside_refunds where gateway = p_gateway and gateway_refund_id = p_refund_id for update;
  v_clearing := account_of('gateway_clearing', null, null, p_currency);
  if found then
    if p_status <> 'failed' or outside_refund.status <> 'open' then return 'known'; end if;
    update outside_refunds set status = 'failed', decided_at = now(), returned_transaction_id =
        post_between('outside_refund_return', v_clearing, account_of('suspense', null, null, outside_refund.currency), outside_refund.amount_minor, outside_refund.currency, outside_refund.order_id, outside_refund.transaction_id)
      where id = outside_refund.id;
    return 'returned';
  end if;
  if p_status = 'failed' then return 'known'; end if;
  insert into outside_refunds (gateway, gateway_refund_id, payment_row_id, student_id, order_id, amount_minor, currency, transaction_id)
    values (p_gateway, p_refund_id, payment.id, gateway_order.student_id, v_order, p_amount_minor, p_currency,
      post_between('outside_refund', account_of('suspense', null, null, p_currency), v_clearing, p_amount_minor, p_currency, v_order, payment.transaction_id))
    returning * into outside_refund;
  return 'taken';
end $$;

-- A person says who bears it. The café: it is a refund of its order like any other. The student: what is in the wallet, the rest is
-- owed. What neither can bear, as the order has given it back already, is the university's. False where it is decided already.
create or replace function bear_outside_refund(p_id uuid, p_borne_by text, p_reason text, p_staff_id uuid) returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
declare outside_refund outside_refunds; order_row orders; v_suspense uuid; v_left bigint; v_part bigint; v_transaction uuid;
begin
  select order_id into outside_refund.order_id from outside_refunds where id = p_id;
  if not found then return false; end if;
  if outside_refund.order_id is not null then select * into order_row from orders where id = outside_refund.order_id for update; end if;
  select * into outside_refund from outside_refunds where id = p_id for update;
  if outside_refund.status <> 'open' then return false; end if;
  v_suspense := account_of('suspense', null, null, outside_refund.currency);
  v_left := outside_refund.amount_minor;
  if p_borne_by = 'cafe' then
    if outside_refund.order_id is null then raise exception 'no order stands behind this refund' using errcode = 'CP409'; end if;
    v_part := least(v_left, left_with_cafe(order_row.id));
    if v_part > 0 then
      v_transaction := post_between('gateway_refund', account_of('cafe_payable', null, order_row.cafe_id, outside_refund.currency), v_suspense, v_part, outside_refund.currency, outside_refund.order_id, order_row.paid_transaction_id);
      insert into gateway_refunds (payment_row_id, order_id, amount_minor, currency, reason, status, gateway_refund_id, transaction_id, requested_by, settled_at)
        values (outside_refund.payment_row_id, outside_refund.order_id, v_part, outside_refund.currency, p_reason, 'processed', outside_refund.gateway_refund_id, v_transaction, p_staff_id, now());
      update orders set refunded_minor = refunded_minor + v_part, updated_at = now(),
          payment_status = case when refunded_minor + v_part = total_minor then 'refunded' else payment_status end
        where id = outside_refund.order_id;
      v_left := v_left - v_part;
    end if;
  elsif p_borne_by = 'student' then
    perform take_from_student('outside_refund_borne', outside_refund.student_id, v_suspense, v_left, outside_refund.currency, outside_refund.transaction_id);
    v_left := 0;
  end if;
  if v_left > 0 then
    perform post_between('outside_refund_borne', account_of('fees', null, null, outside_refund.currency), v_suspense, v_left, outside_refund.currency, outside_refund.order_id, outside_refund.transaction_id);
  end if;
  update outside_refunds set status = 'borne', borne_by = p_borne_by, reason = p_reason, decided_by = p_staff_id, decided_at = now() where id = outside_refund.id;
  return true;
end $$;

-- What of an order its café has paid to a customer's bank.
create or replace function lost_to_disputes(p_order_id uuid) returns bigint language sql stable as $$
  select coalesce(sum(t.amount_minor), 0)::bigint from ledger_transactions t join accounts a on a.id = t.from_account_id
  where t.order_id = p_order_id and t.kind in ('dispute_lost', 'dispute_moved') and a.kind = 'cafe_payable';
$$;

-- What its café still has of an order: neither given back nor paid to a customer's bank.
create or replace function left_with_cafe(p_order_id uuid) returns bigint language sql stable as $$
  select total_minor - refunded_minor - lost_to_disputes(id) from orders where id = p_order_id;
$$;

-- What of an order is or may yet be taken at the gateway without us: disputes that are not won, refunds that nobody has decided on.
create or replace function taken_elsewhere(p_order_id uuid) returns bigint language sql stable as $$
  select (coalesce((select sum(amount_minor) from gateway_disputes where order_id = p_order_id and status <> 'won'), 0)
    + coalesce((select sum(amount_minor) from outside_refunds where order_id = p_order_id and status = 'open'), 0))::bigint;
$$;

-- One pay-out of the gateway's list: what reached the bank and what the gateway kept. True where it was not known yet.
create or replace function meet_gateway_pay_out(
  p_gateway text, p_pay_out_id text, p_amount_minor bigint, p_fee_minor bigint, p_currency text, p_bank_reference text, p_at timestamptz
) returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
declare v_clearing uuid;
begin
  perform pg_advisory_xact_lock(hashtextextended('pay-out' || p_gateway, 7));
  if exists (select from gateway_pay_outs where gateway = p_gateway and pay_out_id = p_pay_out_id) then return false; end if;
  v_clearing := account_of('gateway_clearing', null, null, p_currency);
  insert into gateway_pay_outs (gateway, pay_out_id, amount_minor, fee_minor, currency, bank_reference, at, transaction_id, fee_transaction_id)
    values (p_gateway, p_pay_out_id, p_amount_minor, p_fee_minor, p_currency, p_bank_reference, p_at,
      post_signed('gateway_pay_out', account_of('bank', null, null, p_currency), v_clearing, p_amount_minor, p_currency),
      post_signed('gateway_fee', account_of('gateway_fees', null, null, p_currency), v_clearing, p_fee_minor, p_currency));
  return true;
end $$;

-- Money that is held, whose way back failed and is not begun again, and that no dispute has taken or may yet take.
create or replace function waiting_held_refunds() returns setof gateway_refunds language sql stable as $$
  select f.* from gateway_refunds f where f.order_id is null and f.status = 'failed'
    and not exists (select from gateway_refunds a where a.again_of = f.id)
    and not exists (select from gateway_disputes d where d.payment_row_id = f.payment_row_id and d.status <> 'won');
$$;

-- Sends it on its way again. Null where there is nothing of the kind.
create or replace function retry_held_refund(p_refund_id uuid, p_staff_id uuid) returns uuid language plpgsql security definer set search_path = public, pg_temp as $$
declare f gateway_refunds; v_id uuid;
begin
  perform 1 from gateway_orders where id = (select p.order_row_id from gateway_payments p join gateway_refunds x on x.payment_row_id = p.id where x.id = p_refund_id) for update;
  select * into f from waiting_held_refunds() where id = p_refund_id;
  if not found then return null; end if;
  insert into gateway_refunds (payment_row_id, amount_minor, currency, reason, requested_by, again_of, transaction_id)
    values (f.payment_row_id, f.amount_minor, f.currency, f.reason, p_staff_id, f.id,
      post_between('gateway_refund', account_of('held', null, null, f.currency), account_of('gateway_clearing', null, null, f.currency), f.amount_minor, f.currency, null,
        (select corrects_id from ledger_transactions where id = f.transaction_id)))
    returning id into v_id;
  insert into outbox (topic, payload) values ('gateway.refund', jsonb_build_object('refund_id', v_id));
  return v_id;
end $$;
