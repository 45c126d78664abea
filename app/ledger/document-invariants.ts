import type { Invariant } from "./invariant.ts";

/** What moves money is written by functions only. */
export const mayWrite = `
      select null, null, null, null, null, null, 'campus_app may write ' || relation
      from unnest(array['ledger_transactions', 'accounts', 'ledger_anchors', 'account_snapshots', 'allowed_legs', 'wallets', 'wallet_holds', 'settlements',
        'settled_entries', 'refunds', 'gateway_payments', 'debt_repayments']) relation where has_table_privilege('campus_app', relation, 'INSERT')
      union all
      select null, null, null, null, null, null, 'campus_app may change a wallet''s ' || changed
      from unnest(array['balance_minor', 'held_minor', 'last_seq', 'account_id', 'currency']) changed where has_column_privilege('campus_app', 'wallets', changed, 'UPDATE')`;

/** What the bank took, or somebody gave back at the gateway, is on somebody's account. */
export const borneInFull = `
      select d.student_id, d.id, d.amount_minor, sum(t.amount_minor), 'a dispute that is not borne in full'
      from gateway_disputes d left join ledger_transactions t on t.corrects_id = d.transaction_id and t.kind = 'dispute_lost'
      where d.status = 'lost' group by d.id, d.student_id, d.amount_minor having coalesce(sum(t.amount_minor), 0) <> d.amount_minor
      union all
      select d.student_id, d.id, b.twice_minor, b.fees_minor, 'the university bears what a student had back before, and from the bank too'
      from gateway_disputes d join gateway_payments p on p.id = d.payment_row_id join gateway_orders g on g.id = p.order_row_id and g.purpose <> 'gift', lateral (
        select (select coalesce(sum(t.amount_minor), 0) from ledger_transactions t join accounts a on a.id = t.from_account_id and a.kind = 'fees'
            where t.corrects_id = d.transaction_id and t.kind = 'dispute_lost')
            - (select coalesce(sum(t.amount_minor), 0) from ledger_transactions t where t.corrects_id = d.transaction_id and t.kind = 'dispute_moved') as fees_minor,
          (select coalesce(sum(t.amount_minor), 0) from ledger_transactions t where t.order_id = d.order_id and t.kind = 'refund' and t.wallet_student_id is not null)
            + (select coalesce(sum(f.amount_minor), 0) from gateway_refunds f where f.payment_row_id = d.payment_row_id and f.status = 'processed')
            - (select coalesce(sum(t.amount_minor), 0) from gateway_disputes e join ledger_transactions t on t.corrects_id = e.transaction_id and t.kind in ('dispute_lost', 'dispute_moved')
                join accounts a on a.id = t.from_account_id and a.kind in ('wallet', 'receivables') where e.payment_row_id = d.payment_row_id) as twice_minor) b
      where d.status = 'lost' and b.fees_minor > 0 and b.twice_minor > 0
      union all
      select g.student_id, p.id, p.amount_minor, b.minor, 'more of what was held has left than was there'
      from gateway_payments p join gateway_orders g on g.id = p.order_row_id, lateral (
        select (select coalesce(sum(f.amount_minor), 0) from gateway_refunds f where f.payment_row_id = p.id and f.status <> 'failed')
          + (select coalesce(sum(t.amount_minor), 0) from gateway_disputes d join ledger_transactions t on t.corrects_id = d.transaction_id and t.kind in ('dispute_lost', 'dispute_moved')
              join accounts a on a.id = t.from_account_id and a.kind = 'held' where d.payment_row_id = p.id) as minor) b
      where p.credited_to = 'held' and b.minor > p.amount_minor
      union all
      select x.student_id, x.id, x.amount_minor, b.minor, 'a refund made outside that is not borne in full'
      from outside_refunds x, lateral (
        select coalesce((select sum(t.amount_minor) from ledger_transactions t where t.corrects_id = x.transaction_id and t.kind = 'outside_refund_borne'), 0)
          + coalesce((select sum(f.amount_minor) from gateway_refunds f where f.payment_row_id = x.payment_row_id and f.gateway_refund_id = x.gateway_refund_id), 0) as minor) b
      where x.status = 'borne' and b.minor <> x.amount_minor`;

/** Each grant is in the ledger as its line and its file say. */
export const grantsBooked = `
      select g.student_id, g.id as grant_id, g.amount_minor, t.amount_minor as moved_minor, 'credited, and not so in the ledger' as problem
      from grants g left join ledger_transactions t on t.id = g.transaction_id and t.kind = 'grant' and t.wallet_student_id = g.student_id
      where g.transaction_id is not null and t.amount_minor is distinct from g.amount_minor
      union all
      select g.student_id, g.id, g.amount_minor, null, 'credited by a file that nobody agreed to'
      from grants g join bulk_credits b on b.id = g.bulk_credit_id
      where g.transaction_id is not null and (b.status not in ('approved', 'done') or (b.two_people and (b.decided_by is null or b.decided_by = b.requested_by)))
      union all
      select g.student_id, g.id, g.taken_back_minor, t.amount_minor, 'taken back, and not so in the ledger, or before its day was over'
      from grants g left join ledger_transactions t on t.id = g.expired_transaction_id and t.kind = 'grant_expired' and t.wallet_student_id = g.student_id
      where g.taken_back_minor > 0 and (t.amount_minor is distinct from g.taken_back_minor or t.at < g.expires_at)`;

