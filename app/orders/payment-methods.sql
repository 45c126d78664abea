-- In the order in which reports list them, as payment-methods.ts has it.
create or replace function payment_methods() returns text[] language sql immutable parallel safe as $$
  select array['cash', 'wallet', 'upi'];
$$;
