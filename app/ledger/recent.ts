import { borneInFull, grantsBooked, mayWrite } from "./document-invariants.ts";
import type { Invariant } from "./invariant.ts";
import { mayChange } from "./invariants.ts";

/*
 * The same invariants over what happened since a moment, so that a look every few minutes costs seconds and not a read of the whole
 * book. Each of the big tables is put in the shade of a part of itself that is closed: what happened since, the orders and charges that it
 * touched, and all that was ever booked on those. A question that asks for the whole book has another form here, or waits for the night.
 * A row of a big table is looked up by its key, one by one: `offset 0` keeps the planner from reading a million to find some thousand.
 */
const since = "with since as (select $1::timestamptz as at)";
const world = `
  ${since},
  seen as materialized (select t.* from ledger_transactions t where t.at >= (select at from since)),
  touched as materialized (select distinct order_id as id from seen where order_id is not null),
  orders as materialized (select o.* from touched n, lateral (select * from orders where id = n.id offset 0) o),
  charges as materialized (
    select c.* from (select charge_id as id from seen where charge_id is not null
        union select p.charge_id from orders o, lateral (select charge_id from ledger_transactions where id = o.paid_transaction_id offset 0) p where p.charge_id is not null
        -- Its debit may be missing, and is no older than its end.
        union select e.id from charges e left join lateral (select at from ledger_transactions where id = e.transaction_id offset 0) t on true
          where e.ended_at >= (select at from since) and (t.at is null or t.at >= (select at from since))) n,
      lateral (select * from charges where id = n.id offset 0) c),
  receipts as materialized (select r.* from charges c, lateral (select * from receipts where charge_id = c.id offset 0) r),
  refunds as materialized (select f.* from refunds f where f.order_id in (select id from touched)),
  refund_proposals as materialized (select p.* from refund_proposals p where p.order_id in (select id from touched)),
  outbox as materialized (select o.* from outbox o where o.id >= uuid_from((select at from since) - interval '1 minute')),
  events as materialized (select e.* from events e where e.at >= (select at from since)),
  corrected as materialized (
    select id from seen union select paid_transaction_id from orders where paid_transaction_id is not null
    union select corrects_id from seen where corrects_id is not null),
  named as materialized (
    select id from corrected union select t.id from ledger_transactions t where t.corrects_id in (select id from corrected)),
  gateway_payments as materialized (
    select p.* from gateway_payments p where p.id in (
      select x.id from gateway_payments x where x.transaction_id in (select id from named) union select x.id from gateway_payments x where x.at >= (select at from since))),
  gateway_refunds as materialized (
    select f.* from gateway_refunds f where f.id in (
      select x.id from gateway_refunds x where x.order_id in (select id from touched) union select x.id from gateway_refunds x where x.transaction_id in (select id from named)
      union select x.id from gateway_refunds x where x.created_at >= (select at from since) or x.settled_at >= (select at from since))),
  gateway_disputes as materialized (
    select d.* from gateway_disputes d where d.transaction_id in (select id from named)
      or d.created_at >= (select at from since) or d.settled_at >= (select at from since)),
  outside_refunds as materialized (
    select x.* from outside_refunds x where x.transaction_id in (select id from named)
      or x.created_at >= (select at from since) or x.decided_at >= (select at from since)),
  documented as materialized (
    select transaction_id as id from gateway_payments union select transaction_id from gateway_refunds union select returned_transaction_id from gateway_refunds
    union select transaction_id from gateway_disputes union select transaction_id from outside_refunds),
  ledger_transactions as materialized (
    select t.* from (
        select id from named union select id from documented
        union select x.id from ledger_transactions x where x.corrects_id in (select id from documented)) n,
      lateral (select * from ledger_transactions where id = n.id offset 0) t)`;

