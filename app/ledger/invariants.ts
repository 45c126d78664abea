import { documentInvariants } from "./document-invariants.ts";
import type { Invariant } from "./invariant.ts";
import { payOutInvariants } from "./pay-out-invariants.ts";

/** History invariants: they need the clients' log, so only the suite can check them. */
export const notCovered = ["I7", "I9", "I17", "I18"] as const;

const appRole = "campus_app";

/** What was written cannot be changed by the app. */
export const mayChange = `
      select null::date as day, format('${appRole} may %s %s', lower(privilege), relation) as problem
      from unnest(array['ledger_transactions', 'ledger_anchors', 'refunds', 'receipts', 'status_changes', 'order_status_log', 'audit_log', 'scans', 'gateway_payments', 'counter_sales', 'counter_refunds', 'cash_movements', 'z_reports']) relation
        cross join unnest(array['UPDATE', 'DELETE', 'TRUNCATE']) privilege
      where has_table_privilege('${appRole}', relation, privilege)
        or (privilege = 'UPDATE' and has_any_column_privilege('${appRole}', relation, privilege))
      union all
      select null, '${appRole} may delete from ' || relation
      from unnest(array['wallets', 'accounts', 'adjustments', 'charges', 'orders']) relation where has_table_privilege('${appRole}', relation, 'DELETE')`;

/**
 * What must hold in every snapshot of the books: one list for the tests, the endpoint, the command and the alarms. Sums
 * alone are blind (a debit made twice passes I1 to I4), so each has its own question.
 */