/** What those that ran out gave back, against what their wallets spent meanwhile: exact where a wallet has one, within the others' amounts where it has several. */
const grantsLeft = `
      select e.student_id, e.id, e.amount_minor - e.taken_back_minor, e.spent_minor, 'more or less of it was taken back than was left'
      from (
        select g.*, (
            select coalesce(sum(case when s.from_account_id = w.account_id then s.amount_minor else -s.amount_minor end), 0) from ledger_transactions s
              left join ledger_transactions o on o.id = s.corrects_id
            -- A close-out that came back was never spent, also where it came after the end.
            where s.wallet_student_id = g.student_id and (s.wallet_seq <= g.ended_seq or (s.kind = 'close_out_return' and o.wallet_seq <= g.ended_seq)) and s.kind <> 'grant_expired'
              and ((s.from_account_id = w.account_id and s.wallet_seq > t.wallet_seq)
                or (s.to_account_id = w.account_id and o.from_account_id = w.account_id and o.wallet_seq > t.wallet_seq))) as spent_minor,
          -- What a debt took was spent of no grant, and may yet have left nothing of one.
          (select coalesce(sum(s.amount_minor), 0) from ledger_transactions s where s.wallet_student_id = g.student_id and s.from_account_id = w.account_id
            and s.wallet_seq > t.wallet_seq and s.wallet_seq <= g.ended_seq and s.kind in ('dispute_lost', 'dispute_moved', 'debt_repaid', 'outside_refund_borne')) as debts_minor,
          (select coalesce(sum(x.amount_minor), 0) from grants x where x.student_id = g.student_id and x.id <> g.id and x.expires_at is not null) as others_minor
        from grants g join ledger_transactions t on t.id = g.transaction_id join wallets w on w.student_id = g.student_id
        where g.status = 'expired' and w.status <> 'closed') e
      where e.amount_minor - e.taken_back_minor > e.spent_minor or e.amount_minor - e.taken_back_minor < least(e.amount_minor, e.spent_minor - e.debts_minor - e.others_minor)`;

