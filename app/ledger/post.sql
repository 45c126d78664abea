-- Moves money into a wallet (a positive amount) or out of it (a negative one). The wallet's row is locked by the update
-- itself; the CHECK on its balance aborts what would go below zero. Returns the transaction's id.
create or replace function post_to_wallet(
  p_kind text, p_student_id uuid, p_other_account_id uuid, p_amount_minor bigint, p_currency text,
  p_order_id uuid, p_charge_id uuid, p_adjustment_id uuid, p_corrects_id uuid
) returns uuid language plpgsql as $$
declare w wallets; v_id uuid;
begin
  update wallets set balance_minor = balance_minor + p_amount_minor, last_seq = last_seq + 1, updated_at = now()
    where student_id = p_student_id and currency = p_currency and status <> 'closed'
    returning * into w;
  if not found then raise exception 'no open wallet in % for this student', p_currency using errcode = 'CP404'; end if;
  insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency, order_id, charge_id, adjustment_id, corrects_id,
      wallet_student_id, wallet_seq, wallet_balance_after_minor)
    values (p_kind,
      case when p_amount_minor < 0 then w.account_id else p_other_account_id end,
      case when p_amount_minor < 0 then p_other_account_id else w.account_id end,
      abs(p_amount_minor), p_currency, p_order_id, p_charge_id, p_adjustment_id, p_corrects_id, p_student_id, w.last_seq, w.balance_minor)
    returning id into v_id;
  return v_id;
end $$;

-- Moves money between two accounts that are no wallets.
create or replace function post_between(
  p_kind text, p_from_account_id uuid, p_to_account_id uuid, p_amount_minor bigint, p_currency text, p_order_id uuid, p_corrects_id uuid
) returns uuid language sql as $$
  insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency, order_id, corrects_id)
    values (p_kind, p_from_account_id, p_to_account_id, p_amount_minor, p_currency, p_order_id, p_corrects_id) returning id;
$$;

create or replace function post_signed(p_kind text, p_from_account_id uuid, p_to_account_id uuid, p_amount_minor bigint, p_currency text) returns uuid language sql as $$
  select case when p_amount_minor > 0 then post_between(p_kind, p_from_account_id, p_to_account_id, p_amount_minor, p_currency, null, null)
    when p_amount_minor < 0 then post_between(p_kind, p_to_account_id, p_from_account_id, -p_amount_minor, p_currency, null, null) end;
$$;
