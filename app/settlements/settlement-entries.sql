-- What moved on a café's account before `p_until` and was committed in `p_seen`, but for what was both before `p_from` and in
-- `p_from_seen`: of settlements in a row each takes a transaction once, also one whose commit was late. Two branches, because
-- each has its index (BRIN on the time, the xid); with an OR the whole ledger was read. Settling itself is left out. Signed as
-- the café sees it.
create or replace function payable_entries(p_account_id uuid, p_from timestamptz, p_from_seen pg_snapshot, p_until timestamptz, p_seen pg_snapshot)
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

create or replace function settlement_entries(p_id uuid)
returns table (transaction_id uuid, at timestamptz, kind text, line text, order_id uuid, amount_minor bigint) language sql stable as $$
  select e.* from settlements s left join settlements p on p.id = s.previous_id,
    lateral payable_entries(s.account_id, s.from_at, p.seen, s.until_at, s.seen) e
  where s.id = p_id order by e.at, e.transaction_id;
$$;
