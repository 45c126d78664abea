-- What moved on a café's account before `p_until` and is in no settlement yet, as of this statement. It is looked for from an hour
-- before the settlement before ended, and over the last day in any case: no transaction of ours lives so long, so none whose commit
-- was late is missed.
-- Settling itself is left out. Signed as the café sees it.
create or replace function unsettled_entries(p_account_id uuid, p_from timestamptz, p_until timestamptz)
returns table (transaction_id uuid, at timestamptz, line text, order_id uuid, corrects_id uuid, amount_minor bigint) language sql stable as $$
  select t.id, t.at,
    case when x.what is null then 'other' when x.what = 'dispute' then 'dispute' when x.what = 'sale' then x.way || '_sale' else x.way || '_refund' end,
    t.order_id, t.corrects_id, case when t.to_account_id = p_account_id then t.amount_minor else -t.amount_minor end
  from ledger_transactions t,
    lateral (select movement_of_kind(t.kind) as what,
      case payment_method_of_kind(t.kind, t.wallet_student_id) when 'wallet' then 'wallet' when 'upi' then 'gateway' when 'cash' then 'cash' end as way) x
  where t.at >= least(p_from, now() - interval '1 day') - interval '1 hour' and t.at < p_until and p_account_id in (t.from_account_id, t.to_account_id)
    and t.kind not in ('settlement', 'settlement_return', 'fee') and not exists (select from settled_entries e where e.transaction_id = t.id);
$$;
