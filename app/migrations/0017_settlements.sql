-- Why: money goes out. What each café is owed for a day is worked out once and paid; a student who leaves is paid out; and
-- after a failover the receipts that people hold tell which debits the lost tail had, so that they can be posted again.
-- Lock order, kept everywhere: case, order, charge, wallet.

-- Not validated: each row there fits the narrower list that stood before, and reading a large ledger would hold up debits.
alter table accounts drop constraint accounts_kind_check;
alter table accounts add constraint accounts_kind_check check (kind in
  ('wallet', 'cafe_payable', 'gateway_clearing', 'cash', 'fees', 'adjustments', 'receivables', 'held', 'disputes', 'vat', 'bank')) not valid;
alter domain transaction_kind drop constraint transaction_kind_check;
alter domain transaction_kind add constraint transaction_kind_check check (value in
  ('debit', 'refund', 'adjustment', 'top_up', 'cash_sale', 'settlement', 'fee', 'repost', 'close_out',
   'gateway_sale', 'gateway_hold', 'gateway_refund', 'gateway_refund_return', 'dispute', 'dispute_won', 'dispute_lost')) not valid;

-- Settlements read a day of the ledger along this index; pages that it does not know yet are read all.
alter index ledger_transactions_at set (autosummarize = on);

-- What the university keeps of a café's sales, from a day on. A row without a café holds for those that have none of their own.
create table settlement_terms (
  id uuid primary key default uuidv7(),
  cafe_id uuid references cafes (id),
  from_day date not null,
  fee_basis_points integer not null check (fee_basis_points between 0 and 10000),
  fee_vat_basis_points integer not null check (fee_vat_basis_points between 0 and 10000),
  set_by uuid references staff (id),
  created_at timestamptz not null default now(),
  unique nulls not distinct (cafe_id, from_day)
);
insert into settlement_terms (cafe_id, from_day, fee_basis_points, fee_vat_basis_points) values (null, '2020-01-01', 0, 2500);

create table settlements (
  id uuid primary key default uuidv7(),
  cafe_id uuid not null references cafes (id),
  account_id uuid not null references accounts (id),
  day date not null,
  -- Where the settlement before ended, when the café's clock ended this day, and which transactions were committed when it was
  -- worked out: what happened before the end and was seen belongs to it, but for what the settlement before has.
  from_at timestamptz not null,
  until_at timestamptz not null,
  seen pg_snapshot not null,
  previous_id uuid unique references settlements (id),
  currency text not null,
  -- What the settlement before could not take from the café: zero or below.
  opening_minor bigint not null check (opening_minor <= 0),
  wallet_sales_minor bigint not null,
  gateway_sales_minor bigint not null,
  cash_sales_minor bigint not null,
  wallet_refunds_minor bigint not null,
  gateway_refunds_minor bigint not null,
  cash_refunds_minor bigint not null,
  disputes_minor bigint not null,
  -- Of a kind that no other line has: none today, and a kind that is added one day stops no settlement.
  other_minor bigint not null,
  sales_count integer not null,
  -- The VAT in the café's own prices, refunds taken off: [{"vat_basis_points", "gross_minor", "vat_minor"}].
  vat jsonb not null,
  -- What the café has in its own till already.
  cash_kept_minor bigint not null,
  fee_basis_points integer not null,
  fee_minor bigint not null,
  fee_vat_basis_points integer not null,
  fee_vat_minor bigint not null,
  payable_minor bigint not null check (payable_minor >= 0),
  carried_minor bigint not null check (carried_minor <= 0),
  status text not null check (status in ('due', 'paid', 'carried', 'nothing')),
  cash_transaction_id uuid unique,
  fee_transaction_id uuid unique,
  fee_vat_transaction_id uuid unique,
  paid_transaction_id uuid unique,
  paid_by uuid references staff (id),
  paid_at timestamptz,
  bank_reference text check (length(bank_reference) between 3 and 140),
  created_at timestamptz not null default now(),
  unique (cafe_id, day),
  check (payable_minor + carried_minor = opening_minor + wallet_sales_minor + gateway_sales_minor + cash_sales_minor
    - wallet_refunds_minor - gateway_refunds_minor - cash_refunds_minor - disputes_minor + other_minor - cash_kept_minor - fee_minor - fee_vat_minor),
  check (payable_minor = 0 or carried_minor = 0),
  check (status in ('due', 'paid') = (payable_minor > 0) and (status = 'carried') = (carried_minor < 0)),
  check ((status = 'paid') = (paid_transaction_id is not null) and (status = 'paid') = (paid_by is not null)
    and (status = 'paid') = (paid_at is not null) and (status = 'paid') = (bank_reference is not null))
);
create index settlements_due on settlements (id) where status = 'due';

