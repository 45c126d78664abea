-- A row of the ledger is a leg of the chart of accounts, in the one currency of both accounts, and numbered exactly where a wallet takes
-- part. Estimated at 15 µs a row; the debit is not asked (its CHECK stands in the table).
create or replace function keep_chart() returns trigger language plpgsql as $$
declare v_from accounts; v_to accounts;
begin
  select * into v_from from accounts where id = new.from_account_id;
  select * into v_to from accounts where id = new.to_account_id;
  if not exists (select from allowed_legs where kind = new.kind and from_kind = v_from.kind and to_kind = v_to.kind) then
    raise exception 'the chart of accounts has no % from % to %', new.kind, v_from.kind, v_to.kind using errcode = 'CP422',
      hint = 'A new way for money to move is a row of allowed_legs with its document, in a migration.';
  end if;
  if v_from.currency <> new.currency or v_to.currency <> new.currency or ('wallet' in (v_from.kind, v_to.kind)) <> (new.wallet_student_id is not null) then
    raise exception 'the % is of another currency than its accounts, or of another wallet', new.kind using errcode = 'CP422';
  end if;
  return new;
end $$;
create or replace trigger ledger_transactions_chart before insert on ledger_transactions for each row when (new.kind <> 'debit') execute function keep_chart();

-- The one row that says why a transaction stands. A leg that belongs to a document which caused several has no amount of its own.
create or replace view ledger_documents with (security_invoker = true) as
  select transaction_id, 'charges' as document, id as document_id, amount_minor from charges c where transaction_id is not null
    and not exists (select from failover_cases f where f.transaction_id = c.transaction_id and f.status = 'reposted')
  union all select transaction_id, 'refunds', id, amount_minor from refunds
  union all select transaction_id, 'adjustments', id, abs(amount_minor) from adjustments where status = 'approved'
  union all select paid_transaction_id, 'orders', id, total_minor from orders where payment_method = 'cash' and paid_transaction_id is not null
  union all select transaction_id, 'gateway_payments', id, amount_minor from gateway_payments
  union all select transaction_id, 'gateway_refunds', id, amount_minor from gateway_refunds
  union all select returned_transaction_id, 'gateway_refunds', id, amount_minor from gateway_refunds where returned_transaction_id is not null
  union all select transaction_id, 'gateway_disputes', id, amount_minor from gateway_disputes
  union all select t.id, 'gateway_disputes', d.id, null from ledger_transactions t join gateway_disputes d on d.transaction_id = t.corrects_id
    where t.kind in ('dispute_won', 'dispute_lost', 'dispute_moved')
  union all select transaction_id, 'outside_refunds', id, amount_minor from outside_refunds
  union all select returned_transaction_id, 'outside_refunds', id, amount_minor from outside_refunds where returned_transaction_id is not null
  union all select t.id, 'outside_refunds', x.id, null from ledger_transactions t join outside_refunds x on x.transaction_id = t.corrects_id
    where t.kind = 'outside_refund_borne'
  union all select transaction_id, 'gateway_pay_outs', id, abs(amount_minor) from gateway_pay_outs where transaction_id is not null
  union all select fee_transaction_id, 'gateway_pay_outs', id, fee_minor from gateway_pay_outs where fee_transaction_id is not null
  union all select cash_transaction_id, 'settlements', id, abs(cash_kept_minor) from settlements where cash_transaction_id is not null
  union all select fee_transaction_id, 'settlements', id, abs(fee_minor) from settlements where fee_transaction_id is not null
  union all select fee_vat_transaction_id, 'settlements', id, abs(fee_vat_minor) from settlements where fee_vat_transaction_id is not null
  union all select paid_transaction_id, 'settlements', id, payable_minor from settlements where paid_transaction_id is not null
  union all select paid_transaction_id, 'settlements', settlement_id, amount_minor from returned_pay_outs where settlement_id is not null
  union all select transaction_id, 'returned_pay_outs', id, amount_minor from returned_pay_outs
  union all select transaction_id, 'close_outs', id, amount_minor from close_outs where transaction_id is not null
  union all select transaction_id, 'debt_repayments', transaction_id, amount_minor from debt_repayments
  union all select transaction_id, 'grants', id, amount_minor from grants where transaction_id is not null
  union all select expired_transaction_id, 'grants', id, taken_back_minor from grants where expired_transaction_id is not null
  union all select transaction_id, 'debt_write_offs', id, amount_minor from debt_write_offs where transaction_id is not null
  union all select transaction_id, 'failover_cases', id, amount_minor from failover_cases where status = 'reposted'
  union all select t.id, 'failover_cases', f.id, f.owed_minor from ledger_transactions t join failover_cases f on f.charge_id = t.charge_id and f.transaction_id <> t.id
    where t.kind = 'repost';
grant select on ledger_documents to campus_app;
