import { z } from "@hono/zod-openapi";
import { paymentMethods } from "../orders/payment-methods.ts";
import { orderStatuses } from "../orders/transitions.ts";
import type { DailySales, SalesFigures } from "./daily-sales.ts";
import { cafeFields, count, day, minor } from "./field-schemas.ts";
import type { ItemPerformance, Takings } from "./item-performance.ts";
import { type OrderVolume, orderTypes, type VolumeFigures } from "./order-volume.ts";
import type { HourFigures, PeakHours } from "./peak-hours.ts";
import type { ReportHead } from "./report.ts";

const headFields = {
  ...cafeFields,
  from: day,
  to: day,
  as_of: z.iso.datetime(),
  snapshot: z.string().openapi({ description: "Which transactions the report saw, as pg_current_snapshot() writes it" }),
};

const presentHead = (head: ReportHead) => ({
  cafe_id: head.cafeId,
  cafe_name: head.cafeName,
  from: head.from,
  to: head.to,
  time_zone: head.timeZone,
  currency: head.currency,
  as_of: head.asOf.toISOString(),
  snapshot: head.snapshot,
});

const salesFields = {
  sales_count: count,
  gross_minor: minor,
  refunds_count: count,
  refunds_minor: minor.openapi({ description: "Less what failed refunds brought back, so it can be below zero" }),
  disputes_minor: minor.openapi({ description: "What the café lost to its customers' banks" }),
  net_minor: minor,
  average_minor: minor.nullable().openapi({ description: "Of one sale, rounded; null without any" }),
  methods: z.array(
    z.object({ method: z.enum(paymentMethods), sales_count: count, sales_minor: minor, refunds_count: count, refunds_minor: minor }),
  ),
  vat: z
    .array(z.object({ vat_basis_points: z.int(), gross_minor: minor, vat_minor: minor, net_minor: minor }))
    .openapi({ description: "Of the sales less the refunds" }),
};

export const DailySalesBody = z
  .object({ ...headFields, totals: z.object(salesFields), days: z.array(z.object({ day, ...salesFields })) })
  .openapi("DailySales");

const presentSales = (figures: SalesFigures): z.infer<typeof DailySalesBody>["totals"] => ({
  sales_count: figures.salesCount,
  gross_minor: figures.grossMinor,
  refunds_count: figures.refundsCount,
  refunds_minor: figures.refundsMinor,
  disputes_minor: figures.disputesMinor,
  net_minor: figures.netMinor,
  average_minor: figures.averageMinor,
  methods: figures.methods.map((each) => ({
    method: each.method,
    sales_count: each.salesCount,
    sales_minor: each.salesMinor,
    refunds_count: each.refundsCount,
    refunds_minor: each.refundsMinor,
  })),
  vat: figures.vat.map((each) => ({
    vat_basis_points: each.vatBasisPoints,
    gross_minor: each.grossMinor,
    vat_minor: each.vatMinor,
    net_minor: each.netMinor,
  })),
});

export const presentDailySales = (report: DailySales): z.infer<typeof DailySalesBody> => ({
  ...presentHead(report),
  totals: presentSales(report.totals),
  days: report.days.map((each) => ({ day: each.day, ...presentSales(each) })),
});

const takingsFields = { quantity: count, gross_minor: minor, refunds_minor: minor, net_minor: minor };

export const ItemPerformanceBody = z
  .object({
    ...headFields,
    totals: z.object(takingsFields),
    delivery: z.object(takingsFields).openapi({ description: "What deliveries were charged; the quantity counts them" }),
    items: z.array(
      z.object({
        menu_item_id: z.uuid(),
        item_name: z.string().openapi({ description: "As it stands on the menu now" }),
        ...takingsFields,
        options: z
          .array(z.object({ group_name: z.string(), name: z.string(), quantity: count, gross_minor: minor }))
          .openapi({ description: "Already in the item's gross; refunds are not taken off" }),
      }),
    ),
  })
  .openapi("ItemPerformance");

const presentTakings = (takings: Takings) => ({
  quantity: takings.quantity,
  gross_minor: takings.grossMinor,
  refunds_minor: takings.refundsMinor,
  net_minor: takings.netMinor,
});

export const presentItemPerformance = (report: ItemPerformance): z.infer<typeof ItemPerformanceBody> => ({
  ...presentHead(report),
  totals: presentTakings(report.totals),
  delivery: presentTakings(report.delivery),
  items: report.items.map((item) => ({
    menu_item_id: item.menuItemId,
    item_name: item.itemName,
    ...presentTakings(item),
    options: item.options.map((option) => ({
      group_name: option.groupName,
      name: option.name,
      quantity: option.quantity,
      gross_minor: option.grossMinor,
    })),
  })),
});

const volumeFields = {
  orders_count: count,
  portions_count: count,
  ordered_minor: minor,
  paid_count: count,
  paid_minor: minor.openapi({ description: "What they were paid with, whether refunded since or not" }),
  no_shows_count: count,
  by_status: z.record(z.enum(orderStatuses), count),
  by_type: z.record(z.enum(orderTypes), count),
};

export const OrderVolumeBody = z
  .object({ ...headFields, totals: z.object(volumeFields), days: z.array(z.object({ day, ...volumeFields })) })
  .openapi("OrderVolume");

const presentVolume = (figures: VolumeFigures): z.infer<typeof OrderVolumeBody>["totals"] => ({
  orders_count: figures.ordersCount,
  portions_count: figures.portionsCount,
  ordered_minor: figures.orderedMinor,
  paid_count: figures.paidCount,
  paid_minor: figures.paidMinor,
  no_shows_count: figures.noShowsCount,
  by_status: { ...figures.byStatus },
  by_type: { ...figures.byType },
});

export const presentOrderVolume = (report: OrderVolume): z.infer<typeof OrderVolumeBody> => ({
  ...presentHead(report),
  totals: presentVolume(report.totals),
  days: report.days.map((each) => ({ day: each.day, ...presentVolume(each) })),
});

const hourFields = {
  hours_count: z
    .number()
    .nonnegative()
    .openapi({ description: "How often the clock read this hour: one read twice counts twice, one that was skipped not at all" }),
  orders_count: count,
  portions_count: count,
  cancelled_count: count,
  paid_minor: minor,
};

/** The report and the published heat map count alike. */
export const HourSchema = z.object({
  weekday: z.int().min(1).max(7).openapi({ description: "1 is Monday, 7 is Sunday" }),
  hour: z.int().min(0).max(23).openapi({ description: "As the café's clock reads it" }),
  ...hourFields,
});

export const PeakHoursBody = z
  .object({
    ...headFields,
    totals: z.object(hourFields),
    hours: z.array(HourSchema),
  })
  .openapi("PeakHours");

const presentHours = (figures: PeakHours["totals"]) => ({
  hours_count: figures.hoursCount,
  orders_count: figures.ordersCount,
  portions_count: figures.portionsCount,
  cancelled_count: figures.cancelledCount,
  paid_minor: figures.paidMinor,
});

export const presentHour = (figures: HourFigures): z.infer<typeof HourSchema> => ({
  weekday: figures.weekday,
  hour: figures.hour,
  ...presentHours(figures),
});

export const presentPeakHours = (report: PeakHours): z.infer<typeof PeakHoursBody> => ({
  ...presentHead(report),
  totals: presentHours(report.totals),
  hours: report.hours.map(presentHour),
});
