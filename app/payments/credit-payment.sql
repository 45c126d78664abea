-- An order that was paid through the gateway: the café is owed its total.
create or replace function sell_through_gateway(p_order orders, p_clearing uuid) returns uuid language plpgsql as $$
declare v_id uuid;
begin
  v_id := post_between('gateway_sale', p_clearing, account_of('cafe_payable', null, p_order.cafe_id, p_order.currency),
    p_order.total_minor, p_order.currency, p_order.id, null);
  update orders set payment_status = 'paid', paid_transaction_id = v_id, paid_at = now(), updated_at = now()
    where id = p_order.id and payment_status in ('pending', 'failed');
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
declare
  result credit_outcome;
  gateway_order gateway_orders;
  order_row orders;
  v_clearing uuid;
  v_payment uuid := uuidv7();
begin
  select * into gateway_order from gateway_orders where gateway = p_gateway and gateway_order_id = p_gateway_order_id;
  if not found then result.outcome := 'unknown_order'; return result; end if;
  result.order_row_id := gateway_order.id;
  if gateway_order.order_id is not null then select * into order_row from orders where id = gateway_order.order_id for update; end if;
  select * into gateway_order from gateway_orders where id = gateway_order.id for update;
  select 'already', credited_to, transaction_id into result.outcome, result.credited_to, result.transaction_id
    from gateway_payments where gateway = p_gateway and payment_id = p_payment_id;
  if found then return result; end if;

  v_clearing := account_of('gateway_clearing', null, null, p_currency);
  if order_row.payment_method = 'upi' and order_row.payment_status in ('pending', 'failed') and order_row.status <> 'cancelled'
      and order_row.total_minor = p_amount_minor and order_row.currency = p_currency then
    result.credited_to := 'order';
    result.transaction_id := sell_through_gateway(order_row, v_clearing);
  else
    result.transaction_id := credit_wallet(gateway_order, p_amount_minor, p_currency, v_clearing);
    result.credited_to := case when result.transaction_id is null then 'held' else 'wallet' end;
    if result.credited_to = 'held' then
      result.transaction_id := post_between('gateway_hold', v_clearing, account_of('held', null, null, p_currency), p_amount_minor, p_currency, null, null);
    end if;
  end if;
  insert into gateway_payments (id, gateway, payment_id, order_row_id, amount_minor, fee_minor, currency, credited_to, transaction_id, found_by, gateway_response)
    values (v_payment, p_gateway, p_payment_id, gateway_order.id, p_amount_minor, p_fee_minor, p_currency, result.credited_to, result.transaction_id, p_found_by, p_response);
  update gateway_orders set status = 'paid', updated_at = now() where id = gateway_order.id;
  if result.credited_to = 'held' then
    perform send_back_held(v_payment, p_amount_minor, p_currency, v_clearing, result.transaction_id);
  elsif gateway_order.save_method and p_token is not null then
    insert into saved_methods (student_id, gateway, customer, token) values (gateway_order.student_id, p_gateway, p_customer, p_token)
      on conflict (student_id) do update set gateway = excluded.gateway, customer = excluded.customer, token = excluded.token, created_at = now();
  end if;
  result.outcome := 'credited';
  return result;
end $$;

-- Null where the student's wallet cannot take it: it is closed, of another currency, or would be filled above its limit.
create or replace function credit_wallet(gateway_order gateway_orders, p_amount_minor bigint, p_currency text, p_clearing uuid) returns uuid language plpgsql as $$
declare
  wallet wallets;
  v_transaction uuid;
begin
  perform open_wallet(gateway_order.student_id, p_currency);
  select * into wallet from wallets where student_id = gateway_order.student_id for update;
  if (wallet.status <> 'closed' and wallet.currency = p_currency) is not true then return null; end if;
  if wallet.balance_minor + p_amount_minor > gateway_order.wallet_max_minor then return null; end if;
  v_transaction := post_to_wallet('top_up', gateway_order.student_id, p_clearing, p_amount_minor, p_currency, gateway_order.order_id, null, null, null);
  perform emit_event(array['student:' || gateway_order.student_id], 'topped_up', jsonb_build_object('top_up_id', gateway_order.id,
    'transaction_id', v_transaction, 'amount_minor', p_amount_minor, 'currency', p_currency, 'balance_minor', wallet.balance_minor + p_amount_minor,
    'order_id', gateway_order.order_id));
  perform repay_debt(gateway_order.student_id, p_currency);
  return v_transaction;
end $$;

-- Asks the worker to send a held payment back where it came from.
create or replace function send_back_held(p_payment uuid, p_amount_minor bigint, p_currency text, p_clearing uuid, p_hold uuid) returns void language plpgsql as $$
declare
  v_refund uuid;
begin
  insert into gateway_refunds (payment_row_id, amount_minor, currency, reason, transaction_id)
    values (p_payment, p_amount_minor, p_currency, 'no wallet could take it',
      post_between('gateway_refund', account_of('held', null, null, p_currency), p_clearing, p_amount_minor, p_currency, null, p_hold))
    returning id into v_refund;
  insert into outbox (topic, payload) values ('gateway.refund', jsonb_build_object('refund_id', v_refund));
end $$;
