import { z } from "@hono/zod-openapi";
import { cafeQuery } from "../identity/field-schemas.ts";
import { cafeOf, staff } from "../identity/guards.ts";
import { amountsField } from "../ledger/field-schemas.ts";
import type { Platform } from "../platform/context.ts";
import { type AmountUnit, csvType } from "../platform/csv.ts";
import { type HttpContext, route, router } from "../platform/http/router.ts";
import { readDailySales } from "./daily-sales.ts";
import { readItemPerformance } from "./item-performance.ts";
import { readOrderVolume } from "./order-volume.ts";
import { readPeakHours } from "./peak-hours.ts";
import { countDays, type ReportInput } from "./report.ts";
import { dailySalesCsv, itemPerformanceCsv, orderVolumeCsv, peakHoursCsv } from "./report-csv.ts";
import { createReportQueue } from "./report-queue.ts";
import {
  DailySalesBody,
  ItemPerformanceBody,
  OrderVolumeBody,
  PeakHoursBody,
  presentDailySales,
  presentItemPerformance,
  presentOrderVolume,
  presentPeakHours,
} from "./report-schemas.ts";

const maxDays = 366;
const who = staff("owner", "admin");
const day = z.iso.date().refine((date) => date >= "2000-01-01" && date < "2200-01-01", "must be from 2000 to 2199");

export const reportFormat = { format: z.enum(["json", "csv"]).optional().openapi({ description: "Without it the Accept header decides" }) };

export const reportQuery = z
  .strictObject({
    ...cafeQuery.shape,
    from: day.openapi({ description: "The first day, of the café's calendar", example: "2026-11-01" }),
    to: day.openapi({ description: `The last day, at most ${maxDays} with the first`, example: "2026-11-30" }),
    ...reportFormat,
    amounts: amountsField,
  })
  .refine(({ from, to }) => from <= to, { path: ["to"], message: "must not be before `from`" })
  .refine(({ from, to }) => countDays(from, to) <= maxDays, { path: ["to"], message: `must be at most ${maxDays} days from \`from\`` });

const report = <const Name extends string, const Id extends string, Body extends z.ZodType>(spec: {
  readonly name: Name;
  readonly operationId: Id;
  readonly summary: string;
  readonly body: Body;
}) =>
  route({
    method: "get",
    path: `/admin/reports/${spec.name}`,
    operationId: spec.operationId,
    tags: ["reports"],
    summary: spec.summary,
    who,
    errors: ["NOT_FOUND"],
    request: { query: reportQuery },
    responses: {
      200: {
        description: "The report as of one moment",
        content: { "application/json": { schema: spec.body }, "text/csv": { schema: z.string() } },
      },
    },
  });

const dailySales = report({
  name: "daily-sales",
  operationId: "reportDailySales",
  summary: "What each day brought: sales, refunds, payment methods and VAT, as the ledger has them",
  body: DailySalesBody,
});
const itemPerformance = report({
  name: "item-performance",
  operationId: "reportItemPerformance",
  summary: "What each dish brought, with its options; a refund is shared among the dishes of its order by what they cost",
  body: ItemPerformanceBody,
});
const orderVolume = report({
  name: "order-volume",
  operationId: "reportOrderVolume",
  summary: "How many orders were placed on each day, by status and type",
  body: OrderVolumeBody,
});
const peakHours = report({
  name: "peak-hours",
  operationId: "reportPeakHours",
  summary: "When orders are placed: by weekday and hour of the café's clock",
  body: PeakHoursBody,
});

export const reportRoutes = ({ db }: Platform) => {
  const inTurn = createReportQueue();
  return router()
    .openapi(dailySales, async (c) => {
      const { input, isCsv, unit } = asked(c, c.req.valid("query"));
      const found = await inTurn(input.cafeId, () => readDailySales(db, input));
      return isCsv ? sendCsv(c, "daily-sales", input, dailySalesCsv(found, unit)) : c.json(presentDailySales(found), 200);
    })
    .openapi(itemPerformance, async (c) => {
      const { input, isCsv, unit } = asked(c, c.req.valid("query"));
      const found = await inTurn(input.cafeId, () => readItemPerformance(db, input));
      return isCsv ? sendCsv(c, "item-performance", input, itemPerformanceCsv(found, unit)) : c.json(presentItemPerformance(found), 200);
    })
    .openapi(orderVolume, async (c) => {
      const { input, isCsv, unit } = asked(c, c.req.valid("query"));
      const found = await inTurn(input.cafeId, () => readOrderVolume(db, input));
      return isCsv ? sendCsv(c, "order-volume", input, orderVolumeCsv(found, unit)) : c.json(presentOrderVolume(found), 200);
    })
    .openapi(peakHours, async (c) => {
      const { input, isCsv, unit } = asked(c, c.req.valid("query"));
      const found = await inTurn(input.cafeId, () => readPeakHours(db, input));
      return isCsv ? sendCsv(c, "peak-hours", input, peakHoursCsv(found, unit)) : c.json(presentPeakHours(found), 200);
    });
};

interface Asked {
  readonly input: ReportInput;
  readonly isCsv: boolean;
  readonly unit: AmountUnit;
}

function asked(c: HttpContext, { cafe_id, from, to, format, amounts }: z.infer<typeof reportQuery>): Asked {
  return { input: { cafeId: cafeOf(c, cafe_id), from, to }, isCsv: isCsvAsked(c, format), unit: amounts };
}

export const isCsvAsked = (c: HttpContext, format: "json" | "csv" | undefined): boolean =>
  format === undefined ? /^\s*text\/csv\b/i.test(c.req.header("accept") ?? "") : format === "csv";

function sendCsv(c: HttpContext, name: string, { from, to }: ReportInput, text: string) {
  c.header("Content-Disposition", `attachment; filename="${name}-${from}-${to}.csv"`);
  return c.body(text, 200, { "Content-Type": csvType });
}
