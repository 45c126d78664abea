import type { Invariant } from "./invariant.ts";

/** Of the money that goes out: one question for each way. */
export const payOutInvariants: readonly Invariant[] = [
  {
    id: "I19",
    // A sale of the last hour may still be on its way into a settlement that has ended its day.
    title:
      "each movement of a café's account is settled exactly once, each settlement paid at most once, and the account is what its settlements say",
    sql: `
      with payable as (select id, cafe_id, currency from accounts where kind = 'cafe_payable'),
      moved as (
        select t.id, t.kind, t.at, p.id as account_id, case when t.to_account_id = p.id then t.amount_minor else -t.amount_minor end as minor
        from ledger_transactions t join payable p on p.id in (t.from_account_id, t.to_account_id)),
      taken as (
        select settlement_id, coalesce(sum(amount_minor), 0) as minor, count(*) filter (where line like '%\\_sale') as sales
        from settled_entries group by settlement_id)
      select e.settlement_id, e.transaction_id, e.amount_minor, m.minor as moved_minor, 'settled, and not moved so on the café''s account' as problem
      from settled_entries e join settlements s on s.id = e.settlement_id left join moved m on m.id = e.transaction_id and m.account_id = s.account_id
      where m.minor is distinct from e.amount_minor or m.kind in ('settlement', 'settlement_return', 'fee')
      union all
      select (array_agg(settlement_id))[1], transaction_id, sum(amount_minor), null, 'settled more than once' from settled_entries group by transaction_id having count(*) > 1
      union all
      select l.id, m.id, m.minor, null, 'its day is over, and no settlement has it'
      from moved m join lateral (select s.id, s.until_at, s.created_at from settlements s where s.account_id = m.account_id order by s.day desc limit 1) l on true
      where m.kind not in ('settlement', 'settlement_return', 'fee') and m.at < l.until_at and m.at < l.created_at - interval '1 hour'
        and not exists (select from settled_entries e where e.transaction_id = m.id)
      union all
      select s.id, null, t.minor, s.payable_minor, 'the settlement is not the sum of what it took'
      from settlements s left join taken t on t.settlement_id = s.id
      where coalesce(t.minor, 0) <> s.wallet_sales_minor + s.gateway_sales_minor + s.cash_sales_minor - s.wallet_refunds_minor - s.gateway_refunds_minor
          - s.cash_refunds_minor - s.disputes_minor + s.other_minor or coalesce(t.sales, 0) <> s.sales_count
      union all
      select s.id, s.paid_transaction_id, s.payable_minor, t.amount_minor, 'paid, and not so in the ledger'
      from settlements s left join ledger_transactions t on t.id = s.paid_transaction_id and t.kind = 'settlement' and t.from_account_id = s.account_id
      where s.status = 'paid' and t.amount_minor is distinct from s.payable_minor
      union all
      select null, t.id, t.amount_minor, null, 'paid to a café, and no settlement says so'
      from ledger_transactions t join payable p on p.id = t.from_account_id join accounts a on a.id = t.to_account_id and a.kind = 'bank'
      where not exists (select from settlements s where s.paid_transaction_id = t.id) and not exists (select from returned_pay_outs r where r.paid_transaction_id = t.id)
      union all
      select null, p.id, b.minor, d.minor, 'the café''s account is not what its settlements and the rest say'
      from payable p join lateral (
          select coalesce(sum(m.minor), 0) as minor, coalesce(sum(m.minor) filter (where m.kind not in ('settlement', 'settlement_return', 'fee')), 0) as sold_minor
          from moved m where m.account_id = p.id) b on true
        left join lateral (
          select coalesce(sum(s.payable_minor) filter (where s.status = 'due'), 0) as due_minor, coalesce((array_agg(s.carried_minor order by s.day desc))[1], 0) as carried_minor,
            coalesce(sum(x.minor), 0) as settled_minor
          from settlements s left join taken x on x.settlement_id = s.id where s.account_id = p.id) s on true,
        lateral (select s.due_minor + s.carried_minor + b.sold_minor - s.settled_minor as minor) d
      where b.minor <> d.minor`,
  },
];
