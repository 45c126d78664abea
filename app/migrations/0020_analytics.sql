-- Why: what the nightly jobs of app/analytics may read, column by column: none that names a person. The role is made by
-- app/analytics/role.sql, before the migrations.

do $$ begin execute format('grant connect on database %I to campus_reports', current_database()); end $$;
grant usage on schema public to campus_reports;

-- xmin tells which rows were written since the run before.
grant select (id, code, name, time_zone, currency) on cafes to campus_reports;
grant select (id, cafe_id, name) on menu_items to campus_reports;
grant select (xmin, id, cafe_id, student_id, order_number, order_day, status, order_type, payment_method, payment_status, subtotal_minor,
  delivery_charge_minor, total_minor, refunded_minor, currency, item_count, paid_transaction_id, paid_at, no_show_at, created_at)
  on orders to campus_reports;
grant select (xmin, id, order_id, menu_item_id, quantity, line_total_minor) on order_items to campus_reports;
grant select (id, kind, cafe_id, currency) on accounts to campus_reports;
grant select (id, kind, from_account_id, to_account_id, amount_minor, currency, order_id, corrects_id, wallet_student_id, at, xid)
  on ledger_transactions to campus_reports;
grant select (cafe_id, day, wallet_sales_minor, gateway_sales_minor, cash_sales_minor, wallet_refunds_minor, gateway_refunds_minor,
  cash_refunds_minor, disputes_minor, other_minor, payable_minor, status) on settlements to campus_reports;
