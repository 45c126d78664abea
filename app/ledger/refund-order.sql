create type refund_outcome as (outcome text, id uuid, transaction_id uuid, amount_minor bigint, refunded_minor bigint, payment_status text, created_at timestamptz);

-- Gives money of a paid order back to the wallet, or leaves it to the worker to send it back through the gateway: the whole rest where no
-- amount is told. Never more than was paid, over both ways and with what a bank or somebody at the gateway took or may yet take. Locks the
-- order, then the wallet. The day's spending is not lowered: a limit that grows back with each refund would be no limit.
create or replace function refund_order(p_order_id uuid, p_amount_minor bigint, p_to text, p_reason text, p_staff_id uuid) returns refund_outcome
language plpgsql security definer set search_path = public, pg_temp as $$
declare r refund_outcome; o orders; v_payment_id uuid; v_left bigint;
begin
  select * into o from orders where id = p_order_id for update;
  v_left := greatest(0, o.total_minor - o.refunded_minor - taken_elsewhere(o.id));
  r.amount_minor := coalesce(p_amount_minor, v_left);
  r.refunded_minor := o.refunded_minor;
  if p_to = 'gateway' then
    select id into v_payment_id from gateway_payments where transaction_id = o.paid_transaction_id;
    if not found then r.outcome := 'not_through_gateway'; return r; end if;
  else
    perform open_wallet(o.student_id, o.currency);
  end if;
  update orders set refunded_minor = refunded_minor + r.amount_minor, updated_at = now(),
      payment_status = case when refunded_minor + r.amount_minor = total_minor then 'refunded' else payment_status end
    where id = o.id and payment_status = 'paid' and payment_method <> 'cash' and student_id is not null and r.amount_minor > 0
      and refunded_minor + r.amount_minor + taken_elsewhere(id) <= total_minor
    returning refunded_minor, payment_status into r.refunded_minor, r.payment_status;
  if not found then r.outcome := 'too_much'; r.amount_minor := v_left; return r; end if;
  if p_to = 'gateway' then
    r.transaction_id := post_between('gateway_refund', account_of('cafe_payable', null, o.cafe_id, o.currency), account_of('gateway_clearing', null, null, o.currency),
      r.amount_minor, o.currency, o.id, o.paid_transaction_id);
    insert into gateway_refunds (payment_row_id, order_id, amount_minor, currency, reason, transaction_id, requested_by)
      values (v_payment_id, o.id, r.amount_minor, o.currency, p_reason, r.transaction_id, p_staff_id) returning id, created_at into r.id, r.created_at;
    insert into outbox (topic, payload) values ('gateway.refund', jsonb_build_object('refund_id', r.id));
  else
    r.transaction_id := post_to_wallet('refund', o.student_id, account_of('cafe_payable', null, o.cafe_id, o.currency), r.amount_minor, o.currency, o.id, null, null,
      o.paid_transaction_id);
    insert into refunds (order_id, amount_minor, reason, transaction_id, requested_by)
      values (o.id, r.amount_minor, p_reason, r.transaction_id, p_staff_id) returning id, created_at into r.id, r.created_at;
  end if;
  r.outcome := 'refunded';
  return r;
end $$;
