import type { GatewayDispute, GatewayPayOut, GatewayRefund } from "../payments/gateway.ts";
import type { Statement } from "../platform/postgres.ts";
import { part, type Queryable, sql } from "../platform/postgres.ts";

export const sides = ["gateway", "refunds", "disputes", "pay_outs", "cafes", "bank"] as const;
export type Side = (typeof sides)[number];

/** An amount for which the two sides say different things, or only one says anything. */
export interface Unexplained {
  readonly side: Side;
  readonly problem: string;
  readonly amountMinor: number;
  readonly currency: string;
  /** Whatever names it: payment_id, transaction_id, refund_id, cafe_id, settlement_id. */
  readonly ids: Readonly<Record<string, string>>;
}

export interface Explained {
  readonly side: Side;
  readonly currency: string;
  readonly totalMinor: number;
  readonly explainedMinor: number;
  readonly unexplained: readonly Unexplained[];
}

const maxListed = 200;

/** Adds up rows of (problem, amount_minor, currency, ids): what has no problem is explained, what has one is listed, the largest first. */
async function addUp(tx: Queryable, side: Side, rows: Statement): Promise<Explained[]> {
  const found = await tx.rows<Omit<Explained, "side"> & { unexplained: Omit<Unexplained, "side" | "currency">[] }>(sql`
    select x.currency, sum(x.amount_minor)::bigint as total_minor, coalesce(sum(x.amount_minor) filter (where x.problem is null), 0)::bigint as explained_minor,
      coalesce(jsonb_agg(jsonb_build_object('problem', x.problem, 'amountMinor', x.amount_minor, 'ids', x.ids) order by x.place)
        filter (where x.problem is not null and x.place <= ${maxListed}), '[]') as unexplained
    from (
      select r.*, row_number() over (partition by r.currency, r.problem is null order by r.amount_minor desc, r.ids::text) as place from (${rows}) r
      where r.amount_minor > 0) x
    group by x.currency order by x.currency`);
  return found.map((each) => ({
    ...each,
    side,
    unexplained: each.unexplained.map((one) => ({ ...one, side, currency: each.currency })),
  }));
}

export interface ListedPayment {
  readonly paymentId: string;
  readonly amountMinor: number;
  readonly currency: string;
}

export interface Span {
  readonly from: Date;
  readonly until: Date;
}

/** What the gateway's own books say it collected, against what we credited for it, and the other way round. */
export function explainGateway(
  tx: Queryable,
  gateway: string,
  listed: readonly ListedPayment[],
  { from, until }: Span,
): Promise<Explained[]> {
  const wanted = listed.map(({ paymentId, amountMinor, currency }) => ({ payment_id: paymentId, amount_minor: amountMinor, currency }));
  return addUp(
    tx,
    "gateway",
    part`
      with listed as (
        select * from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as l (payment_id text, amount_minor bigint, currency text))
      select case when p.id is null then 'collected by the gateway, not credited'
          when p.amount_minor <> l.amount_minor or p.currency <> l.currency then 'credited with another amount'
          when t.id is null or t.amount_minor <> l.amount_minor then 'credited, not in the ledger' end as problem,
        l.amount_minor, l.currency, jsonb_strip_nulls(jsonb_build_object('payment_id', l.payment_id, 'transaction_id', p.transaction_id)) as ids
      from listed l left join gateway_payments p on p.gateway = ${gateway} and p.payment_id = l.payment_id left join ledger_transactions t on t.id = p.transaction_id
      union all
      select 'credited, and the gateway does not know of it', p.amount_minor, p.currency, jsonb_build_object('payment_id', p.payment_id, 'transaction_id', p.transaction_id)
      from gateway_payments p where p.gateway = ${gateway} and to_timestamp((p.gateway_response ->> 'created_at')::bigint) >= ${from}
        and to_timestamp((p.gateway_response ->> 'created_at')::bigint) < ${until} and not exists (select from listed l where l.payment_id = p.payment_id)`,
  );
}

/**
 * Refunds: each that the gateway lists is in our books, ours or made there, and ended there as it did here; ours are done, on their way for
 * less than a week, or taken back. The first end that we are told counts in the books: another one later is for people to look at. The
 * listing goes by when a refund was made, so what the gateway's news of the span say of older ones is read too.
 */
