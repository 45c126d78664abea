-- How a refund through the gateway ended. The first end counts; a failed one gives the money back to where it was taken.
create or replace function settle_gateway_refund(p_refund_id uuid, p_gateway_refund_id text, p_status text) returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare f gateway_refunds; o orders; v_from uuid; d record; v_part bigint;
begin
  select order_id into f.order_id from gateway_refunds where id = p_refund_id;
  if not found then return 'unknown'; end if;
  if f.order_id is not null then select * into o from orders where id = f.order_id for update; end if;
  select * into f from gateway_refunds where id = p_refund_id for update;
  if f.status <> 'pending' then return f.status; end if;
  if p_status = 'failed' then
    v_from := account_of('gateway_clearing', null, null, f.currency);
    f.returned_transaction_id := post_between('gateway_refund_return', v_from,
      case when f.order_id is null then account_of('held', null, null, f.currency) else account_of('cafe_payable', null, o.cafe_id, f.currency) end,
      f.amount_minor, f.currency, f.order_id, (select corrects_id from ledger_transactions where id = f.transaction_id));
    update orders set refunded_minor = refunded_minor - f.amount_minor, payment_status = 'paid', updated_at = now() where id = f.order_id;
    -- What a dispute took while this refund was on its way the university bore: the café has the money again, and bears it now.
    for d in
      select x.transaction_id, sum(t.amount_minor) - coalesce((select sum(m.amount_minor) from ledger_transactions m where m.kind = 'dispute_moved' and m.corrects_id = x.transaction_id), 0) as minor
      from gateway_disputes x join ledger_transactions t on t.corrects_id = x.transaction_id and t.kind = 'dispute_lost' join accounts a on a.id = t.from_account_id and a.kind = 'fees'
      where x.order_id = f.order_id and x.status = 'lost' group by x.transaction_id order by x.transaction_id
    loop
      v_part := least(d.minor, o.total_minor - (o.refunded_minor - f.amount_minor) - lost_to_disputes(o.id));
      if v_part > 0 then
        perform post_between('dispute_moved', account_of('cafe_payable', null, o.cafe_id, f.currency), account_of('fees', null, null, f.currency), v_part, f.currency, o.id, d.transaction_id);
      end if;
    end loop;
  end if;
  update gateway_refunds set status = p_status, settled_at = now(), returned_transaction_id = f.returned_transaction_id,
      gateway_refund_id = coalesce(p_gateway_refund_id, gateway_refund_id)
    where id = f.id;
  if f.order_id is not null then
    perform emit_event(array['order:' || o.id, 'cafe:' || o.cafe_id, 'student:' || o.student_id], 'refund_settled',
      jsonb_build_object('order_id', o.id, 'refund_id', f.id, 'status', p_status, 'amount_minor', f.amount_minor, 'currency', f.currency));
  end if;
  return p_status;
end $$;
