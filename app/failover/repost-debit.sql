-- Why a debit cannot be posted again; null where it can.
create or replace function repost_obstacle(f failover_cases) returns text language sql stable as $$
  select case
    when exists (select from ledger_transactions where id = f.transaction_id) then 'known'
    when o.paid_transaction_id is not null then 'paid_again'
    when o.id is not null and (o.student_id is distinct from f.student_id or o.cafe_id <> f.cafe_id or o.payment_method <> 'wallet'
      or o.total_minor <> f.amount_minor or o.currency <> f.currency) then 'order_changed'
    when s.id is null or s.erased_at is not null then 'unknown_student'
    when c.id is null then 'unknown_cafe'
    when w.status = 'closed' or w.currency <> f.currency then 'no_wallet'
  end
  from (values (1)) x (n) left join orders o on o.id = f.order_id left join students s on s.id = f.student_id left join cafes c on c.id = f.cafe_id
    left join wallets w on w.student_id = f.student_id;
$$;

-- The order of a receipt that was lost with its debit: its number, its amount and one line that says so, because what was
-- in it is known to nobody here. Its VAT is at the rate that most of the café's dishes have.
create or replace function restore_order(f failover_cases) returns void language plpgsql as $$
declare v_item uuid; v_name text := 'Order restored after a failover'; v_rate integer; v_number text := f.order_number; v_day date;
begin
  v_day := coalesce(to_date(substring(f.order_number from '^ORD-(\d{8})-\d{1,9}$'), 'YYYYMMDD'),
    (f.paid_at at time zone (select time_zone from cafes where id = f.cafe_id))::date);
  -- Numbers went on from an older count after the failover.
  insert into order_counters as c (cafe_id, day, last_number)
    select f.cafe_id, v_day, n::integer from (select substring(f.order_number from '^ORD-\d{8}-(\d{1,9})$') as n) x where n is not null
    on conflict (cafe_id, day) do update set last_number = greatest(c.last_number, excluded.last_number);
  if exists (select from orders where cafe_id = f.cafe_id and order_number = v_number) then v_number := v_number || '-R' || right(f.receipt_id::text, 4); end if;
  select vat_basis_points into v_rate from menu_items where cafe_id = f.cafe_id group by vat_basis_points order by count(*) desc, vat_basis_points desc limit 1;
  select id into v_item from menu_items where cafe_id = f.cafe_id and name = v_name limit 1;
  if v_item is null then
    insert into menu_items (cafe_id, category_id, name, price_minor, vat_basis_points, deleted_at)
      values (f.cafe_id, null, v_name, f.amount_minor, coalesce(v_rate, 1200), now()) returning id into v_item;
  end if;
  insert into orders (id, cafe_id, student_id, order_number, order_day, order_type, payment_method, subtotal_minor, total_minor, currency, special_instructions, item_count)
    values (f.order_id, f.cafe_id, f.student_id, v_number, v_day, 'pickup', 'wallet', f.amount_minor, f.amount_minor, f.currency,
      'Restored after a failover: it may have been handed over. Ask before you prepare it.', 1);
  insert into order_items (order_id, menu_item_id, item_name, item_price_minor, vat_basis_points, quantity, line_total_minor)
    values (f.order_id, v_item, v_name, f.amount_minor, coalesce(v_rate, 1200), 1, f.amount_minor);
end $$;

-- Posts a lost debit again under its own id. The second of two people asks for it. What the wallet lacks by now the student
-- owes: the café is paid in any case. Gives what stood in the way, or null where it was posted.
create or replace function repost_debit(p_case_id uuid, p_staff_id uuid) returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare
  lost failover_cases;
  wallet wallets;
  v_obstacle text;
