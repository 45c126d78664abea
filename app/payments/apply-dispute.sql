-- A customer asks the bank for the money back, and the gateway takes it from us until it is decided.
create or replace function open_dispute(
  p_gateway text, p_dispute_id text, p_payment_id text, p_amount_minor bigint, p_currency text, p_reason text, p_respond_by timestamptz
) returns uuid language plpgsql security definer set search_path = public, pg_temp as $$
declare payment gateway_payments; gateway_order gateway_orders; dispute gateway_disputes; wallet wallets; v_student bigint;
begin
  select * into payment from gateway_payments where gateway = p_gateway and payment_id = p_payment_id;
  if not found then raise exception 'the payment % is not in the books yet', p_payment_id using errcode = 'CP404'; end if;
  select * into gateway_order from gateway_orders where id = payment.order_row_id;
  if payment.credited_to = 'order' then perform 1 from orders where id = gateway_order.order_id for update; end if;
  perform 1 from gateway_orders where id = gateway_order.id for update;
  select * into dispute from gateway_disputes where gateway = p_gateway and dispute_id = p_dispute_id;
  if found then return dispute.id; end if;
  insert into gateway_disputes (gateway, dispute_id, payment_row_id, student_id, order_id, amount_minor, currency, reason, respond_by, transaction_id)
    values (p_gateway, p_dispute_id, payment.id, gateway_order.student_id, case when payment.credited_to = 'order' then gateway_order.order_id end, p_amount_minor, p_currency, p_reason, p_respond_by,
      post_between('dispute', account_of('disputes', null, null, p_currency), account_of('gateway_clearing', null, null, p_currency), p_amount_minor, p_currency,
        gateway_order.order_id, payment.transaction_id))
    returning id into dispute.id;
  perform contest_what_went_back(payment.id);
  -- What the bank may take of the student's is kept until it has decided.
  v_student := borne_by_student(payment.id, p_amount_minor);
  if v_student > 0 then
    select * into wallet from wallets where student_id = gateway_order.student_id and status <> 'closed' and currency = p_currency for update;
    perform place_hold(wallet.student_id, least(v_student, wallet.balance_minor - wallet.held_minor), 'gateway_disputes', dispute.id, null) where wallet.student_id is not null;
  end if;
  -- Whoever disputes a payment is not charged again by itself.
  update wallets set auto_top_up_below_minor = null where student_id = gateway_order.student_id and auto_top_up_below_minor is not null;
  return dispute.id;
end $$;

-- Keeps back for a student's open disputes what could not be kept when they came, as far as it is free by now. The caller holds the wallet locked.
create or replace function raise_dispute_holds(p_student_id uuid) returns void language plpgsql as $$
declare dispute gateway_disputes; wallet wallets; v_held bigint; v_more bigint;
begin
  for dispute in select * from gateway_disputes where student_id = p_student_id and settled_at is null order by id loop
    select * into wallet from wallets where student_id = p_student_id and status <> 'closed' and currency = dispute.currency;
    select coalesce(sum(amount_minor), 0) into v_held from wallet_holds where document = 'gateway_disputes' and document_id = dispute.id and status = 'placed';
    v_more := least(wallet.balance_minor - wallet.held_minor, borne_by_student(dispute.payment_row_id, dispute.amount_minor) - v_held);
    continue when (v_more > 0) is not true;
    perform end_hold('gateway_disputes', dispute.id, 'voided');
    perform place_hold(p_student_id, v_held + v_more, 'gateway_disputes', dispute.id, null);
  end loop;
end $$;

-- A payment that went back through the gateway is disputed in error, or twice over: the bank is told so at once, and nobody accepts it.
-- Asked when a dispute comes, and when a refund has arrived.
create or replace function contest_what_went_back(p_payment_row_id uuid) returns void language sql as $$
  with refund as (
    select sum(amount_minor) as amount_minor, string_agg(format('%s on %s', gateway_refund_id, (settled_at at time zone 'UTC')::date), ', ' order by id) as told
    from gateway_refunds where payment_row_id = p_payment_row_id and status = 'processed'),
  contested as (
    update gateway_disputes d set status = 'contested', decided_at = now(),
        evidence = left(format('The whole payment was given back through the gateway before: %s.', refund.told), 2000)
      from refund, gateway_payments p
      where p.id = p_payment_row_id and refund.amount_minor >= p.amount_minor and d.payment_row_id = p.id and d.status = 'open' and d.respond_by > now() returning d.id)
  insert into outbox (topic, payload) select 'gateway.dispute', jsonb_build_object('dispute_id', id) from contested;
$$;

-- What lost disputes of a payment took from accounts of these kinds.
create or replace function lost_by(p_payment_row_id uuid, p_account_kinds text[]) returns bigint language sql stable as $$
  select coalesce(sum(t.amount_minor), 0)::bigint from gateway_disputes d
    join ledger_transactions t on t.corrects_id = d.transaction_id and t.kind in ('dispute_lost', 'dispute_moved')
    join accounts a on a.id = t.from_account_id and a.kind = any (p_account_kinds)
  where d.payment_row_id = p_payment_row_id;
$$;

