-- What an order must add up to, asked only when one of its parts is set: PostgreSQL reads a CHECK from its text for every update.
create or replace trigger orders_add_up after insert or update of subtotal_minor, delivery_charge_minor, total_minor, refunded_minor, order_type, delivery_address on orders
  for each row when (new.total_minor <> new.subtotal_minor + new.delivery_charge_minor or new.refunded_minor not between 0 and new.total_minor
    or (new.delivery_address is not null) <> (new.order_type = 'delivery'))
  execute function refuse_row();