const ofItsOwn: Readonly<Record<string, string>> = {
  // Each new entry against the one before it, and each wallet's row against its last entry: what is older was looked at when it was new.
  I2: `
    select s.wallet_student_id as student_id, s.wallet_balance_after_minor as after_minor, p.wallet_balance_after_minor as before_minor, s.wallet_seq, s.id as transaction_id
    from seen s left join wallets w on w.student_id = s.wallet_student_id
      left join lateral (
        select * from public.ledger_transactions x where x.wallet_student_id = s.wallet_student_id and x.wallet_seq = s.wallet_seq - 1 offset 0) p on true
    where s.wallet_student_id is not null and ((s.wallet_seq > 1 and p.id is null)
      or s.wallet_balance_after_minor is distinct from coalesce(p.wallet_balance_after_minor, 0)
        + case w.account_id when s.to_account_id then s.amount_minor when s.from_account_id then -s.amount_minor end)
    union all
    select w.student_id, w.balance_minor, l.wallet_balance_after_minor, w.last_seq, l.id
    from wallets w left join lateral (
      select * from public.ledger_transactions x where x.wallet_student_id = w.student_id and x.wallet_seq = w.last_seq offset 0) l on true
    where w.balance_minor <> coalesce(l.wallet_balance_after_minor, 0)`,
  I3: `
    with last as (select distinct on (account_id) account_id, balance_minor from account_snapshots order by account_id, before_xid desc),
    tail as (
      select account_id, sum(amount_minor) as minor from ledger_entries where xid >= coalesce((select max(before_xid) from account_snapshots), '0'::xid8) group by account_id)
    select currency, sum(balance_minor) as minor from (
      select a.currency, coalesce(l.balance_minor, 0) + coalesce(t.minor, 0) as balance_minor
      from accounts a left join last l on l.account_id = a.id left join tail t on t.account_id = a.id where a.kind <> 'wallet'
      union all select currency, balance_minor from wallets) b
    group by currency having sum(balance_minor) <> 0`,
  I11: `
    select t.id as transaction_id, t.at from seen t
    where t.kind in ('debit', 'gateway_sale') and not exists (
      select from outbox o where o.topic = 'order.paid' and o.payload ->> 'transaction_id' = t.id::text and o.created_at = t.at)`,
  // The seals are read from the first day on, at night.
  I14: mayChange,
  // Whether each sale is settled once is asked at night, when they are settled.
  // Of accounts on which something else than a sale was booked, in one pass for all of them: a sale alone moves both sides by the same.
  I19: `
    with kept as materialized (
      select p.id, p.cafe_id, coalesce(b.balance_minor, 0) as balance_minor, coalesce(l.carried_minor, 0) as carried_minor,
        least(coalesce(l.until_at, p.created_at - interval '1 day'), now() - interval '1 day') - interval '1 hour' as from_at
      from (select distinct a.* from accounts a join seen t on a.id in (t.from_account_id, t.to_account_id) where a.kind = 'cafe_payable' and t.kind <> 'debit') p
        left join lateral (select * from settlements s where s.account_id = p.id order by s.day desc limit 1) l on true
        left join lateral (select * from account_snapshots s where s.account_id = p.id order by s.before_xid desc limit 1) b on true),
    tail as (
      select account_id, sum(amount_minor) as minor from ledger_entries
      where account_id in (select id from kept) and xid >= coalesce((select max(before_xid) from account_snapshots), '0'::xid8) group by account_id),
    unsettled as (
      select k.id, sum(e.amount_minor) as minor
      from kept k join (
          select id, at, kind, to_account_id as account_id, amount_minor from public.ledger_transactions where at >= (select min(from_at) from kept)
          union all select id, at, kind, from_account_id, -amount_minor from public.ledger_transactions where at >= (select min(from_at) from kept)) e
        on e.account_id = k.id and e.at >= k.from_at
      where e.kind not in ('settlement', 'settlement_return', 'fee') and not exists (select from settled_entries s where s.transaction_id = e.id)
      group by k.id),
    due as (select account_id, sum(payable_minor) as minor from settlements where status = 'due' group by account_id)
    select k.id as account_id, k.cafe_id, k.balance_minor + coalesce(t.minor, 0) as kept_minor, coalesce(d.minor, 0) + k.carried_minor + coalesce(u.minor, 0) as settled_minor
    from kept k left join tail t on t.account_id = k.id left join unsettled u on u.id = k.id left join due d on d.account_id = k.id
    where k.balance_minor + coalesce(t.minor, 0) <> coalesce(d.minor, 0) + k.carried_minor + coalesce(u.minor, 0)`,
  I20: `
    select t.id as transaction_id, t.kind, a.kind as from_kind, b.kind as to_kind, t.amount_minor, coalesce(c.amount_minor, d.amount_minor) as documented_minor
    from seen t left join accounts a on a.id = t.from_account_id left join accounts b on b.id = t.to_account_id
      left join allowed_legs l on l.kind = t.kind and l.from_kind = a.kind and l.to_kind = b.kind
      left join charges c on t.kind = 'debit' and c.id = t.charge_id and c.transaction_id = t.id
      left join lateral (
        select count(*) as documents, min(n.document) as document, sum(n.amount_minor) as amount_minor
        from ledger_documents n where n.transaction_id = t.id and t.kind <> 'debit') d on true
      left join orders o on o.id = t.order_id
    where l.document is null or coalesce(a.cafe_id, b.cafe_id) <> o.cafe_id
      or case t.kind when 'debit' then c.id is null or c.amount_minor <> t.amount_minor
        else d.documents is distinct from 1 or d.document <> l.document or d.amount_minor <> t.amount_minor end
    union all
    select null, problem, null, null, null, null from (${mayWrite}) m (transaction_id, kind, from_kind, to_kind, amount_minor, documented_minor, problem)`,
  I23: `
    select a.student_id, null::uuid as document_id, account_balance(a.id) as minor, null::numeric as borne_minor, 'more was paid back than was owed' as problem
    from accounts a where a.kind = 'receivables' and a.id in (select from_account_id from seen union select to_account_id from seen) and account_balance(a.id) > 0
    union all
    ${borneInFull}`,
  // What those that ran out left is asked at night: it takes all that their wallets did meanwhile.
  I24: `
    with grants as (
      select g.* from public.grants g where g.transaction_id in (select id from seen) or g.expired_transaction_id in (select id from seen))
    ${grantsBooked}`,
};

/** Asked at night only: a step of an order is no money. */
export const wholeOnly: readonly string[] = ["I12"];

/** Cheap over the whole book, and asked of it: documents that wait may be old, and an erasure is no transaction. */
const always: readonly string[] = ["I21", "I22", "I25"];

/** The questions of a look at what happened since `$1`. */
export const recentInvariants = (all: readonly Invariant[]): Invariant[] =>
  all
    .filter(({ id }) => !wholeOnly.includes(id))
    .map(({ id, title, sql }) => ({
      id,
      title,
      sql: `${always.includes(id) ? since : world} select * from (${ofItsOwn[id] ?? sql}) found`,
    }));
