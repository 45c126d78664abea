-- Why: money moves only as the chart of accounts allows, and only with its document. The application's role writes no row of the
-- ledger itself: it asks functions that run with their owner's rights, one for each kind of document, and each writes both.

create table allowed_legs (
  kind text not null,
  from_kind text not null,
  to_kind text not null,
  -- The table whose row says why; which row of it, ledger_documents finds.
  document text not null,
  primary key (kind, from_kind, to_kind)
);
insert into allowed_legs (kind, from_kind, to_kind, document) values
  ('debit', 'wallet', 'cafe_payable', 'charges'),
  ('repost', 'wallet', 'cafe_payable', 'failover_cases'),
  ('repost', 'receivables', 'wallet', 'failover_cases'),
  ('refund', 'cafe_payable', 'wallet', 'refunds'),
  ('refund', 'cafe_payable', 'cash', 'refunds'),
  ('adjustment', 'adjustments', 'wallet', 'adjustments'),
  ('adjustment', 'wallet', 'adjustments', 'adjustments'),
  ('cash_sale', 'cash', 'cafe_payable', 'orders'),
  ('top_up', 'gateway_clearing', 'wallet', 'gateway_payments'),
  ('gateway_sale', 'gateway_clearing', 'cafe_payable', 'gateway_payments'),
  ('gateway_hold', 'gateway_clearing', 'held', 'gateway_payments'),
  ('gateway_refund', 'cafe_payable', 'gateway_clearing', 'gateway_refunds'),
  ('gateway_refund', 'cafe_payable', 'suspense', 'gateway_refunds'),
  ('gateway_refund', 'held', 'gateway_clearing', 'gateway_refunds'),
  ('gateway_refund_return', 'gateway_clearing', 'cafe_payable', 'gateway_refunds'),
  ('gateway_refund_return', 'gateway_clearing', 'held', 'gateway_refunds'),
  ('dispute', 'disputes', 'gateway_clearing', 'gateway_disputes'),
  ('dispute_won', 'gateway_clearing', 'disputes', 'gateway_disputes'),
  ('dispute_lost', 'cafe_payable', 'disputes', 'gateway_disputes'),
  ('dispute_lost', 'wallet', 'disputes', 'gateway_disputes'),
  ('dispute_lost', 'receivables', 'disputes', 'gateway_disputes'),
  ('dispute_lost', 'fees', 'disputes', 'gateway_disputes'),
  ('dispute_moved', 'cafe_payable', 'fees', 'gateway_disputes'),
  ('outside_refund', 'suspense', 'gateway_clearing', 'outside_refunds'),
  ('outside_refund_return', 'gateway_clearing', 'suspense', 'outside_refunds'),
  ('outside_refund_borne', 'wallet', 'suspense', 'outside_refunds'),
  ('outside_refund_borne', 'receivables', 'suspense', 'outside_refunds'),
  ('outside_refund_borne', 'fees', 'suspense', 'outside_refunds'),
  ('gateway_pay_out', 'bank', 'gateway_clearing', 'gateway_pay_outs'),
  ('gateway_pay_out', 'gateway_clearing', 'bank', 'gateway_pay_outs'),
  ('gateway_fee', 'gateway_fees', 'gateway_clearing', 'gateway_pay_outs'),
  ('gateway_fee', 'gateway_clearing', 'gateway_fees', 'gateway_pay_outs'),
  ('settlement', 'cafe_payable', 'cash', 'settlements'),
  ('settlement', 'cash', 'cafe_payable', 'settlements'),
  ('settlement', 'cafe_payable', 'bank', 'settlements'),
  ('fee', 'cafe_payable', 'fees', 'settlements'),
  ('fee', 'fees', 'cafe_payable', 'settlements'),
  ('fee', 'cafe_payable', 'vat', 'settlements'),
  ('fee', 'vat', 'cafe_payable', 'settlements'),
  ('close_out', 'wallet', 'bank', 'close_outs'),
  ('debt_repaid', 'wallet', 'receivables', 'debt_repayments'),
  ('debt_written_off', 'adjustments', 'receivables', 'debt_write_offs');
grant select on allowed_legs to campus_app;

-- What a student's money paid back of a debt.
create table debt_repayments (
  transaction_id uuid primary key,
  student_id uuid not null references students (id),
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  created_at timestamptz not null default now()
);
grant select on debt_repayments to campus_app;
do $$ begin
  insert into debt_repayments (transaction_id, student_id, amount_minor, currency, created_at)
    select id, wallet_student_id, amount_minor, currency, at from ledger_transactions where kind = 'debt_repaid';
end $$;

-- The debit is the one leg that is not looked up when it is written: one function writes it, a foreign key to the chart would be one hot
-- row for all of them, and a look-up costs each payment. It carries its document with it; the ledger check looks the rest up.
alter table ledger_transactions add constraint ledger_transactions_debit_has_its_charge
  check (kind <> 'debit' or (charge_id is not null and order_id is not null and wallet_student_id is not null)) not valid;

-- Money that stays in a wallet and cannot be spent until something is decided. A wallet's held_minor is the sum of those that stand.
create table wallet_holds (
  id uuid primary key default uuidv7(),
  student_id uuid not null references students (id),
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  document text not null check (document in ('close_outs', 'gateway_disputes')),
  document_id uuid not null,
  status text not null default 'placed' check (status in ('placed', 'posted', 'voided', 'expired')),
  -- null: until it is decided.
  expires_at timestamptz,
  placed_at timestamptz not null default now(),
  ended_at timestamptz,
  check ((status = 'placed') = (ended_at is null))
);
create unique index wallet_holds_one_a_document on wallet_holds (document, document_id) where status = 'placed';
create index wallet_holds_student on wallet_holds (student_id);
create index wallet_holds_expiring on wallet_holds (expires_at) where status = 'placed' and expires_at is not null;
grant select on wallet_holds to campus_app;
insert into wallet_holds (student_id, amount_minor, currency, document, document_id)
  select c.student_id, w.held_minor, c.currency, 'close_outs', c.id from close_outs c join wallets w on w.student_id = c.student_id
  where c.status in ('pending', 'agreed') and w.held_minor > 0;

revoke insert on accounts, ledger_transactions, ledger_anchors, account_snapshots, refunds, gateway_payments, gateway_pay_outs, settled_entries from campus_app;
revoke insert, update on settlements from campus_app;
revoke delete on account_snapshots from campus_app;
revoke insert, update on wallets from campus_app;
grant update (status, daily_limit_minor, low_balance_alert_minor, auto_top_up_below_minor, updated_at) on wallets to campus_app;