create function settlement_terms_of(p_cafe_id uuid, p_day date) returns settlement_terms language sql stable as $$
  select t from settlement_terms t where (cafe_id = p_cafe_id or cafe_id is null) and from_day <= p_day order by cafe_id nulls last, from_day desc limit 1;
$$;

-- What moved on a café's account before `p_until` and was committed in `p_seen`, but for what was both before `p_from` and in
-- `p_from_seen`: of settlements in a row each takes a transaction once, also one whose commit was late. Two branches, because
-- each has its index (BRIN on the time, the xid); with an OR the whole ledger was read. Settling itself is left out. Signed as
-- the café sees it.
create function payable_entries(p_account_id uuid, p_from timestamptz, p_from_seen pg_snapshot, p_until timestamptz, p_seen pg_snapshot)
returns table (transaction_id uuid, at timestamptz, kind text, line text, order_id uuid, amount_minor bigint) language sql stable as $$
  select t.id, t.at, t.kind::text,
    case when t.kind in ('debit', 'repost') then 'wallet_sale' when t.kind = 'gateway_sale' then 'gateway_sale' when t.kind = 'cash_sale' then 'cash_sale'
      when t.kind = 'refund' and t.wallet_student_id is not null then 'wallet_refund' when t.kind = 'refund' then 'cash_refund'
      when t.kind in ('gateway_refund', 'gateway_refund_return') then 'gateway_refund' when t.kind = 'dispute_lost' then 'dispute' else 'other' end,
    t.order_id, case when t.to_account_id = p_account_id then t.amount_minor else -t.amount_minor end
  from (
    select x.* from ledger_transactions x where x.at >= p_from and x.at < p_until
    union all
    select x.* from ledger_transactions x where x.at < p_from and x.at < p_until
      and x.xid >= pg_snapshot_xmin(p_from_seen) and not pg_visible_in_snapshot(x.xid, p_from_seen)) t
  where p_account_id in (t.from_account_id, t.to_account_id) and t.kind not in ('settlement', 'fee') and pg_visible_in_snapshot(t.xid, p_seen);
$$;

create function settlement_entries(p_id uuid)
returns table (transaction_id uuid, at timestamptz, kind text, line text, order_id uuid, amount_minor bigint) language sql stable as $$
  select e.* from settlements s left join settlements p on p.id = s.previous_id,
    lateral payable_entries(s.account_id, s.from_at, p.seen, s.until_at, s.seen) e
  where s.id = p_id order by e.at, e.transaction_id;
$$;

create function post_signed(p_kind text, p_from_account_id uuid, p_to_account_id uuid, p_amount_minor bigint, p_currency text) returns uuid language sql as $$
  select case when p_amount_minor > 0 then post_between(p_kind, p_from_account_id, p_to_account_id, p_amount_minor, p_currency, null, null)
    when p_amount_minor < 0 then post_between(p_kind, p_to_account_id, p_from_account_id, -p_amount_minor, p_currency, null, null) end;
$$;

