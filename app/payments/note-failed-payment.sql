-- An attempt that failed. Another one may still succeed, so nothing ends by it; a payment that came first stands.
create or replace function note_failed_payment(p_gateway text, p_gateway_order_id text) returns void language plpgsql as $$
declare g gateway_orders;
begin
  select * into g from gateway_orders where gateway = p_gateway and gateway_order_id = p_gateway_order_id;
  if not found then return; end if;
  if g.order_id is not null then
    perform 1 from orders where id = g.order_id for update;
    update orders set payment_status = 'failed', updated_at = now() where id = g.order_id and payment_status = 'pending' and payment_method = 'upi';
  end if;
  update gateway_orders set status = 'failed', updated_at = now() where id = g.id and status in ('created', 'expired');
end $$;