begin
  select * into lost from failover_cases where id = p_case_id for update;
  if not found or lost.status <> 'agreed' then return 'not_agreed'; end if;
  if lost.agreed_by = p_staff_id then return 'same_person'; end if;
  begin
    perform 1 from orders where id = lost.order_id for update;
    perform 1 from charges where id = lost.charge_id or order_id = lost.order_id for update;
    v_obstacle := repost_obstacle(lost);
    if v_obstacle is not null then return v_obstacle; end if;
    perform open_wallet(lost.student_id, lost.currency);
    select * into wallet from wallets where student_id = lost.student_id for update;
    if (wallet.status <> 'closed') is not true then return 'no_wallet'; end if;
    if not exists (select from orders where id = lost.order_id) then perform restore_order(lost); end if;
    lost.owed_minor := greatest(0, lost.amount_minor - (wallet.balance_minor - wallet.held_minor));
    perform book_repost(lost);
    perform announce_repost(lost);
    update failover_cases set status = 'reposted', decided_by = p_staff_id, decided_at = now(), owed_minor = lost.owed_minor where id = lost.id;
  exception when others then
    -- One case that cannot be posted for a reason nobody thought of does not hold up the others. What another try can mend is
    -- tried again as a whole.
    if sqlstate in ('40001', '40P01', '55P03', '57014') then raise; end if;
    raise warning 'the case % was not posted: % (%)', p_case_id, sqlerrm, sqlstate;
    return 'failed';
  end;
  return null;
end $$;

-- What the wallet lacks as a debt, the debit itself, the order that it paid, and its receipt.
create or replace function book_repost(lost failover_cases) returns void language plpgsql as $$
declare
  wallet wallets;
begin
  if lost.owed_minor > 0 then
    perform post_to_wallet('repost', lost.student_id, account_of('receivables', lost.student_id, null, lost.currency), lost.owed_minor, lost.currency,
      null, lost.charge_id, null, null);
  end if;
  update wallets set balance_minor = balance_minor - lost.amount_minor, last_seq = last_seq + 1, updated_at = now()
    where student_id = lost.student_id returning * into wallet;
  insert into ledger_transactions (id, kind, from_account_id, to_account_id, amount_minor, currency, order_id, charge_id,
      wallet_student_id, wallet_seq, wallet_balance_after_minor)
    values (lost.transaction_id, 'repost', wallet.account_id, account_of('cafe_payable', null, lost.cafe_id, lost.currency), lost.amount_minor, lost.currency,
      lost.order_id, lost.charge_id, lost.student_id, wallet.last_seq, wallet.balance_minor);
  update orders set payment_status = 'paid', paid_transaction_id = lost.transaction_id, paid_at = now(), updated_at = now()
    where id = lost.order_id and paid_transaction_id is null;
  if not found then raise exception 'the order % changed under its own lock', lost.order_id; end if;
  insert into receipts (id, transaction_id, charge_id, order_id, student_id, payload, key_id)
    values (lost.receipt_id, lost.transaction_id, lost.charge_id, lost.order_id, lost.student_id, lost.payload, lost.key_id);
end $$;

-- Ends the charges of the order and tells those who watch, as the debit itself would have.
create or replace function announce_repost(lost failover_cases) returns void language plpgsql as $$
begin
  -- A charge ends once: one that ended in another way since stays as it is, its receipt beside it. One that asks for
  -- something else was made after the failover.
  update charges set state = 'confirmed', ended_at = lost.paid_at, transaction_id = lost.transaction_id
    where id = lost.charge_id and state = 'open' and amount_minor = lost.amount_minor and currency = lost.currency and lost.paid_at < expires_at;
  if found then
    perform emit_event(array['student:' || lost.student_id], 'charge_ended',
      jsonb_build_object('charge_id', lost.charge_id, 'order_id', lost.order_id, 'state', 'confirmed', 'receipt_id', lost.receipt_id));
  end if;
  perform end_charge(id, 'voided', 'order already paid') from charges where order_id = lost.order_id;
  perform emit_event(array['order:' || lost.order_id, 'cafe:' || lost.cafe_id, 'student:' || lost.student_id], 'order_paid',
    jsonb_build_object('order_id', lost.order_id, 'order_number', lost.order_number, 'payment_status', 'paid', 'amount_minor', lost.amount_minor));
  insert into outbox (topic, payload) values ('order.paid', jsonb_build_object('transaction_id', lost.transaction_id, 'order_id', lost.order_id,
    'cafe_id', lost.cafe_id, 'amount_minor', lost.amount_minor, 'currency', lost.currency, 'receipt_id', lost.receipt_id, 'at', lost.paid_at));
end $$;