-- Works out what a café is owed for one finished day and posts the fee and the cash that it has already. Once for each café
-- and day, in the order of days; null where that was done, or cannot be yet.
create function settle_cafe_day(p_cafe_id uuid, p_day date, p_now timestamptz) returns uuid language plpgsql as $$
declare
  f cafes; t settlement_terms; prev settlements; s settlements; v_net bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('settlement' || p_cafe_id::text, 7));
  select * into f from cafes where id = p_cafe_id;
  s.until_at := (p_day + 1)::timestamp at time zone f.time_zone;
  -- A first settlement begins a little before its account, which the café's first sale made.
  select id, created_at - interval '1 day' into s.account_id, s.from_at from accounts where kind = 'cafe_payable' and cafe_id = f.id and currency = f.currency;
  select * into prev from settlements where cafe_id = f.id order by day desc limit 1;
  if s.account_id is null or s.until_at > p_now or prev.day >= p_day then return null; end if;
  s.from_at := coalesce(prev.until_at, s.from_at);
  t := settlement_terms_of(f.id, p_day);
  s.seen := pg_current_snapshot();

  with entries as materialized (select * from payable_entries(s.account_id, s.from_at, prev.seen, s.until_at, s.seen)),
  vat as (
    select v.vat_basis_points, sum(v.gross_minor)::bigint as gross_minor, sum(v.vat_minor)::bigint as vat_minor
    from (
      select x.* from entries e, lateral order_vat(e.order_id) x where e.line in ('wallet_sale', 'gateway_sale', 'cash_sale')
      union all
      select x.vat_basis_points, -x.gross_minor, -x.vat_minor from entries e, lateral refund_vat(e.transaction_id) x
      where e.line in ('wallet_refund', 'gateway_refund', 'cash_refund')) v
    group by v.vat_basis_points)
  select coalesce(sum(amount_minor) filter (where line = 'wallet_sale'), 0), coalesce(sum(amount_minor) filter (where line = 'gateway_sale'), 0),
      coalesce(sum(amount_minor) filter (where line = 'cash_sale'), 0), -coalesce(sum(amount_minor) filter (where line = 'wallet_refund'), 0),
      -coalesce(sum(amount_minor) filter (where line = 'gateway_refund'), 0), -coalesce(sum(amount_minor) filter (where line = 'cash_refund'), 0),
      -coalesce(sum(amount_minor) filter (where line = 'dispute'), 0), coalesce(sum(amount_minor) filter (where line = 'other'), 0),
      count(*) filter (where line like '%\_sale'),
      coalesce((select jsonb_agg(vat order by vat_basis_points) from vat), '[]')
    into s.wallet_sales_minor, s.gateway_sales_minor, s.cash_sales_minor, s.wallet_refunds_minor, s.gateway_refunds_minor, s.cash_refunds_minor,
      s.disputes_minor, s.other_minor, s.sales_count, s.vat
    from entries;

  s.opening_minor := coalesce(prev.carried_minor, 0);
  s.cash_kept_minor := s.cash_sales_minor - s.cash_refunds_minor;
  -- Of what came in without cash and was not given back; below zero where more was given back: that fee is returned.
  s.fee_minor := round((s.wallet_sales_minor + s.gateway_sales_minor - s.wallet_refunds_minor - s.gateway_refunds_minor)::numeric * t.fee_basis_points / 10000);
  s.fee_vat_minor := round(s.fee_minor::numeric * t.fee_vat_basis_points / 10000);
  v_net := s.opening_minor + s.wallet_sales_minor + s.gateway_sales_minor - s.wallet_refunds_minor - s.gateway_refunds_minor - s.disputes_minor
    + s.other_minor - s.fee_minor - s.fee_vat_minor;
  insert into settlements (cafe_id, account_id, day, from_at, until_at, seen, previous_id, currency, opening_minor, wallet_sales_minor, gateway_sales_minor, cash_sales_minor,
      wallet_refunds_minor, gateway_refunds_minor, cash_refunds_minor, disputes_minor, other_minor, sales_count, vat, cash_kept_minor,
      fee_basis_points, fee_minor, fee_vat_basis_points, fee_vat_minor, payable_minor, carried_minor, status,
      cash_transaction_id, fee_transaction_id, fee_vat_transaction_id)
    values (f.id, s.account_id, p_day, s.from_at, s.until_at, s.seen, prev.id, f.currency, s.opening_minor, s.wallet_sales_minor, s.gateway_sales_minor, s.cash_sales_minor,
      s.wallet_refunds_minor, s.gateway_refunds_minor, s.cash_refunds_minor, s.disputes_minor, s.other_minor, s.sales_count, s.vat, s.cash_kept_minor,
      t.fee_basis_points, s.fee_minor, t.fee_vat_basis_points, s.fee_vat_minor, greatest(v_net, 0), least(v_net, 0),
      case when v_net > 0 then 'due' when v_net < 0 then 'carried' else 'nothing' end,
      case when s.cash_kept_minor <> 0 then
        post_signed('settlement', s.account_id, account_of('cash', null, f.id, f.currency), s.cash_kept_minor, f.currency) end,
      case when s.fee_minor <> 0 then post_signed('fee', s.account_id, account_of('fees', null, null, f.currency), s.fee_minor, f.currency) end,
      case when s.fee_vat_minor <> 0 then post_signed('fee', s.account_id, account_of('vat', null, null, f.currency), s.fee_vat_minor, f.currency) end)
    returning id into s.id;
  return s.id;
