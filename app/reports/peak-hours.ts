import { type Database, type Statement, sql } from "../platform/postgres.ts";
import { type Report, type ReportInput, type ReportScope, readReport, type Span } from "./report.ts";

export interface HourFigures {
  /** 1 is Monday, 7 is Sunday. */
  readonly weekday: number;
  /** As the café's clock reads it, 0 to 23. */
  readonly hour: number;
  /** How often the clock read this hour in these days: one that was read twice counts twice, one that was skipped not at all. */
  readonly hoursCount: number;
  readonly ordersCount: number;
  readonly portionsCount: number;
  readonly cancelledCount: number;
  readonly paidMinor: number;
}

export type PeakHours = Report<{
  readonly totals: Pick<HourFigures, "hoursCount" | "ordersCount" | "portionsCount" | "cancelledCount" | "paidMinor">;
  readonly hours: readonly HourFigures[];
}>;

/** The orders of these days by the hour in which they were placed. */
export const readPeakHours = (db: Pick<Database, "snapshot">, input: ReportInput): Promise<PeakHours> =>
  readReport(db, input, async (tx, scope) => {
    const found: HourFigures[] = [];
    for (const span of scope.spans) found.push(...(await tx.rows<HourFigures>(hoursIn(scope, span))));
    const byHour = [...Map.groupBy(found, ({ weekday, hour }) => weekday * 24 + hour)].toSorted(([a], [b]) => a - b);
    const hours = byHour.flatMap(([, of]) => of.slice(0, 1).map(({ weekday, hour }) => ({ weekday, hour, ...added(of) })));
    return { totals: added(hours), hours };
  });

// Clocks are counted in half-hours, because some are set by half an hour.
const hoursIn = ({ cafeId, timeZone, currency }: ReportScope, { firstDay, endDay, beginsAt, endsAt }: Span): Statement => sql`
  with clock as (
    select extract(isodow from t.local)::integer as weekday, extract(hour from t.local)::integer as hour, (count(*) / 2.0)::float8 as hours_count
    from generate_series(${beginsAt}::timestamptz, ${endsAt}::timestamptz - interval '30 minutes', interval '30 minutes') s (at),
      lateral (select s.at at time zone ${timeZone}::text as local) t
    group by 1, 2),
  placed as (
    select extract(isodow from t.local)::integer as weekday, extract(hour from t.local)::integer as hour, count(*) as orders_count,
      sum(item_count) as portions_count, count(*) filter (where status = 'cancelled') as cancelled_count,
      coalesce(sum(total_minor) filter (where paid_transaction_id is not null), 0) as paid_minor
    from orders o, lateral (select o.created_at at time zone ${timeZone}::text as local) t
    where o.cafe_id = ${cafeId} and o.order_day >= ${firstDay}::date and o.order_day < ${endDay}::date and o.currency = ${currency}
    group by 1, 2)
  select weekday, hour, coalesce(hours_count, 0) as hours_count, coalesce(orders_count, 0) as orders_count,
    coalesce(portions_count, 0)::bigint as portions_count, coalesce(cancelled_count, 0) as cancelled_count, coalesce(paid_minor, 0)::bigint as paid_minor
  from clock full join placed using (weekday, hour)`;

function added(hours: readonly PeakHours["totals"][]): PeakHours["totals"] {
  const sumOf = (field: keyof PeakHours["totals"]) => hours.reduce((left, each) => left + each[field], 0);
  return {
    hoursCount: sumOf("hoursCount"),
    ordersCount: sumOf("ordersCount"),
    portionsCount: sumOf("portionsCount"),
    cancelledCount: sumOf("cancelledCount"),
    paidMinor: sumOf("paidMinor"),
  };
}
