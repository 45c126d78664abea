-- The book as an accountant reads it: two entries a transaction.
create or replace view ledger_entries with (security_invoker = true) as
  select id as transaction_id, from_account_id as account_id, -amount_minor as amount_minor, currency, kind, at, xid from ledger_transactions
  union all
  select id, to_account_id, amount_minor, currency, kind, at, xid from ledger_transactions;
grant select on ledger_entries to campus_app;
grant select on ledger_entries to campus_reports;
