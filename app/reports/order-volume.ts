import { type OrderStatus, orderStatuses } from "../orders/transitions.ts";
import { type Database, sql } from "../platform/postgres.ts";
import { daysOf, type Report, type ReportInput, readReport } from "./report.ts";

export const orderTypes = ["pickup", "delivery", "table"] as const;
export type OrderType = (typeof orderTypes)[number];

export interface VolumeFigures {
  readonly ordersCount: number;
  readonly portionsCount: number;
  readonly orderedMinor: number;
  readonly paidCount: number;
  /** What they were paid with, whether refunded since or not. */
  readonly paidMinor: number;
  readonly noShowsCount: number;
  readonly byStatus: Readonly<Record<OrderStatus, number>>;
  readonly byType: Readonly<Record<OrderType, number>>;
}

interface DayVolume extends VolumeFigures {
  readonly day: string;
}

export type OrderVolume = Report<{ readonly totals: VolumeFigures; readonly days: readonly DayVolume[] }>;

interface Row {
  readonly day: string;
  readonly status: OrderStatus;
  readonly orderType: OrderType;
  readonly ordersCount: number;
  readonly portionsCount: number;
  readonly orderedMinor: number;
  readonly paidCount: number;
  readonly paidMinor: number;
  readonly noShowsCount: number;
}

/** Every order belongs to the day on which it was placed, cancelled ones too. */
export const readOrderVolume = (db: Pick<Database, "snapshot">, input: ReportInput): Promise<OrderVolume> =>
  readReport(db, input, async (tx, { cafeId, from, to, currency }) => {
    const rows = await tx.rows<Row>(sql`
      select order_day::text as day, status, order_type, count(*) as orders_count, sum(item_count)::bigint as portions_count,
        sum(total_minor)::bigint as ordered_minor, count(paid_transaction_id) as paid_count,
        coalesce(sum(total_minor) filter (where paid_transaction_id is not null), 0)::bigint as paid_minor, count(no_show_at) as no_shows_count
      from orders where cafe_id = ${cafeId} and order_day between ${from}::date and ${to}::date and currency = ${currency}
      group by orders.order_day, status, order_type`);
    const byDay = Map.groupBy(rows, ({ day }) => day);
    return { totals: figuresOf(rows), days: daysOf({ from, to }).map((day) => ({ day, ...figuresOf(byDay.get(day) ?? []) })) };
  });

function figuresOf(rows: readonly Row[]): VolumeFigures {
  const sumOf = (field: Exclude<keyof Row, "day" | "status" | "orderType">, of = rows) => of.reduce((left, row) => left + row[field], 0);
  const countBy = <Key extends string>(keys: readonly Key[], keyOf: (row: Row) => Key) =>
    Object.fromEntries(
      keys.map((key) => [
        key,
        sumOf(
          "ordersCount",
          rows.filter((row) => keyOf(row) === key),
        ),
      ]),
    ) as Record<Key, number>;
  return {
    ordersCount: sumOf("ordersCount"),
    portionsCount: sumOf("portionsCount"),
    orderedMinor: sumOf("orderedMinor"),
    paidCount: sumOf("paidCount"),
    paidMinor: sumOf("paidMinor"),
    noShowsCount: sumOf("noShowsCount"),
    byStatus: countBy(orderStatuses, ({ status }) => status),
    byType: countBy(orderTypes, ({ orderType }) => orderType),
  };
}