end $$;

-- A student who leaves and asks for the rest. Where it goes is a person's bank account: it is blanked with the person.
create table close_outs (
  id uuid primary key default uuidv7(),
  student_id uuid not null references students (id),
  pay_to text not null check (length(pay_to) between 5 and 140),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  status text not null default 'pending' check (status in ('pending', 'paid', 'rejected', 'withdrawn')),
  amount_minor bigint check (amount_minor >= 0),
  transaction_id uuid unique,
  bank_reference text check (length(bank_reference) between 3 and 140),
  reason text check (length(reason) between 3 and 500),
  decided_by uuid references staff (id),
  decided_at timestamptz,
  created_at timestamptz not null default now(),
  check ((status = 'pending') = (decided_at is null)),
  check ((status = 'paid') = (amount_minor is not null)),
  check ((amount_minor > 0) = (transaction_id is not null) or (amount_minor is null and transaction_id is null))
);
create unique index close_outs_one_pending on close_outs (student_id) where status = 'pending';
create index close_outs_student on close_outs (student_id, id);

create function forget_close_outs() returns trigger language plpgsql as $$
begin
  update close_outs set pay_to = 'erased', reason = case when reason is not null then 'erased' end,
      status = case when status = 'pending' then 'withdrawn' else status end, decided_at = coalesce(decided_at, now())
    where student_id = new.id;
  -- The answer that finance was given names the account too, and keys of money have no end.
  update idempotency_answers set body = '{}'
    where principal = any (array(select distinct 'staff:' || decided_by from close_outs where student_id = new.id and decided_by is not null)) and body <> '{}'
      and body like any (array(select '%' || id || '%' from close_outs where student_id = new.id));
  return null;
end $$;
create trigger students_erased_close_outs after update of erased_at on students
  for each row when (new.erased_at is not null) execute function forget_close_outs();

-- Each epoch in which the books were found whole. A process whose own epoch is above the last of them is reconciling: after
-- a failover that is so until a person says that it is over.
create table region_epochs (
  epoch integer primary key check (epoch >= 1),
  reconciled_by uuid references staff (id),
  reconciled_at timestamptz not null default now()
);
insert into region_epochs (epoch) values (1);

-- A receipt that we signed and whose debit is not in the books. No foreign keys: what it names may be lost with the debit.
create table failover_cases (
  id uuid primary key default uuidv7(),
  receipt_id uuid not null unique,
  transaction_id uuid not null unique,
  charge_id uuid not null,
  order_id uuid not null,
  order_number text not null,
  cafe_id uuid not null,
  student_id uuid not null,
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  paid_at timestamptz not null,
  region text not null,
  epoch integer not null,
  payload text not null,
  jws text not null,
  presented_by text not null check (presented_by in ('student', 'device', 'staff')),
  presented_by_id uuid not null,
  presented_at timestamptz not null default now(),
  status text not null default 'open' check (status in ('open', 'agreed', 'reposted', 'dismissed')),
  agreed_by uuid references staff (id),
  agreed_at timestamptz,
  decided_by uuid references staff (id),
  decided_at timestamptz,
  dismissed_because text check (length(dismissed_because) between 3 and 500),
  -- What the wallet lacked when the debit was posted again: the student owes it.
  owed_minor bigint check (owed_minor >= 0),
  -- Two people, always: also if the code forgets.
  check (status <> 'reposted' or (agreed_by is not null and decided_by is not null and agreed_by <> decided_by and owed_minor is not null)),
  check ((status = 'dismissed') = (dismissed_because is not null)),
  check ((status in ('reposted', 'dismissed')) = (decided_by is not null)),
  check (status <> 'agreed' or agreed_by is not null)
);
create index failover_cases_status on failover_cases (status, id);

