-- What a student owes: 0 or more.
create or replace function debt_of(p_student_id uuid, p_currency text) returns bigint language sql stable as $$
  select coalesce((select -account_balance(a.id) from accounts a where a.kind = 'receivables' and a.student_id = p_student_id and a.currency = p_currency), 0);
$$;

-- What a student bears: all that is free in the wallet, and the rest is owed.
create or replace function take_from_student(p_kind text, p_student_id uuid, p_to_account_id uuid, p_amount_minor bigint, p_currency text, p_corrects_id uuid)
returns void language plpgsql as $$
declare wallet wallets; v_part bigint;
begin
  select * into wallet from wallets where student_id = p_student_id for update;
  v_part := case when wallet.status <> 'closed' and wallet.currency = p_currency then least(p_amount_minor, wallet.balance_minor - wallet.held_minor) else 0 end;
  if v_part > 0 then perform post_to_wallet(p_kind, p_student_id, p_to_account_id, -v_part, p_currency, null, null, null, p_corrects_id); end if;
  if v_part < p_amount_minor then
    perform post_between(p_kind, account_of('receivables', p_student_id, null, p_currency), p_to_account_id, p_amount_minor - v_part, p_currency, null, p_corrects_id);
  end if;
end $$;

-- Money that has come in pays back what is owed, as far as it goes and is not held. Asked after each credit, with the wallet locked by it.
create or replace function repay_debt(p_student_id uuid, p_currency text) returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare w wallets; v_minor bigint;
begin
  if not exists (select from accounts where kind = 'receivables' and student_id = p_student_id and currency = p_currency) then return 0; end if;
  select * into w from wallets where student_id = p_student_id and currency = p_currency and status <> 'closed' for update;
  if not found then return 0; end if;
  v_minor := least(debt_of(p_student_id, p_currency), w.balance_minor - w.held_minor);
  if v_minor <= 0 then return 0; end if;
  insert into debt_repayments (transaction_id, student_id, amount_minor, currency)
    values (post_to_wallet('debt_repaid', p_student_id, account_of('receivables', p_student_id, null, p_currency), -v_minor, p_currency, null, null, null, null),
      p_student_id, v_minor, p_currency);
  perform emit_event(array['student:' || p_student_id], 'debt_repaid', jsonb_build_object('amount_minor', v_minor, 'currency', p_currency));
  return v_minor;
end $$;

-- The second of two people writes a debt off, as far as it is still owed. Null where nothing of it is.
create or replace function write_off_debt(p_id uuid, p_staff_id uuid) returns uuid language plpgsql security definer set search_path = public, pg_temp as $$
declare d debt_write_offs; v_id uuid; v_minor bigint;
begin
  select * into d from debt_write_offs where id = p_id and status = 'pending' for update;
  if not found or d.requested_by = p_staff_id then return null; end if;
  -- With the wallet locked nothing is paid back meanwhile.
  perform 1 from wallets where student_id = d.student_id for update;
  v_minor := least(d.amount_minor, debt_of(d.student_id, d.currency));
  if v_minor <= 0 then return null; end if;
  v_id := post_between('debt_written_off', account_of('adjustments', null, null, d.currency), account_of('receivables', d.student_id, null, d.currency), v_minor, d.currency, null, null);
  update debt_write_offs set status = 'approved', amount_minor = v_minor, decided_by = p_staff_id, decided_at = now(), transaction_id = v_id where id = d.id;
  return v_id;
end $$;
