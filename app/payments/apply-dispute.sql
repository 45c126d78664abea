-- A customer asks the bank for the money back, and the gateway takes it from us until it is decided.
create or replace function open_dispute(
  p_gateway text, p_dispute_id text, p_payment_id text, p_amount_minor bigint, p_currency text, p_reason text, p_respond_by timestamptz
) returns uuid language plpgsql security definer set search_path = public, pg_temp as $$
declare p gateway_payments; g gateway_orders; d gateway_disputes; w wallets;
begin
  select * into p from gateway_payments where gateway = p_gateway and payment_id = p_payment_id;
  if not found then raise exception 'the payment % is not in the books yet', p_payment_id using errcode = 'CP404'; end if;
  select * into g from gateway_orders where id = p.order_row_id;
  if p.credited_to = 'order' then perform 1 from orders where id = g.order_id for update; end if;
  perform 1 from gateway_orders where id = g.id for update;
  select * into d from gateway_disputes where gateway = p_gateway and dispute_id = p_dispute_id;
  if found then return d.id; end if;
  insert into gateway_disputes (gateway, dispute_id, payment_row_id, student_id, order_id, amount_minor, currency, reason, respond_by, transaction_id)
    values (p_gateway, p_dispute_id, p.id, g.student_id, case when p.credited_to = 'order' then g.order_id end, p_amount_minor, p_currency, p_reason, p_respond_by,
      post_between('dispute', account_of('disputes', null, null, p_currency), account_of('gateway_clearing', null, null, p_currency), p_amount_minor, p_currency,
        g.order_id, p.transaction_id))
    returning id into d.id;
  -- What the bank may take is kept until it has decided.
  if p.credited_to = 'wallet' then
    select * into w from wallets where student_id = g.student_id and status <> 'closed' and currency = p_currency for update;
    perform place_hold(w.student_id, least(p_amount_minor, w.balance_minor - w.held_minor), 'gateway_disputes', d.id, null) where w.student_id is not null;
  end if;
  -- Whoever disputes a payment is not charged again by itself.
  update wallets set auto_top_up_below_minor = null where student_id = g.student_id and auto_top_up_below_minor is not null;
  return d.id;
end $$;

-- The bank has decided. Won: the gateway gives the money back. Lost: the café bears what of its order was not refunded
-- before, a student what is in the wallet and the rest as a debt; what nobody owes is the university's.
create or replace function settle_dispute(p_id uuid, p_won boolean) returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare d gateway_disputes; p gateway_payments; o orders; w wallets; v_disputes uuid; v_left bigint; v_part bigint;
begin
  select * into d from gateway_disputes where id = p_id;
  select * into p from gateway_payments where id = d.payment_row_id;
  if d.order_id is not null then select * into o from orders where id = d.order_id for update; end if;
  perform 1 from gateway_orders where id = p.order_row_id for update;
  select * into d from gateway_disputes where id = p_id for update;
  if d.settled_at is not null then return d.status; end if;
  v_disputes := account_of('disputes', null, null, d.currency);
  v_left := d.amount_minor;
  perform 1 from wallets where student_id = d.student_id for update;
  perform end_hold('gateway_disputes', d.id, case when p_won then 'voided' else 'posted' end);
  if p_won then
    perform post_between('dispute_won', account_of('gateway_clearing', null, null, d.currency), v_disputes, v_left, d.currency, d.order_id, d.transaction_id);
  else
    if d.order_id is not null then
      v_part := least(v_left, o.total_minor - o.refunded_minor - lost_to_disputes(o.id));
      if v_part > 0 then
        perform post_between('dispute_lost', account_of('cafe_payable', null, o.cafe_id, d.currency), v_disputes, v_part, d.currency, d.order_id, d.transaction_id);
        v_left := v_left - v_part;
      end if;
    elsif p.credited_to = 'wallet' then
      select * into w from wallets where student_id = d.student_id;
      v_part := case when w.status <> 'closed' and w.currency = d.currency then least(v_left, w.balance_minor - w.held_minor) else 0 end;
      if v_part > 0 then
        perform post_to_wallet('dispute_lost', d.student_id, v_disputes, -v_part, d.currency, null, null, null, d.transaction_id);
        v_left := v_left - v_part;
      end if;
      if v_left > 0 then
        perform post_between('dispute_lost', account_of('receivables', d.student_id, null, d.currency), v_disputes, v_left, d.currency, null, d.transaction_id);
        v_left := 0;
      end if;
    end if;
    if v_left > 0 then
      perform post_between('dispute_lost', account_of('fees', null, null, d.currency), v_disputes, v_left, d.currency, d.order_id, d.transaction_id);
    end if;
  end if;
  update gateway_disputes set status = case when p_won then 'won' else 'lost' end, settled_at = now() where id = d.id;
  return case when p_won then 'won' else 'lost' end;
end $$;
