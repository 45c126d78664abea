-- A row of the outbox for an order that the kitchen may begin: when it is new, and whenever it changes afterwards. One that is still to
-- be paid gets none: its payment writes a row of its own. A debit sets none of these columns, so it never comes here.
create or replace function enqueue_order_event() returns trigger language plpgsql as $$
begin
  if not may_prepare(new) then return null; end if;
  if tg_op = 'INSERT' then
    insert into outbox (topic, payload) values ('order.received', jsonb_build_object('order_id', new.id, 'cafe_id', new.cafe_id, 'at', now()));
  else
    insert into outbox (topic, payload) values ('order.changed', jsonb_build_object('order_id', new.id, 'cafe_id', new.cafe_id, 'at', now(),
      'status', case when old.status <> new.status then new.status end));
  end if;
  return null;
end $$;
create or replace trigger orders_enqueued after insert on orders for each row execute function enqueue_order_event();
create or replace trigger orders_change_enqueued after update of status, version, refunded_minor on orders for each row
  when (old.status <> new.status or old.version <> new.version or old.refunded_minor <> new.refunded_minor) execute function enqueue_order_event();
