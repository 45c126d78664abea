-- A customer asks the bank for the money back, and the gateway takes it from us until it is decided.
create or replace function open_dispute(
  p_gateway text, p_dispute_id text, p_payment_id text, p_amount_minor bigint, p_currency text, p_reason text, p_respond_by timestamptz
) returns uuid language plpgsql security definer set search_path = public, pg_temp as $$
declare payment gateway_payments; gateway_order gateway_orders; dispute gateway_disputes; wallet wallets; v_student bigint;
begin
  select * into payment from gateway_payments where gateway = p_gateway and payment_id = p_payment_id;
  if not found then raise exception 'the payment % is not in the books yet', p_payment_id using errcode = 'CP404'; end if;
  select * into gateway_order from gateway_orders where id = payment.order_row_id;
  if payment.credited_to = 'order' then perform 1 from orders where id = gateway_order.order_id for update; end if;
  perform 1 from gateway_orders where id = gateway_order.id for update;
  select * into dispute from gateway_disputes where gateway = p_gateway and dispute_id = p_dispute_id;
  if found then return dispute.id; end if;
  insert into gateway_disputes (gateway, dispute_id, payment_row_id, student_id, order_id, amount_minor, currency, reason, respond_by, transaction_id)
    values (p_gateway, p_dispute_id, payment.id, gateway_order.student_id, case when payment.credited_to = 'order' then gateway_order.order_id end, p_amount_minor, p_currency, p_reason, p_respond_by,
      post_between('dispute', account_of('disputes', null, null, p_currency), account_of('gateway_clearing', null, null, p_currency), p_amount_minor, p_currency,
        gateway_order.order_id, payment.transaction_id))
    returning id into dispute.id;
  -- What the bank may take of the student's is kept until it has decided.
  v_student := case payment.credited_to when 'wallet' then p_amount_minor when 'order' then given_twice(gateway_order.order_id, p_amount_minor) end;
  if v_student > 0 then
    select * into wallet from wallets where student_id = gateway_order.student_id and status <> 'closed' and currency = p_currency for update;
    perform place_hold(wallet.student_id, least(v_student, wallet.balance_minor - wallet.held_minor), 'gateway_disputes', dispute.id, null) where wallet.student_id is not null;
  end if;
  -- Whoever disputes a payment is not charged again by itself.
  update wallets set auto_top_up_below_minor = null where student_id = gateway_order.student_id and auto_top_up_below_minor is not null;
  return dispute.id;
end $$;

-- Keeps back for a student's open disputes what could not be kept when they came, as far as it is free by now. The caller holds the wallet locked.
create or replace function raise_dispute_holds(p_student_id uuid) returns void language plpgsql as $$
declare dispute gateway_disputes; wallet wallets; v_held bigint; v_more bigint;
begin
  for dispute in select * from gateway_disputes where student_id = p_student_id and settled_at is null order by id loop
    select * into wallet from wallets where student_id = p_student_id and status <> 'closed' and currency = dispute.currency;
    select coalesce(sum(amount_minor), 0) into v_held from wallet_holds where document = 'gateway_disputes' and document_id = dispute.id and status = 'placed';
    v_more := least(wallet.balance_minor - wallet.held_minor, -v_held + case
      when dispute.order_id is not null then given_twice(dispute.order_id, dispute.amount_minor)
      when exists (select from gateway_payments where id = dispute.payment_row_id and credited_to = 'wallet') then dispute.amount_minor end);
    continue when (v_more > 0) is not true;
    perform end_hold('gateway_disputes', dispute.id, 'voided');
    perform place_hold(p_student_id, v_held + v_more, 'gateway_disputes', dispute.id, null);
  end loop;
end $$;

-- What of a disputed amount its order's café would not bear, and the student has in the wallet already: refunds of the order, less what
-- lost disputes took back. Whoever cancels an order, keeps the money and asks the bank for it too has it once in the end.
create or replace function given_twice(p_order_id uuid, p_amount_minor bigint) returns bigint language sql stable as $$
  select greatest(0, least(
    p_amount_minor - left_with_cafe(p_order_id),
    (select coalesce(sum(t.amount_minor), 0) from ledger_transactions t where t.order_id = p_order_id and t.kind = 'refund' and t.wallet_student_id is not null)
      - (select coalesce(sum(t.amount_minor), 0) from gateway_disputes d join ledger_transactions t on t.corrects_id = d.transaction_id and t.kind = 'dispute_lost'
          join accounts a on a.id = t.from_account_id and a.kind in ('wallet', 'receivables') where d.order_id = p_order_id)))::bigint;
$$;

-- The bank has decided. Won: the gateway gives the money back. Lost: the café bears what of its order was not refunded before, a student
-- the money of a top-up, or what of the order is in the wallet already; what nobody owes is the university's.
create or replace function close_dispute(p_id uuid, p_won boolean) returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare dispute gateway_disputes; payment gateway_payments; order_row orders; v_disputes uuid; v_left bigint; v_part bigint; v_student bigint;
begin
  select * into dispute from gateway_disputes where id = p_id;
  select * into payment from gateway_payments where id = dispute.payment_row_id;
  if dispute.order_id is not null then select * into order_row from orders where id = dispute.order_id for update; end if;
  perform 1 from gateway_orders where id = payment.order_row_id for update;
  select * into dispute from gateway_disputes where id = p_id for update;
  if dispute.settled_at is not null then return dispute.status; end if;
  v_disputes := account_of('disputes', null, null, dispute.currency);
  v_left := dispute.amount_minor;
  perform 1 from wallets where student_id = dispute.student_id for update;
  perform end_hold('gateway_disputes', dispute.id, case when p_won then 'voided' else 'posted' end);
  if p_won then
    perform post_between('dispute_won', account_of('gateway_clearing', null, null, dispute.currency), v_disputes, v_left, dispute.currency, dispute.order_id, dispute.transaction_id);
  else
    v_student := case when dispute.order_id is not null then given_twice(dispute.order_id, v_left) when payment.credited_to = 'wallet' then v_left else 0 end;
    if v_student > 0 then
      perform take_from_student('dispute_lost', dispute.student_id, v_disputes, v_student, dispute.currency, dispute.transaction_id);
      v_left := v_left - v_student;
    end if;
    if dispute.order_id is not null then
      v_part := least(v_left, left_with_cafe(order_row.id));
      if v_part > 0 then
        perform post_between('dispute_lost', account_of('cafe_payable', null, order_row.cafe_id, dispute.currency), v_disputes, v_part, dispute.currency, dispute.order_id, dispute.transaction_id);
        v_left := v_left - v_part;
      end if;
    end if;
    if v_left > 0 then
      perform post_between('dispute_lost', account_of('fees', null, null, dispute.currency), v_disputes, v_left, dispute.currency, dispute.order_id, dispute.transaction_id);
    end if;
  end if;
  update gateway_disputes set status = case when p_won then 'won' else 'lost' end, settled_at = now() where id = dispute.id;
  if p_won then perform repay_debt(dispute.student_id, dispute.currency); end if;
  return case when p_won then 'won' else 'lost' end;
end $$;
