create type close_out_outcome as (outcome text, status text, because text, amount_minor bigint);

-- Keeps all that a wallet holds for a close-out that was asked for; what is owed is paid back first.
create or replace function hold_for_close_out(p_id uuid, p_expires_at timestamptz) returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare c close_outs; w wallets;
begin
  select * into c from close_outs where id = p_id and status = 'pending';
  perform 1 from wallets where student_id = c.student_id for update;
  perform repay_debt(c.student_id, c.currency);
  select * into w from wallets where student_id = c.student_id;
  perform place_hold(c.student_id, w.balance_minor - w.held_minor, 'close_outs', c.id, p_expires_at);
  update close_outs set held_minor = w.balance_minor - w.held_minor where id = c.id;
end $$;

-- Ends the grants whose day is over in a wallet that a close-out keeps, which then keeps what is left. The caller holds both locked.
create or replace function end_grants_of_close_out(p_close_out close_outs) returns void language plpgsql as $$
declare wallet wallets; v_until timestamptz;
begin
  if not exists (select from grants where student_id = p_close_out.student_id and status = 'credited' and expires_at <= now()) then return; end if;
  select expires_at into v_until from wallet_holds where document = 'close_outs' and document_id = p_close_out.id and status = 'placed';
  perform end_hold('close_outs', p_close_out.id, 'voided');
  perform end_due_grants(p_close_out.student_id);
  select * into wallet from wallets where student_id = p_close_out.student_id;
  perform place_hold(wallet.student_id, wallet.balance_minor - wallet.held_minor, 'close_outs', p_close_out.id, coalesce(v_until, now() + interval '30 days'));
  update close_outs set held_minor = wallet.balance_minor - wallet.held_minor where id = p_close_out.id;
end $$;

-- What a close-out kept is the wallet's again, less what open disputes may take; what is owed is paid back of it.
create or replace function free_close_out(c close_outs, p_status text) returns void language plpgsql as $$
begin
  perform 1 from wallets where student_id = c.student_id for update;
  perform end_hold('close_outs', c.id, p_status);
  perform end_due_grants(c.student_id);
  perform raise_dispute_holds(c.student_id);
  perform repay_debt(c.student_id, c.currency);
end $$;

-- A close-out that came to nothing gives the wallet back what was kept for it.
create or replace function release_close_out(p_id uuid) returns void language sql security definer set search_path = public, pg_temp as $$
  select free_close_out(c, 'voided') from close_outs c where id = p_id and status in ('rejected', 'withdrawn');
$$;

-- Nobody decided in time: the student has the money again and may ask anew. The close-out is locked before the wallet, as by whoever decides.
create or replace function expire_close_outs() returns integer language plpgsql security definer set search_path = public, pg_temp as $$
declare h wallet_holds; c close_outs; n integer := 0;
begin
  for h in select * from wallet_holds where document = 'close_outs' and status = 'placed' and expires_at <= now() order by id limit 100 loop
    update close_outs set status = 'withdrawn', reason = 'nobody decided in time', decided_at = now() where id = h.document_id and status in ('pending', 'agreed')
      returning * into c;
    if found then
      perform free_close_out(c, 'expired');
      n := n + 1;
    end if;
  end loop;
  return n;
end $$;

-- What may still take money from a wallet that is to be closed, or put some into it. Null where nothing does.
create or replace function close_out_obstacle(p_student_id uuid, p_currency text) returns text language sql stable as $$
  select because from (
    select 1, 'unfinished_order' from orders where student_id = p_student_id and status not in ('completed', 'cancelled')
    union all select 2, 'pending_adjustment' from adjustments where student_id = p_student_id and status = 'pending'
    union all select 3, 'pending_refund' from refund_proposals p join orders o on o.id = p.order_id where o.student_id = p_student_id and p.status = 'pending'
    union all select 4, 'open_dispute' from gateway_disputes where student_id = p_student_id and settled_at is null
    union all select 5, 'open_outside_refund' from outside_refunds where student_id = p_student_id and status = 'open'
    union all select 6, 'debt' where debt_of(p_student_id, p_currency) <> 0
    union all select 7, 'deactivated' from students where id = p_student_id and not is_active) a (place, because)
  order by place limit 1;
$$;

-- The first of two people of finance agrees to an amount; the second pays it to the bank account, and the wallet is closed in the same
-- transaction. Both say which amount they mean, and it is one: where money came in since the first agreed, whoever comes next is the first again.
-- Locks: the student's orders, the student (an order that is being placed holds that key), the close-out, the wallet.
create or replace function pay_close_out(p_id uuid, p_staff_id uuid, p_expected_minor bigint, p_bank_reference text) returns close_out_outcome
language plpgsql security definer set search_path = public, pg_temp as $$
declare result close_out_outcome; close_out close_outs; wallet wallets;
begin
  select * into close_out from close_outs where id = p_id;
  perform 1 from orders where student_id = close_out.student_id and status not in ('completed', 'cancelled') order by id for update;
  perform 1 from students where id = close_out.student_id for update;
  select * into close_out from close_outs where id = p_id for update;
  result.status := close_out.status;
  if close_out.status not in ('pending', 'agreed') then result.outcome := 'decided'; return result; end if;
  result.because := close_out_obstacle(close_out.student_id, close_out.currency);
  if result.because is not null then
    result.outcome := 'awaited';
    result.amount_minor := debt_of(close_out.student_id, close_out.currency);
    return result;
  end if;
  select * into wallet from wallets where student_id = close_out.student_id and status <> 'closed' and currency = close_out.currency for update;
  if not found then result.outcome := 'no_wallet'; return result; end if;
  perform end_grants_of_close_out(close_out);
  select * into wallet from wallets where student_id = close_out.student_id;
  result.amount_minor := wallet.balance_minor;
  if wallet.balance_minor <> p_expected_minor then result.outcome := 'another_amount'; return result; end if;
  if close_out.status = 'pending' or close_out.agreed_minor is distinct from wallet.balance_minor then
    update close_outs set status = 'agreed', agreed_by = p_staff_id, agreed_at = now(), agreed_minor = wallet.balance_minor where id = close_out.id;
    result.outcome := 'agreed';
    return result;
  end if;
  if close_out.agreed_by = p_staff_id then result.outcome := 'same_person'; return result; end if;
  -- The student, or whoever asked in that name, can still be stopped.
  if close_out.payable_at > now() then result.outcome := 'waiting'; return result; end if;
  perform end_hold('close_outs', close_out.id, 'posted');
  update close_outs set status = 'paid', was_frozen = wallet.status = 'frozen', amount_minor = wallet.balance_minor, bank_reference = p_bank_reference, decided_by = p_staff_id, decided_at = now(),
      transaction_id = case when wallet.balance_minor > 0 then post_to_wallet('close_out', close_out.student_id, account_of('bank', null, null, close_out.currency), -wallet.balance_minor,
        close_out.currency, null, null, null, null) end
    where id = close_out.id;
  update wallets set status = 'closed', updated_at = now() where student_id = close_out.student_id;
  result.outcome := 'paid';
  return result;
end $$;
