-- What a transaction of this kind is to the café whose account it moves, for reports, shifts, settlements and analytics: whoever tells sales
-- from what went back asks here. Null for what is neither: a settlement, a fee, a correction.
create or replace function movement_of_kind(p_kind text) returns text language sql immutable parallel safe as $$
  select case
    when p_kind in ('refund', 'gateway_refund') then 'refund'
    when p_kind = 'gateway_refund_return' then 'return'
    when p_kind in ('dispute_lost', 'dispute_moved') then 'dispute'
    when p_kind in ('debit', 'repost', 'cash_sale', 'gateway_sale') then 'sale'
  end;
$$;

-- By which way of paying it was paid or given back. A refund to a wallet has the wallet's student; one without is cash.
create or replace function payment_method_of_kind(p_kind text, p_wallet_student_id uuid) returns text language sql immutable parallel safe as $$
  select case
    when p_kind in ('debit', 'repost') or p_wallet_student_id is not null then 'wallet'
    when p_kind in ('cash_sale', 'refund') then 'cash'
    when p_kind in ('gateway_sale', 'gateway_refund', 'gateway_refund_return', 'dispute_lost', 'dispute_moved') then 'upi'
  end;
$$;
