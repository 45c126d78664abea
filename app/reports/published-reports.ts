import { notFound } from "../platform/errors.ts";
import type { HourFigures } from "./peak-hours.ts";
import type { PublishedRow, PublishedRun, PublishedTables } from "./published-tables.ts";
import { daysOf, type ReportInput } from "./report.ts";

/** What every answer from the published tables says of itself. */
export interface PublishedHead {
  readonly cafeId: string;
  readonly cafeName: string;
  readonly timeZone: string;
  readonly currency: string;
  readonly asOf: string;
  readonly run: string;
  readonly publishedFrom: string;
  readonly publishedTo: string;
}

export interface DayFigures {
  readonly day: string;
  readonly weekday: number;
  readonly salesCount: number;
  readonly grossMinor: number;
  readonly refundsMinor: number;
  readonly disputesMinor: number;
  readonly netMinor: number;
  /** Of the same weekday a week before; null where that day was not published. */
  readonly weekBeforeNetMinor: number | null;
  readonly changeBasisPoints: number | null;
}

export interface PrepList {
  readonly isShown: boolean;
  /** Why it is not: the café is too young, or "as last week" was the better guess. */
  readonly hiddenBecause: "too_young" | "not_better" | null;
  readonly weeksKnown: number;
  readonly betterByBasisPoints: number;
  readonly lines: readonly {
    readonly day: string;
    readonly menuItemId: string;
    readonly itemName: string;
    readonly portions: number;
    readonly lastWeekPortions: number;
  }[];
}

export interface Cohort {
  readonly firstMonth: string;
  readonly monthsLater: number;
  readonly studentsCount: number;
  readonly cohortCount: number;
}

export type Published<Body> = PublishedHead & Body;

async function readPublished<Body>(
  tables: PublishedTables,
  cafeId: string,
  read: (run: PublishedRun) => Promise<Body>,
): Promise<Published<Body>> {
  const run = await tables.run();
  const [cafe] = await tables.rows(run, "cafes", cafeId);
  if (!cafe) throw notFound("The café's analytics");
  return {
    cafeId,
    cafeName: text(cafe.name),
    timeZone: text(cafe.time_zone),
    currency: text(cafe.currency),
    asOf: run.asOf,
    run: run.run,
    publishedFrom: run.from,
    publishedTo: run.last,
    ...(await read(run)),
  };
}

/** The heat map: as the peak-hours report of the ledger counts, up to the last day that was published. */
export const readPublishedPeaks = (tables: PublishedTables, input: ReportInput) =>
  readPublished(tables, input.cafeId, async (run) => {
    const rows = (await tables.rows(run, "peak_usage", input.cafeId, input)).filter((row) => isWithin(dayOf(row), input));
    const byHour = Map.groupBy(rows, (row) => number(row.weekday) * 24 + number(row.local_hour));
    const hours = [...byHour].toSorted(([a], [b]) => a - b).map(([key, of]) => peakOf(Math.floor(key / 24), key % 24, of));
    return { from: input.from, to: input.to, hours };
  });

const peakOf = (weekday: number, hour: number, rows: readonly PublishedRow[]): HourFigures => ({
  weekday,
  hour,
  hoursCount: sumOf(rows, "half_hours") / 2,
  ordersCount: sumOf(rows, "orders_count"),
  portionsCount: sumOf(rows, "portions_count"),
  cancelledCount: sumOf(rows, "cancelled_count"),
  paidMinor: sumOf(rows, "paid_minor"),
});

const week = 7;

/** Each day beside the same weekday a week before. */
export const readPublishedSales = (tables: PublishedTables, input: ReportInput) =>
  readPublished(tables, input.cafeId, async (run) => {
    const rows = await tables.rows(run, "sales", input.cafeId, { from: dayBefore(input.from, week), to: input.to });
    const byDay = Map.groupBy(rows, dayOf);
    const isPublished = (day: string) => isWithin(day, { from: run.from, to: run.last });
    const days = daysOf(input)
      .filter(isPublished)
      .map((day): DayFigures => {
        const before = dayBefore(day, week);
        const netMinor = sumOf(byDay.get(day) ?? [], "net_minor");
        const weekBeforeNetMinor = isPublished(before) ? sumOf(byDay.get(before) ?? [], "net_minor") : null;
        return {
          day,
          weekday: new Date(day).getUTCDay() || week,
          salesCount: sumOf(byDay.get(day) ?? [], "sales_count"),
          grossMinor: sumOf(byDay.get(day) ?? [], "gross_minor"),
          refundsMinor: sumOf(byDay.get(day) ?? [], "refunds_minor"),
          disputesMinor: sumOf(byDay.get(day) ?? [], "disputes_minor"),
          netMinor,
          weekBeforeNetMinor,
          changeBasisPoints:
            weekBeforeNetMinor !== null && weekBeforeNetMinor > 0
              ? Math.round(((netMinor - weekBeforeNetMinor) * 10_000) / weekBeforeNetMinor)
              : null,
        };
      });
    return { from: input.from, to: input.to, days };
  });

/** What to prepare in the week after the last day; empty, with the reason, where it did not beat "as last week". */
export const readPrepList = (tables: PublishedTables, cafeId: string): Promise<Published<PrepList>> =>
  readPublished(tables, cafeId, async (run) => {
    const [score] = await tables.rows(run, "forecast_score", cafeId);
    const names = new Map((await tables.rows(run, "dishes", cafeId)).map((row) => [row.menu_item_id, text(row.name)]));
    const isShown = score?.is_shown === true;
    const weeksKnown = number(score?.weeks_known ?? 0);
    const lines = isShown ? await tables.rows(run, "prep_list", cafeId) : [];
    return {
      isShown,
      hiddenBecause: isShown ? null : weeksKnown < 8 ? ("too_young" as const) : ("not_better" as const),
      weeksKnown,
      betterByBasisPoints: number(score?.better_by_basis_points ?? 0),
      lines: lines
        .filter((row) => number(row.portions) > 0)
        .map((row) => ({
          day: isoDay(new Date(number(row.day_number) * dayMs)),
          menuItemId: text(row.menu_item_id),
          itemName: names.get(row.menu_item_id) ?? "",
          portions: number(row.portions),
          lastWeekPortions: number(row.last_week_portions),
        }))
        .toSorted((a, b) => a.day.localeCompare(b.day) || b.portions - a.portions || a.itemName.localeCompare(b.itemName)),
    };
  });

/** Of the students who first paid here in one month, how many paid here again in later ones. */
export const readRetention = (tables: PublishedTables, cafeId: string): Promise<Published<{ readonly cohorts: readonly Cohort[] }>> =>
  readPublished(tables, cafeId, async (run) => ({
    cohorts: (await tables.rows(run, "retention", cafeId)).map((row) => ({
      firstMonth: text(row.first_month),
      monthsLater: number(row.months_later),
      studentsCount: number(row.students_count),
      cohortCount: number(row.cohort_count),
    })),
  }));

const dayMs = 86_400_000;
const isoDay = (at: Date): string => at.toISOString().slice(0, 10);
const dayOf = (row: PublishedRow): string => isoDay(row.business_day as Date);
const dayBefore = (day: string, days: number): string => isoDay(new Date(Date.parse(day) - days * dayMs));
const isWithin = (day: string, { from, to }: { readonly from: string; readonly to: string }): boolean => day >= from && day <= to;
const number = (value: unknown): number => value as number;
const text = (value: unknown): string => value as string;
const sumOf = (rows: readonly PublishedRow[], name: string): number => rows.reduce((sum, row) => sum + number(row[name]), 0);
