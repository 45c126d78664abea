create type refund_outcome as (outcome text, id uuid, transaction_id uuid, amount_minor bigint, refunded_minor bigint, payment_status text, created_at timestamptz);

-- Gives money of a paid order back to the wallet, or leaves it to the worker to send it back through the gateway: the whole rest where no
-- amount is told. Never more than was paid, over both ways and with what a bank or somebody at the gateway took or may yet take. Locks the
-- order, then the wallet. The day's spending is not lowered: a limit that grows back with each refund would be no limit.
create or replace function refund_order(p_order_id uuid, p_amount_minor bigint, p_to text, p_reason text, p_staff_id uuid) returns refund_outcome
language plpgsql security definer set search_path = public, pg_temp as $$
declare result refund_outcome; order_row orders; v_payment_id uuid; v_left bigint;
begin
  select * into order_row from orders where id = p_order_id for update;
  v_left := greatest(0, order_row.total_minor - order_row.refunded_minor - taken_elsewhere(order_row.id));
  result.amount_minor := coalesce(p_amount_minor, v_left);
  result.refunded_minor := order_row.refunded_minor;
  if p_to = 'gateway' then
    select id into v_payment_id from gateway_payments where transaction_id = order_row.paid_transaction_id;
    if not found then result.outcome := 'not_through_gateway'; return result; end if;
  else
    perform open_wallet(order_row.student_id, order_row.currency);
  end if;
  update orders set refunded_minor = refunded_minor + result.amount_minor, updated_at = now(),
      payment_status = case when refunded_minor + result.amount_minor = total_minor then 'refunded' else payment_status end
    where id = order_row.id and payment_status = 'paid' and payment_method <> 'cash' and result.amount_minor > 0
      and refunded_minor + result.amount_minor + taken_elsewhere(id) <= total_minor
    returning refunded_minor, payment_status into result.refunded_minor, result.payment_status;
  if not found then result.outcome := 'too_much'; result.amount_minor := v_left; return result; end if;
  if p_to = 'gateway' then
    result.transaction_id := post_between('gateway_refund', account_of('cafe_payable', null, order_row.cafe_id, order_row.currency), account_of('gateway_clearing', null, null, order_row.currency),
      result.amount_minor, order_row.currency, order_row.id, order_row.paid_transaction_id);
    insert into gateway_refunds (payment_row_id, order_id, amount_minor, currency, reason, transaction_id, requested_by)
      values (v_payment_id, order_row.id, result.amount_minor, order_row.currency, p_reason, result.transaction_id, p_staff_id) returning id, created_at into result.id, result.created_at;
    insert into outbox (topic, payload) values ('gateway.refund', jsonb_build_object('refund_id', result.id));
  else
    result.transaction_id := post_to_wallet('refund', order_row.student_id, account_of('cafe_payable', null, order_row.cafe_id, order_row.currency), result.amount_minor, order_row.currency, order_row.id, null, null,
      order_row.paid_transaction_id);
    insert into refunds (order_id, amount_minor, reason, transaction_id, requested_by)
      values (order_row.id, result.amount_minor, p_reason, result.transaction_id, p_staff_id) returning id, created_at into result.id, result.created_at;
    perform repay_debt(order_row.student_id, order_row.currency);
  end if;
  result.outcome := 'refunded';
  return result;
end $$;
