create type pay_outcome as (outcome text, status text, payable_minor bigint, balance_minor bigint);

-- The bank was told to pay a café: the amount is the settlement's own and nobody's to choose.
create or replace function pay_settlement(p_id uuid, p_staff_id uuid, p_bank_reference text) returns pay_outcome language plpgsql security definer set search_path = public, pg_temp as $$
declare r pay_outcome; s settlements;
begin
  -- All of a café's settlements at once: two pay-outs of one café see each other.
  perform 1 from settlements where cafe_id = (select cafe_id from settlements where id = p_id) and status = 'due' order by id for update;
  select * into s from settlements where id = p_id;
  if not found then r.outcome := 'not_found'; return r; end if;
  r.status := s.status;
  r.payable_minor := s.payable_minor;
  if s.status <> 'due' then r.outcome := 'not_due'; return r; end if;
  -- The account, and not only this row: more may have been given back since than the settlements to come take off.
  r.balance_minor := account_balance(s.account_id);
  if r.balance_minor < s.payable_minor then r.outcome := 'owed_less'; return r; end if;
  update settlements set status = 'paid', paid_by = p_staff_id, paid_at = now(), bank_reference = p_bank_reference,
      paid_transaction_id = post_between('settlement', account_id, account_of('bank', null, null, currency), payable_minor, currency, null, null)
    where id = s.id and status = 'due';
  if not found then raise exception 'the settlement % changed under its own lock', s.id; end if;
  r.outcome := 'paid';
  return r;
end $$;
