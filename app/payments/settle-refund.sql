-- How a refund through the gateway ended. The first end counts; a failed one gives the money back to where it was taken.
create or replace function finish_refund(p_refund_id uuid, p_gateway_refund_id text, p_status text) returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare refund gateway_refunds; order_row orders; v_from uuid; dispute record; v_part bigint;
begin
  select order_id into refund.order_id from gateway_refunds where id = p_refund_id;
  if not found then return 'unknown'; end if;
  if refund.order_id is not null then select * into order_row from orders where id = refund.order_id for update; end if;
  select * into refund from gateway_refunds where id = p_refund_id for update;
  if refund.status <> 'pending' then return refund.status; end if;
  if p_status = 'failed' then
    v_from := account_of('gateway_clearing', null, null, refund.currency);
    refund.returned_transaction_id := post_between('gateway_refund_return', v_from,
      case when refund.order_id is null then account_of('held', null, null, refund.currency) else account_of('cafe_payable', null, order_row.cafe_id, refund.currency) end,
      refund.amount_minor, refund.currency, refund.order_id, (select corrects_id from ledger_transactions where id = refund.transaction_id));
    update orders set refunded_minor = refunded_minor - refund.amount_minor, payment_status = 'paid', updated_at = now() where id = refund.order_id;
    -- What a dispute took while this refund was on its way the university bore: the café has the money again, and bears it now.
    for dispute in
      select x.transaction_id, sum(t.amount_minor) - coalesce((select sum(m.amount_minor) from ledger_transactions m where m.kind = 'dispute_moved' and m.corrects_id = x.transaction_id), 0) as minor
      from gateway_disputes x join ledger_transactions t on t.corrects_id = x.transaction_id and t.kind = 'dispute_lost' join accounts a on a.id = t.from_account_id and a.kind = 'fees'
      where x.order_id = refund.order_id and x.status = 'lost' group by x.transaction_id order by x.transaction_id
    loop
      v_part := least(dispute.minor, left_with_cafe(order_row.id));
      if v_part > 0 then
        perform post_between('dispute_moved', account_of('cafe_payable', null, order_row.cafe_id, refund.currency), account_of('fees', null, null, refund.currency), v_part, refund.currency, order_row.id, dispute.transaction_id);
      end if;
    end loop;
  end if;
  update gateway_refunds set status = p_status, settled_at = now(), returned_transaction_id = refund.returned_transaction_id,
      gateway_refund_id = coalesce(p_gateway_refund_id, gateway_refund_id)
    where id = refund.id;
  if refund.order_id is not null then
    perform emit_event(array['order:' || order_row.id, 'cafe:' || order_row.cafe_id, 'student:' || order_row.student_id], 'refund_settled',
      jsonb_build_object('order_id', order_row.id, 'refund_id', refund.id, 'status', p_status, 'amount_minor', refund.amount_minor, 'currency', refund.currency));
  end if;
  return p_status;
end $$;
