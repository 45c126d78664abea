-- Why: money comes in through a payment gateway and goes back through it. What we asked the gateway to collect, what it
-- collected (once each), what it was told to give back, and what its customers dispute. No card data is kept here.
-- Lock order, kept everywhere: order, gateway order, refund or dispute, wallet.

-- Not validated: each row there fits the narrower list that stood before, and reading a large ledger would hold up debits.
alter table accounts drop constraint accounts_kind_check;
alter table accounts add constraint accounts_kind_check check (kind in
  ('wallet', 'cafe_payable', 'gateway_clearing', 'cash', 'fees', 'adjustments', 'receivables', 'held', 'disputes')) not valid;
alter domain transaction_kind drop constraint transaction_kind_check;
alter domain transaction_kind add constraint transaction_kind_check check (value in
  ('debit', 'refund', 'adjustment', 'top_up', 'cash_sale', 'settlement', 'fee', 'repost',
   'gateway_sale', 'gateway_hold', 'gateway_refund', 'gateway_refund_return', 'dispute', 'dispute_won', 'dispute_lost')) not valid;

-- A link with which somebody without an account puts money into a student's wallet. Of its token only the hash is kept.
create table gift_links (
  id uuid primary key default uuidv7(),
  student_id uuid not null references students (id),
  token_hash bytea not null unique,
  limit_minor bigint not null check (limit_minor > 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  created_at timestamptz not null default now()
);
create index gift_links_student on gift_links (student_id, id);

-- What the gateway is to collect. Written before the gateway is asked, so that its id is all that can be missing.
create table gateway_orders (
  id uuid primary key default uuidv7(),
  gateway text not null,
  gateway_order_id text,
  purpose text not null check (purpose in ('top_up', 'auto_top_up', 'gift', 'order')),
  student_id uuid not null references students (id),
  order_id uuid references orders (id),
  gift_link_id uuid references gift_links (id),
  -- Of an automatic top-up: the wallet's entry that crossed the line. One crossing is answered once.
  wallet_seq bigint,
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  save_method boolean not null default false,
  status text not null default 'created' check (status in ('created', 'paid', 'failed', 'expired')),
  -- When the poller asks the gateway next, and how often it has.
  look_at timestamptz not null default now(),
  looks smallint not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (gateway, gateway_order_id),
  check ((purpose = 'order') = (order_id is not null)),
  check ((purpose = 'gift') = (gift_link_id is not null)),
  check ((purpose = 'auto_top_up') = (wallet_seq is not null))
);
create unique index gateway_orders_of_order on gateway_orders (order_id, amount_minor) where order_id is not null;
create unique index gateway_orders_once_per_crossing on gateway_orders (student_id, wallet_seq) where wallet_seq is not null;
create index gateway_orders_top_ups on gateway_orders (student_id, id) where order_id is null;
create index gateway_orders_gifts on gateway_orders (gift_link_id) where gift_link_id is not null;
create index gateway_orders_unpaid on gateway_orders (look_at) where status in ('created', 'failed');

-- What the gateway collected. The unique id is the gate: whoever brings the news, there is one row and one credit.
create table gateway_payments (
  id uuid primary key default uuidv7(),
  gateway text not null,
  payment_id text not null,
  order_row_id uuid not null references gateway_orders (id),
  amount_minor bigint not null check (amount_minor > 0),
  fee_minor bigint check (fee_minor >= 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  credited_to text not null check (credited_to in ('order', 'wallet', 'held')),
  transaction_id uuid not null,
  found_by text not null check (found_by in ('browser', 'webhook', 'poller', 'token')),
  -- The gateway's own answer, without whatever would name a person or a card.
  gateway_response jsonb not null,
  at timestamptz not null default now(),
  constraint gateway_payments_once unique (gateway, payment_id),
  constraint gateway_payments_transaction unique (transaction_id)
);
create index gateway_payments_order_row on gateway_payments (order_row_id);

-- Signed news, kept before it is answered. Known again by what was signed; the event's id travels unsigned beside it.
create table gateway_events (
  id uuid primary key default uuidv7(),
  gateway text not null,
  body_hash bytea not null,
  kind text not null,
  event jsonb not null,
  received_at timestamptz not null default now(),
  unique (gateway, body_hash)
);
create index gateway_events_received on gateway_events (received_at);

create table gateway_refunds (
  id uuid primary key default uuidv7(),
  payment_row_id uuid not null references gateway_payments (id),
  -- null: the payment could not be credited and goes back as a whole.
  order_id uuid references orders (id),
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  reason text not null check (length(reason) between 1 and 500),
  status text not null default 'pending' check (status in ('pending', 'processed', 'failed')),
  gateway_refund_id text,
  transaction_id uuid not null unique,
  returned_transaction_id uuid unique,
  requested_by uuid references staff (id),
  look_at timestamptz not null default now() + interval '1 minute',
  looks smallint not null default 0,
  created_at timestamptz not null default now(),
  settled_at timestamptz,
  check ((status = 'pending') = (settled_at is null)),
  check ((status = 'failed') = (returned_transaction_id is not null))
);
create index gateway_refunds_order on gateway_refunds (order_id);
create index gateway_refunds_payment on gateway_refunds (payment_row_id);
create index gateway_refunds_pending on gateway_refunds (look_at) where status = 'pending';

create table gateway_disputes (
  id uuid primary key default uuidv7(),
  gateway text not null,
  dispute_id text not null,
  payment_row_id uuid not null references gateway_payments (id),
  student_id uuid not null references students (id),
  order_id uuid references orders (id),
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  reason text not null,
  respond_by timestamptz not null,
  status text not null default 'open' check (status in ('open', 'contested', 'accepted', 'won', 'lost')),
  evidence text check (length(evidence) between 1 and 2000),
  transaction_id uuid not null unique,
  decided_by uuid references staff (id),
  decided_at timestamptz,
  settled_at timestamptz,
  created_at timestamptz not null default now(),
  unique (gateway, dispute_id),
  check ((status in ('won', 'lost')) = (settled_at is not null))
);
create index gateway_disputes_order on gateway_disputes (order_id) where order_id is not null;
create index gateway_disputes_payment on gateway_disputes (payment_row_id);

-- The gateway's own token for a method of payment that the student let it keep. It pays nothing elsewhere.
create table saved_methods (
  student_id uuid primary key references students (id),
  gateway text not null,
  customer text not null,
  token text not null,
  -- null: it is kept, and fills nothing.
  fill_to_minor bigint check (fill_to_minor > 0),
  created_at timestamptz not null default now()
);

-- Beside the alert's line; what to fill up to stands with the method that pays it. Both lines null: no trigger function runs.
alter table wallets add column auto_top_up_below_minor positive_minor;

-- A wallet that falls below a line that its student drew leaves word of it in the debit's own transaction, once for each
-- crossing. The condition is short because it is read anew for every debit, as each CHECK is.
create function notice_low_wallet() returns trigger language plpgsql as $$
begin
  -- A row each: a phone that cannot be reached does not hold up the money, nor the other way round.
  insert into outbox (topic, payload)
    select line.topic, jsonb_build_object('student_id', new.student_id, 'wallet_seq', new.last_seq)
    from (values ('wallet.low_balance', new.low_balance_alert_minor), ('wallet.auto_top_up', new.auto_top_up_below_minor)) line (topic, minor)
    where old.balance_minor >= line.minor and new.balance_minor < line.minor;
  return null;
end $$;
create trigger wallets_low after update of balance_minor on wallets for each row
  when (new.balance_minor < greatest(new.low_balance_alert_minor, new.auto_top_up_below_minor)) execute function notice_low_wallet();

-- Whose wallet is closed has no use for a kept method nor for links into it: erasing a person closes the wallet.
create function forget_ways_to_pay() returns trigger language plpgsql as $$
begin
  delete from saved_methods where student_id = new.student_id;
  update gift_links set revoked_at = now() where student_id = new.student_id and revoked_at is null;
  return null;
end $$;
create trigger wallets_closed after update of status on wallets for each row
  when (new.status = 'closed') execute function forget_ways_to_pay();

-- Moves money between two accounts that are no wallets.
create function post_between(
  p_kind text, p_from_account_id uuid, p_to_account_id uuid, p_amount_minor bigint, p_currency text, p_order_id uuid, p_corrects_id uuid
) returns uuid language sql as $$
  insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency, order_id, corrects_id)
    values (p_kind, p_from_account_id, p_to_account_id, p_amount_minor, p_currency, p_order_id, p_corrects_id) returning id;
$$;

-- An order that was paid through the gateway: the café is owed its total.
create function sell_through_gateway(p_order orders, p_clearing uuid) returns uuid language plpgsql as $$
declare v_id uuid;
begin
  v_id := post_between('gateway_sale', p_clearing, account_of('cafe_payable', null, p_order.cafe_id, p_order.currency),
    p_order.total_minor, p_order.currency, p_order.id, null);
  update orders set payment_status = 'paid', paid_transaction_id = v_id, paid_at = now(), updated_at = now()
    where id = p_order.id and payment_status in ('pending', 'failed') and version = p_order.version;
  if not found then raise exception 'the order % changed under its own lock', p_order.id; end if;
  perform emit_event(array['order:' || p_order.id, 'cafe:' || p_order.cafe_id, 'student:' || p_order.student_id], 'order_paid',
    jsonb_build_object('order_id', p_order.id, 'order_number', p_order.order_number, 'payment_status', 'paid', 'amount_minor', p_order.total_minor));
  insert into outbox (topic, payload) values ('order.paid', jsonb_build_object('transaction_id', v_id, 'order_id', p_order.id, 'cafe_id', p_order.cafe_id,
    'amount_minor', p_order.total_minor, 'currency', p_order.currency, 'receipt_id', null, 'at', now()));
  return v_id;
end $$;

create type credit_outcome as (outcome text, credited_to text, order_row_id uuid, transaction_id uuid);

-- The one place where a captured payment becomes money in the books, once for each payment id, whoever calls it and however
-- often. What does not fit its order any more (cancelled, changed, paid before) goes into the student's wallet; where no
-- wallet can take it, it is held and sent back.
create function credit_payment(
  p_gateway text, p_payment_id text, p_gateway_order_id text, p_amount_minor bigint, p_currency text, p_fee_minor bigint,
  p_found_by text, p_response jsonb, p_customer text, p_token text
) returns credit_outcome language plpgsql as $$
declare r credit_outcome; g gateway_orders; o orders; w wallets; v_clearing uuid; v_payment uuid := uuidv7(); v_refund uuid;
begin
  select * into g from gateway_orders where gateway = p_gateway and gateway_order_id = p_gateway_order_id;
  if not found then r.outcome := 'unknown_order'; return r; end if;
  r.order_row_id := g.id;
  if g.order_id is not null then select * into o from orders where id = g.order_id for update; end if;
  select * into g from gateway_orders where id = g.id for update;
  select 'already', credited_to, transaction_id into r.outcome, r.credited_to, r.transaction_id
    from gateway_payments where gateway = p_gateway and payment_id = p_payment_id;
  if found then return r; end if;

  v_clearing := account_of('gateway_clearing', null, null, p_currency);
  if o.payment_method = 'upi' and o.payment_status in ('pending', 'failed') and o.status <> 'cancelled'
      and o.total_minor = p_amount_minor and o.currency = p_currency then
    r.credited_to := 'order';
    r.transaction_id := sell_through_gateway(o, v_clearing);
  else
    insert into wallets (student_id, account_id, currency)
      select g.student_id, account_of('wallet', g.student_id, null, p_currency), p_currency
      where not exists (select from wallets where student_id = g.student_id) on conflict (student_id) do nothing;
    select * into w from wallets where student_id = g.student_id for update;
    if w.status <> 'closed' and w.currency = p_currency then
      r.credited_to := 'wallet';
      r.transaction_id := post_to_wallet('top_up', g.student_id, v_clearing, p_amount_minor, p_currency, g.order_id, null, null, null);
      perform emit_event(array['student:' || g.student_id], 'topped_up', jsonb_build_object('top_up_id', g.id, 'transaction_id', r.transaction_id,
        'amount_minor', p_amount_minor, 'currency', p_currency, 'balance_minor', w.balance_minor + p_amount_minor, 'order_id', g.order_id));
    else
      r.credited_to := 'held';
      r.transaction_id := post_between('gateway_hold', v_clearing, account_of('held', null, null, p_currency), p_amount_minor, p_currency, null, null);
    end if;
  end if;
  insert into gateway_payments (id, gateway, payment_id, order_row_id, amount_minor, fee_minor, currency, credited_to, transaction_id, found_by, gateway_response)
    values (v_payment, p_gateway, p_payment_id, g.id, p_amount_minor, p_fee_minor, p_currency, r.credited_to, r.transaction_id, p_found_by, p_response);
  update gateway_orders set status = 'paid', updated_at = now() where id = g.id;
  if r.credited_to = 'held' then
    insert into gateway_refunds (payment_row_id, amount_minor, currency, reason, transaction_id)
      values (v_payment, p_amount_minor, p_currency, 'no wallet could take it',
        post_between('gateway_refund', account_of('held', null, null, p_currency), v_clearing, p_amount_minor, p_currency, null, r.transaction_id))
      returning id into v_refund;
    insert into outbox (topic, payload) values ('gateway.refund', jsonb_build_object('refund_id', v_refund));
  elsif g.save_method and p_token is not null then
    insert into saved_methods (student_id, gateway, customer, token) values (g.student_id, p_gateway, p_customer, p_token)
      on conflict (student_id) do update set gateway = excluded.gateway, customer = excluded.customer, token = excluded.token, created_at = now();
  end if;
  r.outcome := 'credited';
  return r;
end $$;

-- An attempt that failed. Another one may still succeed, so nothing ends by it; a payment that came first stands.
create function note_failed_payment(p_gateway text, p_gateway_order_id text) returns void language plpgsql as $$
declare g gateway_orders;
begin
  select * into g from gateway_orders where gateway = p_gateway and gateway_order_id = p_gateway_order_id;
  if not found then return; end if;
  if g.order_id is not null then
    perform 1 from orders where id = g.order_id for update;
    update orders set payment_status = 'failed', updated_at = now() where id = g.order_id and payment_status = 'pending' and payment_method = 'upi';
  end if;
  update gateway_orders set status = 'failed', updated_at = now() where id = g.id and status in ('created', 'expired');
end $$;

-- How a refund through the gateway ended. The first end counts; a failed one gives the money back to where it was taken.
create function settle_gateway_refund(p_refund_id uuid, p_gateway_refund_id text, p_status text) returns text language plpgsql as $$
declare f gateway_refunds; o orders; v_from uuid;
begin
  select order_id into f.order_id from gateway_refunds where id = p_refund_id;
  if not found then return 'unknown'; end if;
  if f.order_id is not null then select * into o from orders where id = f.order_id for update; end if;
  select * into f from gateway_refunds where id = p_refund_id for update;
  if f.status <> 'pending' then return f.status; end if;
  if p_status = 'failed' then
    v_from := account_of('gateway_clearing', null, null, f.currency);
    f.returned_transaction_id := post_between('gateway_refund_return', v_from,
      case when f.order_id is null then account_of('held', null, null, f.currency) else account_of('cafe_payable', null, o.cafe_id, f.currency) end,
      f.amount_minor, f.currency, f.order_id, (select corrects_id from ledger_transactions where id = f.transaction_id));
    update orders set refunded_minor = refunded_minor - f.amount_minor, payment_status = 'paid', updated_at = now() where id = f.order_id;
  end if;
  update gateway_refunds set status = p_status, settled_at = now(), returned_transaction_id = f.returned_transaction_id,
      gateway_refund_id = coalesce(p_gateway_refund_id, gateway_refund_id)
    where id = f.id;
  if f.order_id is not null then
    perform emit_event(array['order:' || o.id, 'cafe:' || o.cafe_id, 'student:' || o.student_id], 'refund_settled',
      jsonb_build_object('order_id', o.id, 'refund_id', f.id, 'status', p_status, 'amount_minor', f.amount_minor, 'currency', f.currency));
  end if;
  return p_status;
end $$;

-- A customer asks the bank for the money back, and the gateway takes it from us until it is decided.
create function open_dispute(
  p_gateway text, p_dispute_id text, p_payment_id text, p_amount_minor bigint, p_currency text, p_reason text, p_respond_by timestamptz
) returns uuid language plpgsql as $$
declare p gateway_payments; g gateway_orders; d gateway_disputes;
begin
  select * into p from gateway_payments where gateway = p_gateway and payment_id = p_payment_id;
  if not found then raise exception 'the payment % is not in the books yet', p_payment_id using errcode = 'CP404'; end if;
  select * into g from gateway_orders where id = p.order_row_id;
  if p.credited_to = 'order' then perform 1 from orders where id = g.order_id for update; end if;
  perform 1 from gateway_orders where id = g.id for update;
  select * into d from gateway_disputes where gateway = p_gateway and dispute_id = p_dispute_id;
  if found then return d.id; end if;
  insert into gateway_disputes (gateway, dispute_id, payment_row_id, student_id, order_id, amount_minor, currency, reason, respond_by, transaction_id)
    values (p_gateway, p_dispute_id, p.id, g.student_id, case when p.credited_to = 'order' then g.order_id end, p_amount_minor, p_currency, p_reason, p_respond_by,
      post_between('dispute', account_of('disputes', null, null, p_currency), account_of('gateway_clearing', null, null, p_currency), p_amount_minor, p_currency,
        g.order_id, p.transaction_id))
    returning id into d.id;
  -- Whoever disputes a payment is not charged again by itself.
  update wallets set auto_top_up_below_minor = null where student_id = g.student_id and auto_top_up_below_minor is not null;
  return d.id;
end $$;

-- The bank has decided. Won: the gateway gives the money back. Lost: the café bears what of its order was not refunded
-- before, a student what is in the wallet and the rest as a debt; what nobody owes is the university's.
create function settle_dispute(p_id uuid, p_won boolean) returns text language plpgsql as $$
declare d gateway_disputes; p gateway_payments; o orders; w wallets; v_disputes uuid; v_left bigint; v_part bigint;
begin
  select * into d from gateway_disputes where id = p_id;
  select * into p from gateway_payments where id = d.payment_row_id;
  if d.order_id is not null then select * into o from orders where id = d.order_id for update; end if;
  perform 1 from gateway_orders where id = p.order_row_id for update;
  select * into d from gateway_disputes where id = p_id for update;
  if d.settled_at is not null then return d.status; end if;
  v_disputes := account_of('disputes', null, null, d.currency);
  v_left := d.amount_minor;
  if p_won then
    perform post_between('dispute_won', account_of('gateway_clearing', null, null, d.currency), v_disputes, v_left, d.currency, d.order_id, d.transaction_id);
  else
    if d.order_id is not null then
      v_part := least(v_left, o.total_minor - o.refunded_minor - coalesce((
        select sum(t.amount_minor) from ledger_transactions t join accounts a on a.id = t.from_account_id
        where t.kind = 'dispute_lost' and a.kind = 'cafe_payable'
          and t.corrects_id in (select transaction_id from gateway_disputes where order_id = o.id)), 0));
      if v_part > 0 then
        perform post_between('dispute_lost', account_of('cafe_payable', null, o.cafe_id, d.currency), v_disputes, v_part, d.currency, d.order_id, d.transaction_id);
        v_left := v_left - v_part;
      end if;
    elsif p.credited_to = 'wallet' then
      select * into w from wallets where student_id = d.student_id for update;
      v_part := case when w.status <> 'closed' and w.currency = d.currency then least(v_left, w.balance_minor) else 0 end;
      if v_part > 0 then
        perform post_to_wallet('dispute_lost', d.student_id, v_disputes, -v_part, d.currency, null, null, null, d.transaction_id);
        v_left := v_left - v_part;
      end if;
      if v_left > 0 then
        perform post_between('dispute_lost', account_of('receivables', d.student_id, null, d.currency), v_disputes, v_left, d.currency, null, d.transaction_id);
        v_left := 0;
      end if;
    end if;
    if v_left > 0 then
      perform post_between('dispute_lost', account_of('fees', null, null, d.currency), v_disputes, v_left, d.currency, d.order_id, d.transaction_id);
    end if;
  end if;
  update gateway_disputes set status = case when p_won then 'won' else 'lost' end, settled_at = now() where id = d.id;
  return case when p_won then 'won' else 'lost' end;
end $$;

grant select, insert, update on gift_links, gateway_orders, gateway_refunds, gateway_disputes to campus_app;
grant select, insert on gateway_payments to campus_app;
grant select, insert, delete on gateway_events to campus_app;
grant select, insert, update, delete on saved_methods to campus_app;