/** Of what stands behind the money: the chart of accounts, its documents, and what is kept until something is decided. */
export const documentInvariants: readonly Invariant[] = [
  {
    id: "I20",
    title: "each transaction is a leg of the chart, has its one document of its amount, and lands on the account of its order's café",
    sql: `
      with legs as (
        select t.id, t.kind, t.amount_minor, t.order_id, t.corrects_id, a.kind as from_kind, b.kind as to_kind, coalesce(a.cafe_id, b.cafe_id) as cafe_id, l.document
        from ledger_transactions t left join accounts a on a.id = t.from_account_id left join accounts b on b.id = t.to_account_id
          left join allowed_legs l on l.kind = t.kind and l.from_kind = a.kind and l.to_kind = b.kind),
      documents as (
        select transaction_id, min(document) as document, count(*) as documents, sum(amount_minor) as amount_minor from ledger_documents group by transaction_id)
      select l.id as transaction_id, l.kind, l.from_kind, l.to_kind, l.amount_minor, d.amount_minor as documented_minor,
        case when l.document is null then 'no leg of the chart' when d.documents is null then 'no document'
          when d.documents > 1 then 'several documents' when d.document <> l.document then 'a document of another kind' else 'a document of another amount' end as problem
      from legs l left join documents d on d.transaction_id = l.id
      where l.document is null or d.documents is distinct from 1 or d.document <> l.document or d.amount_minor <> l.amount_minor
      union all
      select l.id, l.kind, l.from_kind, l.to_kind, l.amount_minor, null, 'another café than the order''s'
      from legs l join orders o on o.id = l.order_id where l.cafe_id <> o.cafe_id
      union all
      select b.id, b.kind, null, null, b.amount_minor, null, 'given back to another account than it was taken from'
      from gateway_refunds f join ledger_transactions t on t.id = f.transaction_id join ledger_transactions b on b.id = f.returned_transaction_id
      where b.to_account_id <> t.from_account_id or b.from_account_id <> t.to_account_id
      union all
      ${mayWrite}`,
  },
  {
    id: "I21",
    title:
      "a close-out is paid exactly as its transaction says and closes its wallet, and a wallet keeps back what its undecided documents say",
    sql: `
      select c.id as document_id, c.student_id, c.amount_minor, t.amount_minor as moved_minor, 'paid, and not so in the ledger' as problem
      from close_outs c left join ledger_transactions t on t.id = c.transaction_id and t.kind = 'close_out' and t.wallet_student_id = c.student_id
      where c.status in ('paid', 'returned') and coalesce(t.amount_minor, 0) <> c.amount_minor
      union all
      select c.id, c.student_id, c.amount_minor, w.balance_minor, 'paid, and its wallet is open'
      from close_outs c join wallets w on w.student_id = c.student_id where c.status = 'paid' and w.status <> 'closed'
      union all
      select c.id, c.student_id, c.amount_minor, null, 'returned, and not back in the wallet'
      from close_outs c where c.status = 'returned' and not exists (
        select from returned_pay_outs r join ledger_transactions t on t.id = r.transaction_id where r.close_out_id = c.id and t.wallet_student_id = c.student_id)
      union all
      select null, w.student_id, w.held_minor, sum(h.amount_minor), 'another amount is held than the holds say'
      from wallets w left join wallet_holds h on h.student_id = w.student_id and h.status = 'placed'
      group by w.student_id, w.held_minor having w.held_minor <> coalesce(sum(h.amount_minor), 0)
      union all
      select h.document_id, h.student_id, h.amount_minor, null, 'held for what is decided'
      from wallet_holds h left join close_outs c on h.document = 'close_outs' and c.id = h.document_id and c.student_id = h.student_id and c.status in ('pending', 'agreed')
        left join gateway_disputes d on h.document = 'gateway_disputes' and d.id = h.document_id and d.student_id = h.student_id and d.settled_at is null
      where h.status = 'placed' and c.id is null and d.id is null
      union all
      select c.id, c.student_id, c.held_minor, h.amount_minor, 'it waits, and nothing is held for it'
      from close_outs c left join wallet_holds h on h.document = 'close_outs' and h.document_id = c.id and h.status = 'placed'
      where c.status in ('pending', 'agreed') and coalesce(h.amount_minor, 0) <> coalesce(c.held_minor, 0)`,
  },
  {
    id: "I22",
    // By each account's kept balance, which I3 holds against its entries.
    title: "what the gateway owes, what is disputed, in suspense and held is what the documents say",
    sql: `
      with said (kind, currency, minor) as (
        select 'gateway_clearing', currency, -amount_minor from gateway_payments
        union all select 'held', currency, amount_minor from gateway_payments where credited_to = 'held'
        union all select 'held', currency, -amount_minor from gateway_refunds where order_id is null and status <> 'failed'
        union all select 'held', d.currency, -t.amount_minor from gateway_disputes d join gateway_payments p on p.id = d.payment_row_id and p.credited_to = 'held'
          join ledger_transactions t on t.corrects_id = d.transaction_id and t.kind in ('dispute_lost', 'dispute_moved') join accounts a on a.id = t.from_account_id and a.kind = 'held'
        union all select 'gateway_clearing', f.currency, f.amount_minor from gateway_refunds f where f.status <> 'failed'
          and not exists (select from outside_refunds x where x.gateway_refund_id = f.gateway_refund_id and x.payment_row_id = f.payment_row_id and x.status = 'borne')
        union all select 'gateway_clearing', currency, amount_minor from outside_refunds where status <> 'failed'
        union all select 'suspense', currency, -amount_minor from outside_refunds where status = 'open'
        union all select 'gateway_clearing', currency, amount_minor from gateway_disputes where status <> 'won'
        union all select 'disputes', currency, -amount_minor from gateway_disputes where settled_at is null
        union all select 'gateway_clearing', currency, amount_minor + fee_minor from gateway_pay_outs
        union all select kind, currency, 0 from accounts where kind in ('gateway_clearing', 'held', 'suspense', 'disputes'))
      select s.kind, s.currency, sum(s.minor) as documented_minor, coalesce(account_balance(a.id), 0) as kept_minor
      from said s left join accounts a on a.kind = s.kind and a.currency = s.currency
      group by s.kind, s.currency, a.id having sum(s.minor) <> coalesce(account_balance(a.id), 0)`,
  },
  {
    id: "I23",
    title: "nobody has paid back more than was owed, and a lost dispute or a refund made outside is borne once, in full",
    sql: `
      select a.student_id, null::uuid as document_id, sum(e.amount_minor) as minor, null::bigint as borne_minor, 'more was paid back than was owed' as problem
      from ledger_entries e join accounts a on a.id = e.account_id where a.kind = 'receivables' group by a.id having sum(e.amount_minor) > 0
      union all
      ${borneInFull}`,
  },
  {
    id: "I24",
    title: "each grant was credited once by a file that was agreed to, and gave back what was left of it when its day was over",
    sql: `
      select null::uuid as student_id, b.id as grant_id, b.total_minor as amount_minor, sum(g.amount_minor)::bigint as moved_minor, 'another sum than its file' as problem
      from bulk_credits b left join grants g on g.bulk_credit_id = b.id where b.status in ('pending', 'approved', 'done', 'rejected')
      group by b.id having coalesce(sum(g.amount_minor), 0) <> b.total_minor or count(g.id) <> b.line_count
      union all
      ${grantsBooked}
      union all
      ${grantsLeft}`,
  },
  {
    id: "I25",
    title: "no wallet of an erased student is open or has money in it",
    sql: `
      select w.student_id, w.status, w.balance_minor, w.held_minor from wallets w join students s on s.id = w.student_id
      where s.erased_at is not null and (w.status <> 'closed' or w.balance_minor <> 0 or w.held_minor <> 0)`,
  },
];