export const invariants: readonly Invariant[] = [
  {
    id: "I1",
    // Both entries of a transaction are one row, so what can go wrong is where they land, not their amounts.
    title: "the entries of a transaction sum to zero in its one currency",
    sql: `
      select t.id as transaction_id, t.amount_minor, t.currency, a.currency as from_currency, b.currency as to_currency
      from ledger_transactions t left join accounts a on a.id = t.from_account_id left join accounts b on b.id = t.to_account_id
      where a.currency is distinct from t.currency or b.currency is distinct from t.currency
        or t.amount_minor <= 0 or t.from_account_id = t.to_account_id`,
  },
  {
    id: "I2",
    title: "a wallet's balance is the sum of its entries, and so is each balance on the way",
    sql: `
      select w.student_id, w.balance_minor, e.amount_minor as entries_minor, w.last_seq, e.entries, null::uuid as transaction_id
      from wallets w left join (
        select account_id, sum(amount_minor) as amount_minor, count(*) as entries from ledger_entries group by account_id) e on e.account_id = w.account_id
      where w.balance_minor <> coalesce(e.amount_minor, 0) or w.last_seq <> coalesce(e.entries, 0)
      union all
      select r.wallet_student_id, r.after_minor, r.before_minor + r.moved_minor, r.wallet_seq, r.place, r.id from (
        select t.id, t.wallet_student_id, t.wallet_seq, t.wallet_balance_after_minor as after_minor,
          lag(t.wallet_balance_after_minor, 1, 0::bigint) over wallet as before_minor, row_number() over wallet as place,
          case w.account_id when t.to_account_id then t.amount_minor when t.from_account_id then -t.amount_minor end as moved_minor
        from ledger_transactions t left join wallets w on w.student_id = t.wallet_student_id
        where t.wallet_student_id is not null
        window wallet as (partition by t.wallet_student_id order by t.wallet_seq)) r
      where r.moved_minor is null or r.after_minor <> r.before_minor + r.moved_minor or r.wallet_seq <> r.place`,
  },
  {
    id: "I3",
    title: "all accounts sum to zero, as they are kept: wallets' rows, the others' snapshots and tails",
    sql: `
      with last as (select distinct on (account_id) account_id, before_xid, balance_minor from account_snapshots order by account_id, before_xid desc),
      boundary as (select coalesce(max(before_xid), '0'::xid8) as xid from account_snapshots),
      kept as (
        select a.id, a.currency, coalesce(l.balance_minor, 0) as snapshot_minor,
          coalesce(sum(e.amount_minor) filter (where e.xid < l.before_xid), 0) as before_minor,
          coalesce(sum(e.amount_minor) filter (where e.xid >= boundary.xid), 0) as tail_minor
        from accounts a cross join boundary left join last l on l.account_id = a.id left join ledger_entries e on e.account_id = a.id
        where a.kind <> 'wallet' group by a.id, a.currency, l.balance_minor)
      select id as account_id, currency, snapshot_minor as kept_minor, before_minor as entries_minor from kept where snapshot_minor <> before_minor
      union all
      select null, currency, sum(balance_minor), 0 from (
        select currency, snapshot_minor + tail_minor as balance_minor from kept union all select currency, balance_minor from wallets) b
      group by currency having sum(balance_minor) <> 0`,
  },
  {
    id: "I4",
    title: "no wallet is below zero, nor ever was",
    sql: `
      select student_id, balance_minor, null::uuid as transaction_id from wallets where balance_minor < 0
      union all
      select wallet_student_id, wallet_balance_after_minor, id from ledger_transactions where wallet_balance_after_minor < 0`,
  },
  {
    id: "I5",
    title: "an order is debited at most once",
    sql: `
      select order_id, count(*) as debits, array_agg(id order by id) as transaction_ids from ledger_transactions
      where kind = 'debit' and order_id is not null group by order_id having count(*) > 1`,
  },
  {
    id: "I6",
    title: "an order is paid exactly when one payment of its total stands behind it, by its student to its café",
    sql: `
      select o.id as order_id, o.payment_status, o.total_minor, t.id as transaction_id, t.kind, t.amount_minor, 'the payment does not fit' as problem
      from orders o
        left join ledger_transactions t on t.id = o.paid_transaction_id
        left join accounts a on a.id = t.to_account_id
      where o.payment_status in ('paid', 'refunded')
        and (t.order_id is distinct from o.id or t.amount_minor <> o.total_minor or t.currency <> o.currency or a.cafe_id is distinct from o.cafe_id
          or (o.payment_method = 'wallet') <> (t.kind in ('debit', 'repost')) or (o.payment_method = 'upi') <> (t.kind = 'gateway_sale')
          or (o.payment_method = 'cash') <> (t.kind = 'cash_sale')
          or (o.payment_method = 'wallet' and t.wallet_student_id is distinct from o.student_id))
      union all
      select t.order_id, o.payment_status, o.total_minor, t.id, t.kind, t.amount_minor, 'paid, and not marked so'
      from ledger_transactions t left join orders o on o.id = t.order_id
      where t.kind in ('debit', 'cash_sale', 'gateway_sale', 'repost') and t.order_id is not null and o.paid_transaction_id is null
      union all
      select t.order_id, null, null, null, 'several', sum(t.amount_minor), 'paid in several ways'
      from ledger_transactions t where t.kind in ('debit', 'cash_sale', 'gateway_sale', 'repost') and t.order_id is not null
      group by t.order_id having count(*) > 1 and count(*) filter (where t.kind = 'debit') <= 1
      union all
      select c.order_id, o.payment_status, o.total_minor, c.transaction_id, 'charge', c.amount_minor, 'the charge is not of this order''s people and place'
      from charges c join orders o on o.id = c.order_id join devices d on d.id = c.device_id join cards k on k.id = c.card_id
      where c.state = 'confirmed'
        and (c.cafe_id <> o.cafe_id or d.cafe_id <> o.cafe_id or c.student_id is distinct from o.student_id or k.student_id <> c.student_id)`,
  },
  {
    id: "I8",
    title: "a charge ends once, and is confirmed exactly when its own debit stands",
    sql: `
      select c.id as charge_id, c.state, c.transaction_id, 'confirmed without its debit' as problem
      from charges c left join ledger_transactions t on t.id = c.transaction_id and t.charge_id = c.id and t.kind in ('debit', 'repost')
      where c.state = 'confirmed' and t.id is null
      union all
      select t.charge_id, c.state, t.id, 'debited, and not confirmed by it'
      from ledger_transactions t left join charges c on c.id = t.charge_id
      where t.kind = 'debit' and t.charge_id is not null and c.transaction_id is distinct from t.id
      union all
      select (data ->> 'charge_id')::uuid, string_agg(data ->> 'state', ', ' order by xid, id), null, 'ended more than once'
      from events where event = 'charge_ended' group by data ->> 'charge_id' having count(*) > 1`,
  },
  {
    id: "I10",
    title: "refunds, to the wallet and through the gateway, never exceed the payment that they give back",
    sql: `
      with given as (
        select order_id, corrects_id, sum(case kind when 'gateway_refund_return' then -amount_minor else amount_minor end) as amount_minor,
          array_agg(distinct wallet_student_id) filter (where kind = 'refund' and wallet_student_id is not null) as students
        from ledger_transactions where kind in ('refund', 'gateway_refund', 'gateway_refund_return') and (order_id is not null or kind = 'refund')
        group by order_id, corrects_id),
      listed as (
        select order_id, sum(amount_minor) as amount_minor from (
          select order_id, amount_minor from refunds
          union all select order_id, amount_minor from gateway_refunds where status <> 'failed' and order_id is not null) r group by order_id)
      select coalesce(o.id, g.order_id) as order_id, o.total_minor, o.refunded_minor, g.amount_minor as given_minor, l.amount_minor as listed_minor, o.payment_status
      from orders o full join given g on g.order_id = o.id left join listed l on l.order_id = coalesce(o.id, g.order_id)
      where (o.refunded_minor <> 0 or g.order_id is not null or g.amount_minor <> 0 or l.order_id is not null or o.payment_status = 'refunded')
        and (o.id is null or coalesce(g.amount_minor, 0) <> o.refunded_minor or coalesce(l.amount_minor, 0) <> o.refunded_minor
          or g.amount_minor > o.total_minor or g.corrects_id is distinct from o.paid_transaction_id or g.students <> array[o.student_id]
          or (o.payment_status = 'refunded') <> (o.refunded_minor = o.total_minor))
      union all
      select o.id, o.total_minor, o.refunded_minor, sum(t.amount_minor), null, 'refunded and disputed beyond what was paid'
      from ledger_transactions t join accounts a on a.id = t.from_account_id join orders o on o.id = t.order_id
      where t.kind in ('dispute_lost', 'dispute_moved') and a.kind = 'cafe_payable' group by o.id, o.total_minor, o.refunded_minor having o.refunded_minor + sum(t.amount_minor) > o.total_minor
      union all
      select p.order_id, null, null, p.amount_minor, t.amount_minor, 'given back by two people, and not so in the ledger'
      from refund_proposals p left join ledger_transactions t on t.id = p.transaction_id and t.order_id = p.order_id and t.kind in ('refund', 'gateway_refund')
      where p.status = 'approved' and t.amount_minor is distinct from p.amount_minor`,
  },
  {
    id: "I11",
    // now() is the transaction's start, so equal times mean one transaction. Done rows are purged after seven days; what
    // was missing then stands in the day's seal.
    title: "each debit wrote its outbox row in its own transaction",
    sql: `
      select t.id as transaction_id, t.at, null::date as day, 1 as debits from ledger_transactions t
      where t.kind in ('debit', 'gateway_sale') and t.at > now() - interval '7 days' and not exists (
        select 1 from outbox o where o.topic = 'order.paid' and o.payload ->> 'transaction_id' = t.id::text and o.created_at = t.at)
      union all
      select null, null, day, debits_without_outbox from ledger_anchors
      where debits_without_outbox > 0 and day < ((now() - interval '7 days') at time zone 'UTC')::date`,
  },
  {
    id: "I12",
    title: "orders move only along the table, and none is completed unpaid",
    sql: `
      with steps as (
        select order_id, id, from_status, to_status, lag(to_status, 1, 'received') over moves as expected, lead(id) over moves is null as is_last
        from order_status_log window moves as (partition by order_id order by id))
      select s.order_id, s.from_status, s.to_status, 'a step that the table does not have' as problem from steps s
      where s.from_status <> s.expected
        or not exists (select 1 from order_transitions x where x.from_status = s.from_status and x.to_status = s.to_status)
      union all
      select o.id, coalesce(s.to_status, 'received'), o.status, 'a status without its step'
      from orders o left join steps s on s.order_id = o.id and s.is_last where o.status <> coalesce(s.to_status, 'received')
      union all
      select id, status, payment_status, 'completed and not paid' from orders where status = 'completed' and payment_status not in ('paid', 'refunded')`,
  },
  {
    id: "I13",
    // What the gateway captured and nobody told us is found by the poller and by reconciliation, which ask the gateway.
    title: "each payment that the gateway captured is credited once, each credit has its payment, and each dispute its entries",
    sql: `
      select p.payment_id, p.amount_minor, t.id as transaction_id, t.amount_minor as credited_minor, 'a payment without its credit' as problem
      from gateway_payments p left join ledger_transactions t on t.id = p.transaction_id left join accounts a on a.id = t.from_account_id
      where t.id is null or t.amount_minor <> p.amount_minor or t.currency <> p.currency or a.kind <> 'gateway_clearing'
        or t.kind is distinct from case p.credited_to when 'order' then 'gateway_sale' when 'wallet' then 'top_up' else 'gateway_hold' end
      union all
      select null, null, t.id, t.amount_minor, 'a credit without its payment'
      from ledger_transactions t left join gateway_payments p on p.transaction_id = t.id
      where t.kind in ('top_up', 'gateway_sale', 'gateway_hold') and p.id is null
      union all
      select min(payment_id), null, null, sum(amount_minor), 'one payment, credited several times'
      from gateway_payments group by gateway, payment_id having count(*) > 1
      union all
      select p.payment_id, f.amount_minor, t.id, t.amount_minor, 'a refund without its entries'
      from gateway_refunds f join gateway_payments p on p.id = f.payment_row_id
        left join ledger_transactions t on t.id = f.transaction_id and t.kind = 'gateway_refund'
        left join ledger_transactions b on b.id = f.returned_transaction_id and b.kind = 'gateway_refund_return'
      where t.amount_minor is distinct from f.amount_minor or (f.status = 'failed' and b.amount_minor is distinct from f.amount_minor)
      union all
      select d.dispute_id, d.amount_minor, d.transaction_id, sum(t.amount_minor), 'a dispute without its entries'
      from gateway_disputes d left join ledger_transactions o on o.id = d.transaction_id and o.kind = 'dispute'
        left join ledger_transactions t on t.corrects_id = d.transaction_id and t.kind = case d.status when 'won' then 'dispute_won' else 'dispute_lost' end
      group by d.id, d.dispute_id, d.amount_minor, d.transaction_id, d.status, o.amount_minor
      having o.amount_minor is distinct from d.amount_minor
        or coalesce(sum(t.amount_minor), 0) <> case when d.status in ('won', 'lost') then d.amount_minor else 0 end`,
  },
  {
    id: "I14",
    title: "what was written cannot be changed by the app, and the chain of daily seals verifies",
    sql: `
      ${mayChange}
      union all
      (with rows as (
        select day, count(*) as transactions, string_agg(row_hash, ''::bytea order by id) as row_hashes
        from (select (t.at at time zone 'UTC')::date as day, t.id, sha256(convert_to(transaction_text(t), 'UTF8')) as row_hash from ledger_transactions t) r
        group by day),
      chain as (select day, transactions, previous_hash, hash, lag(hash, 1, ''::bytea) over days as expected, lag(day) over days as day_before
        from ledger_anchors window days as (order by day))
      select c.day, case
          when c.previous_hash <> c.expected or c.day - c.day_before > 1 then 'the seal does not follow the one before'
          when c.transactions <> coalesce(r.transactions, 0) then format('%s transactions were sealed, %s are there', c.transactions, coalesce(r.transactions, 0))
          else 'a transaction was changed after the seal' end
      from chain c left join rows r on r.day = c.day
      where c.previous_hash <> c.expected or c.day - c.day_before > 1 or c.transactions <> coalesce(r.transactions, 0)
        or c.hash <> anchor_hash(c.day, coalesce(r.transactions, 0), c.previous_hash, r.row_hashes)
      union all
      select r.day, 'not sealed two days after its end' from rows r
      where r.day < ((now() at time zone 'UTC')::date - 2) and not exists (select 1 from ledger_anchors a where a.day = r.day))`,
  },
  {
    id: "I15",
    // The debit decides under the locks that a freeze takes too, and both note the time while they hold them.
    title: "no debit while its wallet, card, device, café or student was frozen, closed, revoked, suspended or deactivated",
    sql: `
      with changes as (
        select object_kind, object_id, allowed, at as since, lead(at, 1, 'infinity') over (partition by object_kind, object_id order by at, id) as until
        from status_changes),
      forbidden as (select * from changes where not allowed),
      debits as (select id, student_id, card_id, device_id, cafe_id, ended_at from charges where state = 'confirmed')
      select d.id as charge_id, f.object_kind, f.object_id, f.since, d.ended_at from forbidden f join debits d on d.student_id = f.object_id
      where f.object_kind in ('wallet', 'student') and d.ended_at >= f.since and d.ended_at < f.until
      union all
      select d.id, f.object_kind, f.object_id, f.since, d.ended_at from forbidden f join debits d on d.card_id = f.object_id
      where f.object_kind = 'card' and d.ended_at >= f.since and d.ended_at < f.until
      union all
      select d.id, f.object_kind, f.object_id, f.since, d.ended_at from forbidden f join debits d on d.device_id = f.object_id
      where f.object_kind = 'device' and d.ended_at >= f.since and d.ended_at < f.until
      union all
      select d.id, f.object_kind, f.object_id, f.since, d.ended_at from forbidden f join debits d on d.cafe_id = f.object_id
      where f.object_kind = 'cafe' and d.ended_at >= f.since and d.ended_at < f.until`,
  },
  {
    id: "I16",
    title: "no debit after the expiry, none of another digest, none whose receipt says something else",
    sql: `
      select c.id as charge_id, c.expires_at, c.ended_at, c.amount_minor, t.amount_minor as debited_minor, r.payload
      from charges c left join ledger_transactions t on t.id = c.transaction_id left join receipts r on r.charge_id = c.id
      where c.state = 'confirmed'
        and (c.ended_at >= c.expires_at or c.digest <> digest_of(row(c.*)::charges) or t.amount_minor is distinct from c.amount_minor or t.currency is distinct from c.currency
          or r.transaction_id is distinct from c.transaction_id
          or not r.payload::jsonb @> jsonb_build_object('transaction_id', c.transaction_id, 'charge_id', c.id, 'order_id', c.order_id, 'cafe_id', c.cafe_id,
            'student_id', c.student_id, 'amount_minor', c.amount_minor, 'currency', c.currency))`,
  },
  ...payOutInvariants,
  ...documentInvariants,
];
