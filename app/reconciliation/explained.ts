import type { Statement } from "../platform/postgres.ts";
import { part, type Queryable, sql } from "../platform/postgres.ts";

export type Side = "gateway" | "refunds" | "cafes" | "bank";

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

/** Refunds through the gateway: done, on their way, or taken back; none may be on its way for longer than a week. */
export const explainRefunds = (tx: Queryable, { from, until }: Span): Promise<Explained[]> =>
  addUp(
    tx,
    "refunds",
    part`
      select case when t.id is null or t.amount_minor <> f.amount_minor then 'told to the gateway, not in the ledger'
          when f.status = 'pending' and f.created_at < now() - interval '7 days' then 'on its way for more than a week' end as problem,
        f.amount_minor, f.currency, jsonb_strip_nulls(jsonb_build_object('refund_id', f.id, 'transaction_id', f.transaction_id, 'order_id', f.order_id)) as ids
      from gateway_refunds f left join ledger_transactions t on t.id = f.transaction_id and t.kind = 'gateway_refund'
      where f.created_at >= ${from} and f.created_at < ${until}`,
  );

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

/** Money that left for a bank: each transfer has its settlement or close-out of the same amount, and each of these its transfer. */
export const explainBank = (tx: Queryable, { from, until }: Span): Promise<Explained[]> =>
  addUp(
    tx,
    "bank",
    part`
      select case when coalesce(s.payable_minor, c.amount_minor) is distinct from e.amount_minor then 'left for the bank without a settlement of this amount' end as problem,
        abs(e.amount_minor)::bigint as amount_minor, e.currency,
        jsonb_strip_nulls(jsonb_build_object('transaction_id', e.transaction_id, 'settlement_id', s.id, 'close_out_id', c.id)) as ids
      from ledger_entries e join accounts a on a.id = e.account_id and a.kind = 'bank'
        left join settlements s on s.paid_transaction_id = e.transaction_id left join close_outs c on c.transaction_id = e.transaction_id
      where e.at >= ${from} and e.at < ${until}
      union all
      select 'said to be paid, not in the ledger', s.payable_minor, s.currency, jsonb_build_object('settlement_id', s.id, 'transaction_id', s.paid_transaction_id)
      from settlements s where s.status = 'paid' and s.paid_at >= ${from} and s.paid_at < ${until}
        and not exists (select from ledger_transactions t where t.id = s.paid_transaction_id)`,
  );
