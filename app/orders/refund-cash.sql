-- Cash of a cash order, given back over the counter: the whole rest where no amount is told. The caller holds the order
-- locked. An empty row where so much is not left.
create or replace function refund_cash(p_order_id uuid, p_amount_minor bigint, p_reason text, p_staff_id uuid) returns refunds language plpgsql security definer set search_path = public, pg_temp as $$
declare o orders; f refunds; v_amount bigint; v_transaction uuid;
begin
  select * into o from orders where id = p_order_id;
  v_amount := coalesce(p_amount_minor, o.total_minor - o.refunded_minor);
  update orders set refunded_minor = refunded_minor + v_amount, updated_at = now(),
      payment_status = case when refunded_minor + v_amount = total_minor then 'refunded' else payment_status end
    where id = o.id and payment_method = 'cash' and payment_status = 'paid' and refunded_minor + v_amount <= total_minor
    returning * into o;
  if not found then return f; end if;
  v_transaction := post_between('refund', account_of('cafe_payable', null, o.cafe_id, o.currency), account_of('cash', null, o.cafe_id, o.currency), v_amount, o.currency,
    o.id, o.paid_transaction_id);
  insert into refunds (order_id, amount_minor, reason, transaction_id, requested_by) values (o.id, v_amount, p_reason, v_transaction, p_staff_id) returning * into f;
  perform emit_event(array_remove(array['order:' || o.id, 'cafe:' || o.cafe_id, 'student:' || o.student_id], null), 'refunded',
    jsonb_build_object('order_id', o.id, 'refund_id', f.id, 'amount_minor', v_amount, 'refunded_minor', o.refunded_minor, 'currency', o.currency,
      'payment_status', o.payment_status));
  return f;
end $$;
