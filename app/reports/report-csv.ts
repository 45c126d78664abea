import { paymentMethods } from "../orders/payment-methods.ts";
import { orderStatuses } from "../orders/transitions.ts";
import { type AmountUnit, csvTable } from "../platform/csv.ts";
import type { DailySales } from "./daily-sales.ts";
import type { ItemPerformance } from "./item-performance.ts";
import { type OrderVolume, orderTypes } from "./order-volume.ts";
import type { PeakHours } from "./peak-hours.ts";
import type { ReportHead } from "./report.ts";
import { presentHour } from "./report-schemas.ts";

type Cell = string | number | null;
/** One line of a table by its columns; every line of one table has the same. */
type Line = Readonly<Record<string, Cell>>;

/** Every report has at least one line. Each carries the currency and the moment, for whoever joins files. */
function table(head: ReportHead, unit: AmountUnit, lines: readonly Line[]): string {
  const columns = Object.keys(lines[0] ?? {});
  const ends = [head.currency, head.asOf.toISOString()];
  return csvTable({
    columns: [...columns, "currency", "as_of"],
    rows: lines.map((line) => [...columns.map((name) => line[name] ?? null), ...ends]),
    unit,
    currency: head.currency,
  });
}

/** The columns of VAT are those of the rates that occur in the report. */
export function dailySalesCsv(report: DailySales, unit: AmountUnit): string {
  const rates = report.totals.vat.map(({ vatBasisPoints }) => vatBasisPoints);
  return table(
    report,
    unit,
    report.days.map(({ day, methods, vat, ...figures }) => ({
      day,
      sales_count: figures.salesCount,
      gross_minor: figures.grossMinor,
      refunds_count: figures.refundsCount,
      refunds_minor: figures.refundsMinor,
      disputes_minor: figures.disputesMinor,
      net_minor: figures.netMinor,
      average_minor: figures.averageMinor,
      ...columnsOf(paymentMethods, (method) => {
        const of = methods.find((each) => each.method === method);
        return { [`${method}_sales_minor`]: of?.salesMinor ?? 0, [`${method}_refunds_minor`]: of?.refundsMinor ?? 0 };
      }),
      ...columnsOf(rates, (rate) => {
        const of = vat.find((each) => each.vatBasisPoints === rate);
        return { [`vat_${rate}_gross_minor`]: of?.grossMinor ?? 0, [`vat_${rate}_vat_minor`]: of?.vatMinor ?? 0 };
      }),
    })),
  );
}

/** The deliveries are the last line, without an item's id, so that the columns add up to the day's sales. */
export function itemPerformanceCsv(report: ItemPerformance, unit: AmountUnit): string {
  const items = report.items.map((item) => ({
    ...item,
    options: item.options.map(({ groupName, name, quantity }) => `${groupName}: ${name} × ${quantity}`).join("; "),
  }));
  const lines = [...items, { ...report.delivery, menuItemId: null, itemName: "Delivery", options: "" }].map((item) => ({
    menu_item_id: item.menuItemId,
    item_name: item.itemName,
    quantity: item.quantity,
    gross_minor: item.grossMinor,
    refunds_minor: item.refundsMinor,
    net_minor: item.netMinor,
    options: item.options,
  }));
  return table(report, unit, lines);
}

export const orderVolumeCsv = (report: OrderVolume, unit: AmountUnit): string =>
  table(
    report,
    unit,
    report.days.map(({ day, byStatus, byType, ...figures }) => ({
      day,
      orders_count: figures.ordersCount,
      portions_count: figures.portionsCount,
      ordered_minor: figures.orderedMinor,
      paid_count: figures.paidCount,
      paid_minor: figures.paidMinor,
      no_shows_count: figures.noShowsCount,
      ...columnsOf(orderStatuses, (status) => ({ [`status_${status}`]: byStatus[status] })),
      ...columnsOf(orderTypes, (type) => ({ [`type_${type}`]: byType[type] })),
    })),
  );

export const peakHoursCsv = (report: PeakHours, unit: AmountUnit): string => table(report, unit, report.hours.map(presentHour));

const columnsOf = <Key>(keys: readonly Key[], columns: (key: Key) => Line): Line => Object.assign({}, ...keys.map(columns)) as Line;
