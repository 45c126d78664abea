-- What a transaction is to the café whose account it moves, for reports, shifts and whoever else tells sales from what went back.
create or replace function movement_of(t ledger_transactions) returns text language sql immutable parallel safe as $$
  select case
    when t.kind in ('refund', 'gateway_refund') then 'refund'
    when t.kind = 'gateway_refund_return' then 'return'
    when t.kind in ('dispute_lost', 'dispute_moved') then 'dispute'
    when t.kind in ('debit', 'repost', 'cash_sale', 'gateway_sale') then 'sale'
  end;
$$;

-- By which way of paying it was paid or given back. A refund to a wallet has the wallet's student; one without is cash.
create or replace function payment_method_of(t ledger_transactions) returns text language sql immutable parallel safe as $$
  select case
    when t.kind in ('debit', 'repost') or t.wallet_student_id is not null then 'wallet'
    when t.kind in ('cash_sale', 'refund') then 'cash'
    else 'upi'
  end;
$$;
