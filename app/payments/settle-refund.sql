-- How a refund through the gateway ended. The first end counts; a failed one gives the money back to where it was taken.
create or replace function finish_refund(p_refund_id uuid, p_gateway_refund_id text, p_status text) returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare refund gateway_refunds; order_row orders; v_from uuid;
begin
  select * into refund from gateway_refunds where id = p_refund_id;
  if not found then return 'unknown'; end if;
  if refund.order_id is not null then select * into order_row from orders where id = refund.order_id for update; end if;
  perform 1 from gateway_orders where id = (select order_row_id from gateway_payments where id = refund.payment_row_id) for update;
  select * into refund from gateway_refunds where id = p_refund_id for update;
  if refund.status <> 'pending' then return refund.status; end if;
  if p_status = 'failed' then
    v_from := account_of('gateway_clearing', null, null, refund.currency);
    refund.returned_transaction_id := post_between('gateway_refund_return', v_from,
      case when refund.order_id is null then account_of('held', null, null, refund.currency) else account_of('cafe_payable', null, order_row.cafe_id, refund.currency) end,
      refund.amount_minor, refund.currency, refund.order_id, (select corrects_id from ledger_transactions where id = refund.transaction_id));
    update orders set refunded_minor = refunded_minor - refund.amount_minor, payment_status = 'paid', updated_at = now() where id = refund.order_id;
  end if;
  update gateway_refunds set status = p_status, settled_at = now(), returned_transaction_id = refund.returned_transaction_id,
      gateway_refund_id = coalesce(p_gateway_refund_id, gateway_refund_id)
    where id = refund.id;
  perform move_lost_disputes(refund.payment_row_id);
  perform contest_what_went_back(refund.payment_row_id) where p_status = 'processed';
  if refund.order_id is not null then
    perform emit_event(array['order:' || order_row.id, 'cafe:' || order_row.cafe_id, 'student:' || order_row.student_id], 'refund_settled',
      jsonb_build_object('order_id', order_row.id, 'refund_id', refund.id, 'status', p_status, 'amount_minor', refund.amount_minor, 'currency', refund.currency));
  end if;
  return p_status;
end $$;
