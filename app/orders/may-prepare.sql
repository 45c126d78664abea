-- Whether the kitchen may begin: paid, to be paid in cash, or a café that trusts.
create or replace function may_prepare(o orders) returns boolean language sql stable parallel safe as $$
  select o.payment_status in ('paid', 'refunded') or o.payment_method = 'cash' or setting_of(o.cafe_id, 'prepare_before_paid') = 'true';
$$;