-- Why a debit cannot be posted again; null where it can.
create function repost_obstacle(f failover_cases) returns text language sql stable as $$
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
create function restore_order(f failover_cases) returns void language plpgsql as $$
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
  select id into v_item from menu_items where cafe_id = f.cafe_id and name = v_name and deleted_at is not null limit 1;
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
create function repost_debit(p_case_id uuid, p_staff_id uuid) returns text language plpgsql as $$
declare f failover_cases; w wallets; v_obstacle text; v_account uuid;
begin
  select * into f from failover_cases where id = p_case_id for update;
  if not found or f.status <> 'agreed' then return 'not_agreed'; end if;
  if f.agreed_by = p_staff_id then return 'same_person'; end if;
  begin
    perform 1 from orders where id = f.order_id for update;
    perform 1 from charges where id = f.charge_id or (order_id = f.order_id and state = 'open') for update;
    v_obstacle := repost_obstacle(f);
    if v_obstacle is not null then return v_obstacle; end if;
    insert into wallets (student_id, account_id, currency)
      select f.student_id, account_of('wallet', f.student_id, null, f.currency), f.currency
      where not exists (select from wallets where student_id = f.student_id) on conflict (student_id) do nothing;
    select * into w from wallets where student_id = f.student_id for update;
    if w.status = 'closed' or w.currency <> f.currency then return 'no_wallet'; end if;
    if not exists (select from orders where id = f.order_id) then perform restore_order(f); end if;
    f.owed_minor := greatest(0, f.amount_minor - w.balance_minor);
    if f.owed_minor > 0 then
      perform post_to_wallet('repost', f.student_id, account_of('receivables', f.student_id, null, f.currency), f.owed_minor, f.currency, null, null, null, null);
    end if;
    v_account := account_of('cafe_payable', null, f.cafe_id, f.currency);
    update wallets set balance_minor = balance_minor - f.amount_minor, last_seq = last_seq + 1, updated_at = now()
      where student_id = f.student_id returning * into w;
    insert into ledger_transactions (id, kind, from_account_id, to_account_id, amount_minor, currency, order_id, charge_id,
        wallet_student_id, wallet_seq, wallet_balance_after_minor)
      values (f.transaction_id, 'repost', w.account_id, v_account, f.amount_minor, f.currency, f.order_id, f.charge_id, f.student_id, w.last_seq, w.balance_minor);
    update orders set payment_status = 'paid', paid_transaction_id = f.transaction_id, paid_at = now(), updated_at = now()
      where id = f.order_id and paid_transaction_id is null;
    if not found then raise exception 'the order % changed under its own lock', f.order_id; end if;
    insert into receipts (id, transaction_id, charge_id, order_id, student_id, payload, jws)
      values (f.receipt_id, f.transaction_id, f.charge_id, f.order_id, f.student_id, f.payload, f.jws);
    -- A charge ends once: one that ended in another way since stays as it is, its receipt beside it. One that asks for
    -- something else was made after the failover.
    update charges set state = 'confirmed', ended_at = f.paid_at, transaction_id = f.transaction_id
      where id = f.charge_id and state = 'open' and amount_minor = f.amount_minor and currency = f.currency and f.paid_at < expires_at;
    if found then
      perform emit_event(array['student:' || f.student_id], 'charge_ended',
        jsonb_build_object('charge_id', f.charge_id, 'order_id', f.order_id, 'state', 'confirmed', 'receipt_id', f.receipt_id));
    end if;
    perform end_charge(id, 'voided', 'order already paid') from charges where order_id = f.order_id and state = 'open';
    perform emit_event(array['order:' || f.order_id, 'cafe:' || f.cafe_id, 'student:' || f.student_id], 'order_paid',
      jsonb_build_object('order_id', f.order_id, 'order_number', f.order_number, 'payment_status', 'paid', 'amount_minor', f.amount_minor));
    insert into outbox (topic, payload) values ('order.paid', jsonb_build_object('transaction_id', f.transaction_id, 'order_id', f.order_id, 'cafe_id', f.cafe_id,
      'amount_minor', f.amount_minor, 'currency', f.currency, 'receipt_id', f.receipt_id, 'at', f.paid_at));
    update failover_cases set status = 'reposted', decided_by = p_staff_id, decided_at = now(), owed_minor = f.owed_minor where id = f.id;
  exception when others then
    -- One case that cannot be posted for a reason nobody thought of does not hold up the others. What another try can mend is
    -- tried again as a whole.
    if sqlstate in ('40001', '40P01', '55P03', '57014') then raise; end if;
    raise warning 'the case % was not posted: % (%)', p_case_id, sqlerrm, sqlstate;
    return 'failed';
  end;
  return null;
end $$;

grant select, insert, update on settlements, close_outs, failover_cases to campus_app;
grant select, insert on settlement_terms, region_epochs to campus_app;
