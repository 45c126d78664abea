-- The money of a cash order is in the till. Null where there is nothing to take: paid, cancelled, or not to be paid in cash.
create or replace function take_cash(p_order_id uuid) returns uuid language plpgsql security definer set search_path = public, pg_temp as $$
declare o orders; v_id uuid; v_at timestamptz;
begin
  select * into o from orders where id = p_order_id and payment_method = 'cash' and payment_status = 'pending' and status <> 'cancelled' for update;
  if not found then return null; end if;
  insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency, order_id)
    values ('cash_sale', account_of('cash', null, o.cafe_id, o.currency), account_of('cafe_payable', null, o.cafe_id, o.currency), o.total_minor, o.currency, o.id)
    returning id, at into v_id, v_at;
  update orders set payment_status = 'paid', paid_transaction_id = v_id, paid_at = v_at, updated_at = now() where id = o.id;
  perform emit_event(array_remove(array['order:' || o.id, 'cafe:' || o.cafe_id, 'student:' || o.student_id], null), 'order_paid',
    jsonb_build_object('order_id', o.id, 'order_number', o.order_number, 'payment_status', 'paid', 'amount_minor', o.total_minor));
  insert into outbox (topic, payload) values ('order.paid', jsonb_build_object('transaction_id', v_id, 'order_id', o.id, 'cafe_id', o.cafe_id,
    'amount_minor', o.total_minor, 'currency', o.currency, 'at', v_at));
  return v_id;
end $$;