-- What of a payment is where it can still be given back from: with its order's café, or held for its payer.
create or replace function left_of_payment(p_payment_row_id uuid) returns bigint language sql stable as $$
  select case p.credited_to
    when 'order' then left_with_cafe(g.order_id)
    when 'held' then p.amount_minor - lost_by(p.id, '{held}')
      - (select coalesce(sum(f.amount_minor), 0) from gateway_refunds f where f.payment_row_id = p.id and f.status <> 'failed')
    else 0
  end::bigint from gateway_payments p join gateway_orders g on g.id = p.order_row_id where p.id = p_payment_row_id;
$$;

-- What of a disputed amount is the student's to bear: the money of a top-up; of another payment what its café, or what is held, would not
-- bear and the student has had back already, in the wallet or through the gateway, less what lost disputes took back. Whoever gets the money
-- back and asks the bank for it too has it once in the end. Whoever gave a gift is nobody here, and owes nothing.
create or replace function borne_by_student(p_payment_row_id uuid, p_amount_minor bigint) returns bigint language sql stable as $$
  select case
    when p.credited_to = 'wallet' then p_amount_minor
    when g.purpose = 'gift' then 0
    else greatest(0, least(
      p_amount_minor - left_of_payment(p.id),
      (select coalesce(sum(t.amount_minor), 0) from ledger_transactions t where t.order_id = g.order_id and t.kind = 'refund' and t.wallet_student_id is not null)
        + (select coalesce(sum(f.amount_minor), 0) from gateway_refunds f where f.payment_row_id = p.id and f.status = 'processed')
        - lost_by(p.id, '{wallet,receivables}')))
  end::bigint from gateway_payments p join gateway_orders g on g.id = p.order_row_id where p.id = p_payment_row_id;
$$;

-- Takes so much of a lost dispute from whoever is to bear it, and gives what nobody owes. The caller holds the order and the gateway's order locked.
create or replace function bear_dispute(p_dispute gateway_disputes, p_kind text, p_to_account_id uuid, p_amount_minor bigint) returns bigint language plpgsql as $$
declare
  v_student bigint := borne_by_student(p_dispute.payment_row_id, p_amount_minor);
  v_left bigint := least(p_amount_minor - v_student, left_of_payment(p_dispute.payment_row_id));
  v_cafe uuid;
begin
  if v_student > 0 then
    perform take_from_student(p_kind, p_dispute.student_id, p_to_account_id, v_student, p_dispute.currency, p_dispute.transaction_id);
  end if;
  if v_left > 0 then
    select cafe_id into v_cafe from orders where id = p_dispute.order_id;
    perform post_between(p_kind, account_of(case when v_cafe is null then 'held' else 'cafe_payable' end, null, v_cafe, p_dispute.currency), p_to_account_id,
      v_left, p_dispute.currency, p_dispute.order_id, p_dispute.transaction_id);
  end if;
  return p_amount_minor - v_student - greatest(v_left, 0);
end $$;

-- A refund that was on its way while a dispute of its payment was lost has ended: who bears what the university bore is known now.
create or replace function move_lost_disputes(p_payment_row_id uuid) returns void language plpgsql as $$
declare dispute gateway_disputes; v_minor bigint;
begin
  for dispute in select * from gateway_disputes where payment_row_id = p_payment_row_id and status = 'lost' order by id loop
    select coalesce(sum(case t.kind when 'dispute_lost' then t.amount_minor else -t.amount_minor end), 0) into v_minor
      from ledger_transactions t join accounts a on a.id = case t.kind when 'dispute_lost' then t.from_account_id else t.to_account_id end
      where t.corrects_id = dispute.transaction_id and t.kind in ('dispute_lost', 'dispute_moved') and a.kind = 'fees';
    perform bear_dispute(dispute, 'dispute_moved', account_of('fees', null, null, dispute.currency), v_minor) where v_minor > 0;
  end loop;
end $$;

-- The bank has decided. Won: the gateway gives the money back. Lost: the student bears what is the student's, the café, or what is held for
-- the payer, what was not given back before; what nobody owes is the university's.
create or replace function close_dispute(p_id uuid, p_won boolean) returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare dispute gateway_disputes; payment gateway_payments; v_disputes uuid; v_left bigint;
begin
  select * into dispute from gateway_disputes where id = p_id;
  select * into payment from gateway_payments where id = dispute.payment_row_id;
  perform 1 from orders where id = dispute.order_id for update;
  perform 1 from gateway_orders where id = payment.order_row_id for update;
  select * into dispute from gateway_disputes where id = p_id for update;
  if dispute.settled_at is not null then return dispute.status; end if;
  v_disputes := account_of('disputes', null, null, dispute.currency);
  perform 1 from wallets where student_id = dispute.student_id for update;
  perform end_hold('gateway_disputes', dispute.id, case when p_won then 'voided' else 'posted' end);
  if p_won then
    perform post_between('dispute_won', account_of('gateway_clearing', null, null, dispute.currency), v_disputes, dispute.amount_minor, dispute.currency, dispute.order_id, dispute.transaction_id);
  else
    v_left := bear_dispute(dispute, 'dispute_lost', v_disputes, dispute.amount_minor);
    if v_left > 0 then
      perform post_between('dispute_lost', account_of('fees', null, null, dispute.currency), v_disputes, v_left, dispute.currency, dispute.order_id, dispute.transaction_id);
    end if;
  end if;
  update gateway_disputes set status = case when p_won then 'won' else 'lost' end, settled_at = now() where id = dispute.id;
  if p_won then perform repay_debt(dispute.student_id, dispute.currency); end if;
  return case when p_won then 'won' else 'lost' end;
end $$;