export function explainRefunds(
  tx: Queryable,
  gateway: string | undefined,
  listed: readonly GatewayRefund[],
  { from, until }: Span,
): Promise<Explained[]> {
  const wanted = listed.map((each) => ({
    gateway_refund_id: each.gatewayRefundId,
    payment_id: each.paymentId,
    reference: each.reference,
    amount_minor: each.amountMinor,
    currency: each.currency,
    status: each.status,
  }));
  return addUp(
    tx,
    "refunds",
    part`
      with listing as (
        select * from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb)
          as l (gateway_refund_id text, payment_id text, reference text, amount_minor bigint, currency text, status text)),
      news as (
        select distinct on (r ->> 'gatewayRefundId') r ->> 'gatewayRefundId' as gateway_refund_id, r ->> 'paymentId' as payment_id, r ->> 'reference' as reference,
          (r ->> 'amountMinor')::bigint as amount_minor, r ->> 'currency' as currency, r ->> 'status' as status
        from gateway_events e, lateral (select e.event -> 'refund') as told (r)
        where e.gateway = ${gateway ?? null} and e.kind = 'refund' and e.received_at >= ${from} and e.received_at < ${until}
        order by r ->> 'gatewayRefundId', e.received_at desc),
      listed as (select * from listing union all select * from news where gateway_refund_id not in (select gateway_refund_id from listing)),
      outside as (
        select l.status as listed_status, l.payment_id, x.* from listed l join outside_refunds x on x.gateway = ${gateway ?? null} and x.gateway_refund_id = l.gateway_refund_id)
      select case when t.id is null or t.amount_minor <> f.amount_minor then 'told to the gateway, not in the ledger'
          when f.status = 'pending' and f.created_at < now() - interval '7 days' then 'on its way for more than a week' end as problem,
        f.amount_minor, f.currency, jsonb_strip_nulls(jsonb_build_object('refund_id', f.id, 'transaction_id', f.transaction_id, 'order_id', f.order_id)) as ids
      from gateway_refunds f left join ledger_transactions t on t.id = f.transaction_id and t.kind = 'gateway_refund'
      where f.created_at >= ${from} and f.created_at < ${until}
      union all
      select case when f.id is null then 'given back at the gateway, not in our books' when l.status = 'failed' then 'failed at the gateway, done in our books'
          else 'given back at the gateway, failed in our books' end, l.amount_minor, l.currency,
        jsonb_strip_nulls(jsonb_build_object('gateway_refund_id', l.gateway_refund_id, 'payment_id', l.payment_id, 'refund_id', f.id))
      from listed l left join gateway_refunds f on f.gateway_refund_id = l.gateway_refund_id or f.id::text = l.reference
      where l.gateway_refund_id not in (select gateway_refund_id from outside)
        and case when l.status = 'failed' then f.status = 'processed' else f.id is null or f.status = 'failed' end
      union all
      select case x.status when 'borne' then 'failed at the gateway, borne in our books' else 'given back at the gateway, failed in our books' end, x.amount_minor, x.currency,
        jsonb_strip_nulls(jsonb_build_object('outside_refund_id', x.id, 'gateway_refund_id', x.gateway_refund_id, 'payment_id', x.payment_id, 'order_id', x.order_id))
      from outside x where (x.status = 'borne' and x.listed_status = 'failed') or (x.status = 'failed' and x.listed_status <> 'failed')`,
  );
}

/** Disputes: each that the gateway lists is in our books with its amount, and decided here where it is decided there. */
export function explainDisputes(tx: Queryable, gateway: string, listed: readonly GatewayDispute[]): Promise<Explained[]> {
  const wanted = listed.map((each) => ({
    dispute_id: each.disputeId,
    payment_id: each.paymentId,
    amount_minor: each.amountMinor,
    currency: each.currency,
    status: each.status,
  }));
  return addUp(
    tx,
    "disputes",
    part`
      select case when d.id is null then 'disputed at the gateway, not in our books' when d.amount_minor <> l.amount_minor then 'in our books with another amount'
          when l.status <> 'open' and d.status <> l.status then 'decided at the gateway, not in our books' end as problem,
        l.amount_minor, l.currency, jsonb_build_object('dispute_id', l.dispute_id, 'payment_id', l.payment_id) as ids
      from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as l (dispute_id text, payment_id text, amount_minor bigint, currency text, status text)
        left join gateway_disputes d on d.gateway = ${gateway} and d.dispute_id = l.dispute_id`,
  );
}

/** Pay-outs: what the gateway sent to the university's bank account, and what it kept. */
export function explainPayOuts(tx: Queryable, gateway: string, currency: string, listed: readonly GatewayPayOut[]): Promise<Explained[]> {
  const wanted = listed.map(({ payOutId, amountMinor, feeMinor }) => ({
    pay_out_id: payOutId,
    amount_minor: amountMinor,
    fee_minor: feeMinor,
  }));
  return addUp(
    tx,
    "pay_outs",
    part`
      select case when p.id is null then 'paid out by the gateway, not in our books'
          when p.amount_minor <> l.amount_minor or p.fee_minor <> l.fee_minor then 'in our books with another amount' end as problem,
        abs(l.amount_minor) as amount_minor, ${currency}::text as currency, jsonb_build_object('pay_out_id', l.pay_out_id) as ids
      from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as l (pay_out_id text, amount_minor bigint, fee_minor bigint)
        left join gateway_pay_outs p on p.gateway = ${gateway} and p.pay_out_id = l.pay_out_id`,
  );
}

