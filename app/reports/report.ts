import { notFound } from "../platform/errors.ts";
import { type Database, part, type Statement, sql, type Transaction } from "../platform/postgres.ts";

/** Days of the café's calendar, YYYY-MM-DD, both in it. */
export interface ReportInput {
  readonly cafeId: string;
  readonly from: string;
  readonly to: string;
}

/** What every report says of itself. */
export interface ReportHead extends ReportInput {
  readonly cafeName: string;
  readonly timeZone: string;
  readonly currency: string;
  readonly asOf: Date;
  /** Which transactions the report saw, as pg_current_snapshot() writes it. */
  readonly snapshot: string;
}

/** Some of a report's days, one after the other. */
export interface Span {
  readonly firstDay: string;
  /** The first that is not in it any more. */
  readonly endDay: string;
  readonly beginsAt: Date;
  readonly endsAt: Date;
}

export interface ReportScope extends ReportHead {
  /** The account of what the café is owed; null where nobody paid yet. */
  readonly payableId: string | null;
  /** The whole in pieces of two weeks, so that a year is no statement that runs for seconds and spills to the disk. */
  readonly spans: readonly Span[];
}

export type Report<Body> = ReportHead & Body;

/** Runs one report's question in a snapshot of its own, so that no payment or refund can be half in the picture. */
export const readReport = <Body>(
  db: Pick<Database, "snapshot">,
  input: ReportInput,
  read: (tx: Transaction, scope: ReportScope) => Promise<Body>,
): Promise<Report<Body>> =>
  db.snapshot(async (tx) => {
    const scope = await openScope(tx, input);
    const { payableId, spans, ...head } = scope;
    return { ...head, ...(await read(tx, scope)) };
  });

const daysASpan = 14;

/**
 * A day and two weeks need different plans, so each report is planned for its own days; compiling a plan takes longer than it
 * saves, and two weeks' lines do not fit into 4 MB.
 */
async function openScope(tx: Transaction, { cafeId, from, to }: ReportInput): Promise<ReportScope> {
  const days = boundsOf(from, to);
  const found = await tx.row<Omit<ReportScope, keyof ReportInput | "spans"> & { readonly moments: Date[] }>(sql`
    select f.name as cafe_name, f.time_zone, f.currency, a.id as payable_id, now() as as_of, pg_current_snapshot()::text as snapshot,
      (select array_agg(day_begins(d, f.time_zone) order by d) from unnest(${days}::date[]) d) as moments,
      set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true), set_config('work_mem', '32MB', true)
    from cafes f left join accounts a on a.cafe_id = f.id and a.kind = 'cafe_payable' and a.currency = f.currency
    where f.id = ${cafeId}`);
  if (!found) throw notFound("The café");
  const { cafeName, timeZone, currency, asOf, snapshot, payableId, moments } = found;
  const spans = days.slice(1).map((endDay, index) => {
    const [firstDay, beginsAt, endsAt] = [days[index], moments[index], moments[index + 1]];
    if (firstDay === undefined || !beginsAt || !endsAt) throw new Error(`The database told no moment for the days before ${endDay}.`);
    return { firstDay, endDay, beginsAt, endsAt };
  });
  return { cafeId, from, to, cafeName, timeZone, currency, asOf, snapshot, payableId, spans };
}

/** The days on which a span begins, and the day behind them all. */
function boundsOf(from: string, to: string): string[] {
  const days = daysOf({ from, to });
  return [...days.filter((_, index) => index % daysASpan === 0), dayAfter(to)];
}

/**
 * The café's part of the ledger in a span: each sale, refund, returned refund and lost dispute with its day, as the
 * Z-report tells them apart. Bounded by moments alone: a condition on the day would be a guess to the planner.
 */
export const movedMoney = ({ payableId, timeZone }: ReportScope, { beginsAt, endsAt }: Span): Statement => part`
  select t.id, t.order_id, t.amount_minor, (t.at at time zone ${timeZone}::text)::date as day,
    movement_of_kind(t.kind) as what, payment_method_of_kind(t.kind, t.wallet_student_id) as method
  from ledger_transactions t
  where t.at >= ${beginsAt} and t.at < ${endsAt}
    and movement_of_kind(t.kind) is not null
    and ${payableId}::uuid in (t.from_account_id, t.to_account_id)`;

/**
 * The lines of the sales in `moved`, and a delivery as the rest of what was paid, at the highest rate of its order: so the
 * lines are always the sum of the sales, and no order is looked up for it (a third of the time, measured).
 */
export const soldLines = part`
  dish as materialized (
    select m.id, m.day, m.amount_minor, i.menu_item_id, i.vat_basis_points, i.quantity, i.line_total_minor, i.options
    from moved m join order_items i on i.order_id = m.order_id where m.what = 'sale'),
  line as (
    select day, menu_item_id, vat_basis_points, quantity, line_total_minor as gross_minor from dish
    union all
    select min(day), null, max(vat_basis_points), 1, min(amount_minor) - sum(line_total_minor)::bigint from dish
    group by id having min(amount_minor) > sum(line_total_minor))`;

const dayMs = 86_400_000;

/** How many days the calendar has from one to the other, both counted. */
export const countDays = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / dayMs + 1;

export const daysOf = ({ from, to }: Pick<ReportInput, "from" | "to">): string[] =>
  Array.from({ length: countDays(from, to) }, (_, index) => dayAfter(from, index));

const dayAfter = (day: string, days = 1): string => new Date(Date.parse(day) + days * dayMs).toISOString().slice(0, 10);
