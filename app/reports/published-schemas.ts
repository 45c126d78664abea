import { z } from "@hono/zod-openapi";
import { cafeFields, count, day, minor } from "./field-schemas.ts";
import type { HourFigures } from "./peak-hours.ts";
import type { Cohort, DayFigures, PrepList, Published, PublishedHead } from "./published-reports.ts";
import { HourSchema, presentHour } from "./report-schemas.ts";

const headFields = {
  ...cafeFields,
  as_of: z.iso.datetime().openapi({ description: "The moment of the database's snapshot that this was made of, in the night" }),
  run: z.string().openapi({ description: "Names the run of the nightly jobs: the same name, the same figures" }),
  published_from: day,
  published_to: day.openapi({ description: "The last whole business day in it; what is asked for behind it is not there yet" }),
};

const presentHead = (head: PublishedHead) => ({
  cafe_id: head.cafeId,
  cafe_name: head.cafeName,
  time_zone: head.timeZone,
  currency: head.currency,
  as_of: head.asOf,
  run: head.run,
  published_from: head.publishedFrom,
  published_to: head.publishedTo,
});

export const PublishedPeaksBody = z
  .object({
    ...headFields,
    from: day,
    to: day,
    hours: z.array(HourSchema),
  })
  .openapi("PublishedPeaks");

type Ranged = { readonly from: string; readonly to: string };

export const presentPublishedPeaks = (
  report: Published<Ranged & { readonly hours: readonly HourFigures[] }>,
): z.infer<typeof PublishedPeaksBody> => ({
  ...presentHead(report),
  from: report.from,
  to: report.to,
  hours: report.hours.map(presentHour),
});

export const PublishedSalesBody = z
  .object({
    ...headFields,
    from: day,
    to: day,
    days: z.array(
      z.object({
        day,
        weekday: z.int().min(1).max(7),
        sales_count: count,
        gross_minor: minor,
        refunds_minor: minor,
        disputes_minor: minor,
        net_minor: minor,
        week_before_net_minor: minor
          .nullable()
          .openapi({ description: "Of the same weekday a week before; null where it was not published" }),
        change_basis_points: z.int().nullable().openapi({ description: "Against the week before; null where that brought nothing" }),
      }),
    ),
  })
  .openapi("PublishedSales");

export const presentPublishedSales = (
  report: Published<Ranged & { readonly days: readonly DayFigures[] }>,
): z.infer<typeof PublishedSalesBody> => ({
  ...presentHead(report),
  from: report.from,
  to: report.to,
  days: report.days.map((each) => ({
    day: each.day,
    weekday: each.weekday,
    sales_count: each.salesCount,
    gross_minor: each.grossMinor,
    refunds_minor: each.refundsMinor,
    disputes_minor: each.disputesMinor,
    net_minor: each.netMinor,
    week_before_net_minor: each.weekBeforeNetMinor,
    change_basis_points: each.changeBasisPoints,
  })),
});

export const PrepListBody = z
  .object({
    ...headFields,
    is_shown: z
      .boolean()
      .openapi({ description: 'Only where the forecast beat "as on this weekday last week" on the last four weeks, held out' }),
    hidden_because: z.enum(["too_young", "not_better"]).nullable(),
    weeks_known: count.openapi({ description: "Whole weeks since the first sale, 8 are needed and counted at most" }),
    better_by_basis_points: z
      .int()
      .openapi({ description: "By how much less it was wrong than last week was; below zero where it was worse" }),
    lines: z.array(
      z.object({
        day,
        menu_item_id: z.string(),
        item_name: z.string().openapi({ description: "As it stands on the menu now" }),
        portions: count,
        last_week_portions: count,
      }),
    ),
  })
  .openapi("PrepList");

export const presentPrepList = (report: Published<PrepList>): z.infer<typeof PrepListBody> => ({
  ...presentHead(report),
  is_shown: report.isShown,
  hidden_because: report.hiddenBecause,
  weeks_known: report.weeksKnown,
  better_by_basis_points: report.betterByBasisPoints,
  lines: report.lines.map((line) => ({
    day: line.day,
    menu_item_id: line.menuItemId,
    item_name: line.itemName,
    portions: line.portions,
    last_week_portions: line.lastWeekPortions,
  })),
});

export const RetentionBody = z
  .object({
    ...headFields,
    cohorts: z.array(
      z.object({
        first_month: z.string().openapi({ description: "In which these students first paid here", example: "2026-09" }),
        months_later: count,
        students_count: count,
        cohort_count: count.openapi({ description: "All who first paid in that month" }),
      }),
    ),
  })
  .openapi("Retention");

export const presentRetention = (report: Published<{ readonly cohorts: readonly Cohort[] }>): z.infer<typeof RetentionBody> => ({
  ...presentHead(report),
  cohorts: report.cohorts.map((each) => ({
    first_month: each.firstMonth,
    months_later: each.monthsLater,
    students_count: each.studentsCount,
    cohort_count: each.cohortCount,
  })),
});
