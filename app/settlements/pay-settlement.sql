create type pay_outcome as (outcome text, status text, payable_minor bigint, balance_minor bigint);

-- The bank was told to pay a café: the amount is the settlement's own and nobody's to choose. Above p_two_above_minor the first of two
-- people agrees and the second pays.
create or replace function pay_settlement(p_id uuid, p_staff_id uuid, p_bank_reference text, p_two_above_minor bigint) returns pay_outcome language plpgsql security definer set search_path = public, pg_temp as $$
declare result pay_outcome; settlement settlements;
begin
  -- All of a café's settlements at once: two pay-outs of one café see each other.
  perform 1 from settlements where cafe_id = (select cafe_id from settlements where id = p_id) and status = 'due' order by id for update;
  select * into settlement from settlements where id = p_id;
  if not found then result.outcome := 'not_found'; return result; end if;
  result.status := settlement.status;
  result.payable_minor := settlement.payable_minor;
  if settlement.status <> 'due' then result.outcome := 'not_due'; return result; end if;
  -- The account, and not only this row: more may have been given back since than the settlements to come take off. Less what lies in the
  -- café's own till, which its account has until the day is settled; what its till gave back counts with the day.
  result.balance_minor := account_balance(settlement.account_id) + least(0, (
    select account_balance(a.id) from accounts a where a.kind = 'cash' and a.cafe_id = settlement.cafe_id and a.currency = settlement.currency));
  if result.balance_minor < settlement.payable_minor then result.outcome := 'owed_less'; return result; end if;
  if settlement.payable_minor > p_two_above_minor then
    if settlement.agreed_by is null then
      update settlements set agreed_by = p_staff_id, agreed_at = now() where id = settlement.id;
      result.outcome := 'agreed';
      return result;
    end if;
    if settlement.agreed_by = p_staff_id then result.outcome := 'same_person'; return result; end if;
  end if;
  update settlements set status = 'paid', paid_by = p_staff_id, paid_at = now(), bank_reference = p_bank_reference,
      paid_transaction_id = post_between('settlement', account_id, account_of('bank', null, null, currency), payable_minor, currency, null, null)
    where id = settlement.id and status = 'due';
  if not found then raise exception 'the settlement % changed under its own lock', settlement.id; end if;
  result.outcome := 'paid';
  return result;
end $$;

-- The bank sent the transfer back, as two people say: the café is owed it again, and the settlement is due. Null where it was not paid, or
-- nobody else asked for it.
create or replace function return_settlement(p_id uuid, p_staff_id uuid, p_reason text) returns uuid language plpgsql security definer set search_path = public, pg_temp as $$
declare s settlements; v_id uuid;
begin
  perform 1 from settlements where cafe_id = (select cafe_id from settlements where id = p_id) and (status = 'due' or id = p_id) order by id for update;
  select * into s from settlements where id = p_id and status = 'paid' and return_asked_by <> p_staff_id;
  if not found then return null; end if;
  insert into returned_pay_outs (settlement_id, amount_minor, currency, reason, paid_transaction_id, paid_by, bank_reference, asked_by, returned_by, transaction_id)
    values (s.id, s.payable_minor, s.currency, p_reason, s.paid_transaction_id, s.paid_by, s.bank_reference, s.return_asked_by, p_staff_id,
      post_between('settlement_return', account_of('bank', null, null, s.currency), s.account_id, s.payable_minor, s.currency, null, s.paid_transaction_id))
    returning id into v_id;
  update settlements set status = 'due', paid_by = null, paid_at = null, bank_reference = null, paid_transaction_id = null, agreed_by = null, agreed_at = null,
      return_asked_by = null, return_asked_at = null
    where id = s.id;
  return v_id;
end $$;

-- The bank sent a close-out back: the wallet is open again with the money in it, less what is left of grants whose day has passed and what is owed, and frozen if it was. Null where it
-- was not paid, nobody else asked for it, or its student was erased.
create or replace function return_close_out(p_id uuid, p_staff_id uuid, p_reason text) returns uuid language plpgsql security definer set search_path = public, pg_temp as $$
declare c close_outs; v_id uuid;
begin
  select * into c from close_outs where id = p_id and status = 'paid' and amount_minor > 0 and return_asked_by <> p_staff_id for update;
  if not found or exists (select from students where id = c.student_id and erased_at is not null) then return null; end if;
  update wallets set status = case when c.was_frozen then 'frozen' else 'active' end, updated_at = now() where student_id = c.student_id and status = 'closed';
  insert into returned_pay_outs (close_out_id, amount_minor, currency, reason, paid_transaction_id, paid_by, bank_reference, asked_by, returned_by, transaction_id)
    values (c.id, c.amount_minor, c.currency, p_reason, c.transaction_id, c.decided_by, c.bank_reference, c.return_asked_by, p_staff_id,
      post_to_wallet('close_out_return', c.student_id, account_of('bank', null, null, c.currency), c.amount_minor, c.currency, null, null, null, c.transaction_id))
    returning id into v_id;
  update close_outs set status = 'returned' where id = c.id;
  perform end_due_grants(c.student_id);
  perform raise_dispute_holds(c.student_id);
  perform repay_debt(c.student_id, c.currency);
  return v_id;
end $$;
