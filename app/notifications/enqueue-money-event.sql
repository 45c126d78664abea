-- News of money for whoever keeps books: a row of the outbox in the transaction of its document, whatever wrote that. A debit writes none of
-- these tables, so it never comes here. What is told names a student by id at most.
create or replace function enqueue_money_event(p_event text, p_cafe_id uuid, p_told jsonb) returns void language sql as $$
  insert into outbox (topic, payload) values (p_event,
    jsonb_build_object('at', json_time(now()), 'cafe_id', p_cafe_id, split_part(p_event, '.', 1), p_told));
$$;

create or replace function tell_top_up() returns trigger language plpgsql as $$
declare gateway_order gateway_orders;
begin
  select * into gateway_order from gateway_orders where id = new.order_row_id;
  perform enqueue_money_event('top_up.credited', null, jsonb_build_object('id', gateway_order.id, 'student_id', gateway_order.student_id,
    'transaction_id', new.transaction_id, 'amount_minor', new.amount_minor, 'currency', new.currency));
  return null;
end $$;
create or replace trigger gateway_payments_told after insert on gateway_payments for each row
  when (new.credited_to = 'wallet') execute function tell_top_up();

-- Into the wallet or over the counter: it is made and settled in one.
create or replace function tell_refund() returns trigger language plpgsql as $$
declare o orders;
begin
  select * into o from orders where id = new.order_id;
  perform enqueue_money_event('refund.made', o.cafe_id, jsonb_build_object('id', new.id, 'order_id', o.id, 'transaction_id', new.transaction_id,
    'to', case when o.payment_method = 'cash' then 'cash' else 'wallet' end, 'status', 'processed',
    'amount_minor', new.amount_minor, 'currency', o.currency));
  return null;
end $$;
create or replace trigger refunds_told after insert on refunds for each row execute function tell_refund();

-- Through the gateway: its end is told apart. Of money that no wallet could take there is no order and no café.
create or replace function tell_gateway_refund() returns trigger language plpgsql as $$
begin
  perform enqueue_money_event(case tg_op when 'INSERT' then 'refund.made' else 'refund.settled' end, (select cafe_id from orders where id = new.order_id),
    jsonb_build_object('id', new.id, 'order_id', new.order_id, 'transaction_id', new.transaction_id, 'to', 'gateway', 'status', new.status,
      'amount_minor', new.amount_minor, 'currency', new.currency));
  return null;
end $$;
create or replace trigger gateway_refunds_told after insert on gateway_refunds for each row execute function tell_gateway_refund();
create or replace trigger gateway_refunds_end_told after update of status on gateway_refunds for each row
  when (old.status = 'pending' and new.status <> 'pending') execute function tell_gateway_refund();

-- A dispute of a top-up is no café's.
create or replace function tell_dispute() returns trigger language plpgsql as $$
begin
  perform enqueue_money_event(case tg_op when 'INSERT' then 'dispute.opened' else 'dispute.closed' end, (select cafe_id from orders where id = new.order_id),
    jsonb_build_object('id', new.id, 'order_id', new.order_id, 'transaction_id', new.transaction_id, 'status', new.status,
      'amount_minor', new.amount_minor, 'currency', new.currency));
  return null;
end $$;
create or replace trigger gateway_disputes_told after insert on gateway_disputes for each row execute function tell_dispute();
create or replace trigger gateway_disputes_end_told after update of settled_at on gateway_disputes for each row
  when (old.settled_at is null and new.settled_at is not null) execute function tell_dispute();

create or replace function tell_settlement() returns trigger language plpgsql as $$
begin
  perform enqueue_money_event(
    case when tg_op = 'INSERT' then 'settlement.made' when new.status = 'paid' then 'settlement.paid' else 'settlement.returned' end, new.cafe_id,
    jsonb_build_object('id', new.id, 'day', new.day, 'status', new.status, 'amount_minor', new.payable_minor, 'carried_minor', new.carried_minor,
      'currency', new.currency));
  return null;
end $$;
create or replace trigger settlements_told after insert on settlements for each row execute function tell_settlement();
create or replace trigger settlements_change_told after update of status on settlements for each row
  when (new.status <> old.status) execute function tell_settlement();
