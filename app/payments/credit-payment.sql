-- An order that was paid through the gateway: the café is owed its total.
create or replace function sell_through_gateway(p_order orders, p_clearing uuid) returns uuid language plpgsql as $$
declare v_id uuid;
begin
  v_id := post_between('gateway_sale', p_clearing, account_of('cafe_payable', null, p_order.cafe_id, p_order.currency),
    p_order.total_minor, p_order.currency, p_order.id, null);
  update orders set payment_status = 'paid', paid_transaction_id = v_id, paid_at = now(), updated_at = now()
    where id = p_order.id and payment_status in ('pending', 'failed') and version = p_order.version;
  if not found then raise exception 'the order % changed under its own lock', p_order.id; end if;
  perform emit_event(array['order:' || p_order.id, 'cafe:' || p_order.cafe_id, 'student:' || p_order.student_id], 'order_paid',
    jsonb_build_object('order_id', p_order.id, 'order_number', p_order.order_number, 'payment_status', 'paid', 'amount_minor', p_order.total_minor));
  insert into outbox (topic, payload) values ('order.paid', jsonb_build_object('transaction_id', v_id, 'order_id', p_order.id, 'cafe_id', p_order.cafe_id,
    'amount_minor', p_order.total_minor, 'currency', p_order.currency, 'receipt_id', null, 'at', now()));
  return v_id;
end $$;

create type credit_outcome as (outcome text, credited_to text, order_row_id uuid, transaction_id uuid);

-- The one place where a captured payment becomes money in the books, once for each payment id, whoever calls it and however
-- often. What does not fit its order any more (cancelled, changed, paid before) goes into the student's wallet; where no
-- wallet can take it, it is held and sent back.
create or replace function credit_payment(
  p_gateway text, p_payment_id text, p_gateway_order_id text, p_amount_minor bigint, p_currency text, p_fee_minor bigint,
  p_found_by text, p_response jsonb, p_customer text, p_token text
) returns credit_outcome language plpgsql security definer set search_path = public, pg_temp as $$
declare r credit_outcome; g gateway_orders; o orders; w wallets; v_clearing uuid; v_payment uuid := uuidv7(); v_refund uuid;
begin
  select * into g from gateway_orders where gateway = p_gateway and gateway_order_id = p_gateway_order_id;
  if not found then r.outcome := 'unknown_order'; return r; end if;
  r.order_row_id := g.id;
  if g.order_id is not null then select * into o from orders where id = g.order_id for update; end if;
  select * into g from gateway_orders where id = g.id for update;
  select 'already', credited_to, transaction_id into r.outcome, r.credited_to, r.transaction_id
    from gateway_payments where gateway = p_gateway and payment_id = p_payment_id;
  if found then return r; end if;

  v_clearing := account_of('gateway_clearing', null, null, p_currency);
  if o.payment_method = 'upi' and o.payment_status in ('pending', 'failed') and o.status <> 'cancelled'
      and o.total_minor = p_amount_minor and o.currency = p_currency then
    r.credited_to := 'order';
    r.transaction_id := sell_through_gateway(o, v_clearing);
  else
    perform open_wallet(g.student_id, p_currency);
    select * into w from wallets where student_id = g.student_id for update;
    if w.status <> 'closed' and w.currency = p_currency then
      r.credited_to := 'wallet';
      r.transaction_id := post_to_wallet('top_up', g.student_id, v_clearing, p_amount_minor, p_currency, g.order_id, null, null, null);
      perform emit_event(array['student:' || g.student_id], 'topped_up', jsonb_build_object('top_up_id', g.id, 'transaction_id', r.transaction_id,
        'amount_minor', p_amount_minor, 'currency', p_currency, 'balance_minor', w.balance_minor + p_amount_minor, 'order_id', g.order_id));
      perform repay_debt(g.student_id, p_currency);
    else
      r.credited_to := 'held';
      r.transaction_id := post_between('gateway_hold', v_clearing, account_of('held', null, null, p_currency), p_amount_minor, p_currency, null, null);
    end if;
  end if;
  insert into gateway_payments (id, gateway, payment_id, order_row_id, amount_minor, fee_minor, currency, credited_to, transaction_id, found_by, gateway_response)
    values (v_payment, p_gateway, p_payment_id, g.id, p_amount_minor, p_fee_minor, p_currency, r.credited_to, r.transaction_id, p_found_by, p_response);
  update gateway_orders set status = 'paid', updated_at = now() where id = g.id;
  if r.credited_to = 'held' then
    insert into gateway_refunds (payment_row_id, amount_minor, currency, reason, transaction_id)
      values (v_payment, p_amount_minor, p_currency, 'no wallet could take it',
        post_between('gateway_refund', account_of('held', null, null, p_currency), v_clearing, p_amount_minor, p_currency, null, r.transaction_id))
      returning id into v_refund;
    insert into outbox (topic, payload) values ('gateway.refund', jsonb_build_object('refund_id', v_refund));
  elsif g.save_method and p_token is not null then
    insert into saved_methods (student_id, gateway, customer, token) values (g.student_id, p_gateway, p_customer, p_token)
      on conflict (student_id) do update set gateway = excluded.gateway, customer = excluded.customer, token = excluded.token, created_at = now();
  end if;
  r.outcome := 'credited';
  return r;
end $$;