/**
 * What the ledger owes each café against its settlements: what is due, what is carried over and what no settlement has
 * reached yet. The money that moved in the span is explained as far as the two agree.
 */
export const explainCafes = (tx: Queryable, { from, until }: Span): Promise<Explained[]> =>
  addUp(
    tx,
    "cafes",
    part`
      with payable as (select id, cafe_id, currency, created_at from accounts where kind = 'cafe_payable'),
      balances as (
        select p.id, coalesce(s.balance_minor, 0) + coalesce(t.minor, 0) as minor
        from payable p
          left join lateral (select x.balance_minor from account_snapshots x where x.account_id = p.id order by x.before_xid desc limit 1) s on true
          left join (
            select e.account_id, sum(e.amount_minor) as minor from ledger_entries e
            where e.xid >= coalesce((select max(before_xid) from account_snapshots), '0'::xid8) group by e.account_id) t on t.account_id = p.id),
      settled as (
        select p.id, coalesce((select sum(s.payable_minor) from settlements s where s.account_id = p.id and s.status = 'due'), 0) + coalesce(l.carried_minor, 0)
          + coalesce((select sum(e.amount_minor) from unsettled_entries(p.id, coalesce(l.until_at, p.created_at - interval '1 day'), 'infinity') e), 0) as minor
        from payable p left join lateral (select * from settlements s where s.account_id = p.id order by s.day desc limit 1) l on true),
      moved as (
        select e.account_id, sum(abs(e.amount_minor))::bigint as minor from ledger_entries e join payable p on p.id = e.account_id
        where e.at >= ${from} and e.at < ${until} group by e.account_id)
      select null as problem, greatest(0, coalesce(m.minor, 0) - abs(b.minor - s.minor))::bigint as amount_minor, p.currency, jsonb_build_object('cafe_id', p.cafe_id) as ids
      from payable p join balances b using (id) join settled s using (id) left join moved m on m.account_id = p.id
      union all
      select 'the ledger and the settlements differ', abs(b.minor - s.minor)::bigint, p.currency, jsonb_build_object('cafe_id', p.cafe_id, 'account_id', p.id)
      from payable p join balances b using (id) join settled s using (id) where b.minor <> s.minor`,
  );

/**
 * Money that left for a bank or came from one: each transfer has its settlement, close-out or pay-out of the same amount, and each of
 * these its transfer. Of what the bank says it did, what the books lack is a problem on each day that the span touches.
 */
export const explainBank = (tx: Queryable, timeZone: string, { from, until }: Span): Promise<Explained[]> =>
  addUp(
    tx,
    "bank",
    part`
      select case when coalesce(s.payable_minor, c.amount_minor, o.amount_minor, -r.amount_minor, -p.amount_minor) is distinct from e.amount_minor then 'left for the bank without a settlement of this amount' end as problem,
        abs(e.amount_minor)::bigint as amount_minor, e.currency,
        jsonb_strip_nulls(jsonb_build_object('transaction_id', e.transaction_id, 'settlement_id', coalesce(s.id, r.settlement_id, o.settlement_id), 'close_out_id', coalesce(c.id, r.close_out_id),
          'pay_out_id', p.pay_out_id)) as ids
      from ledger_entries e join accounts a on a.id = e.account_id and a.kind = 'bank'
        left join settlements s on s.paid_transaction_id = e.transaction_id left join close_outs c on c.transaction_id = e.transaction_id
        left join gateway_pay_outs p on p.transaction_id = e.transaction_id
        left join returned_pay_outs r on r.transaction_id = e.transaction_id left join returned_pay_outs o on o.paid_transaction_id = e.transaction_id and o.settlement_id is not null
      where e.at >= ${from} and e.at < ${until}
      union all
      select 'said to be paid, not in the ledger', s.payable_minor, s.currency, jsonb_build_object('settlement_id', s.id, 'transaction_id', s.paid_transaction_id)
      from settlements s where s.status = 'paid' and s.paid_at >= ${from} and s.paid_at < ${until}
        and not exists (select from ledger_transactions t where t.id = s.paid_transaction_id)
      union all
      select case b.state when 'paid_twice' then 'paid twice by the bank' when 'another_amount' then 'in the bank''s statement with another amount'
          else 'in the bank''s statement, unknown to our books' end, b.amount_minor, b.currency,
        jsonb_strip_nulls(jsonb_build_object('bank_entry_id', b.id, 'entry_ref', b.entry_ref, 'reference', b.reference))
      from bank_entry_states b
      where b.state in ('unmatched', 'another_amount', 'paid_twice')
        and b.booked_on between (${from}::timestamptz at time zone ${timeZone})::date and (${until}::timestamptz at time zone ${timeZone})::date`,
  );
