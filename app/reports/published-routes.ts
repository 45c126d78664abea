import { z } from "@hono/zod-openapi";
import { cafeQuery } from "../identity/field-schemas.ts";
import { cafeOf, staff } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { csvRow, csvType } from "../platform/csv.ts";
import { type HttpContext, route, router } from "../platform/http/router.ts";
import { type PublishedHead, readPrepList, readPublishedPeaks, readPublishedSales, readRetention } from "./published-reports.ts";
import {
  PrepListBody,
  PublishedPeaksBody,
  PublishedSalesBody,
  presentPrepList,
  presentPublishedPeaks,
  presentPublishedSales,
  presentRetention,
  RetentionBody,
} from "./published-schemas.ts";
import { openPublishedTables } from "./published-tables.ts";
import { createReportQueue } from "./report-queue.ts";
import { isCsvAsked, reportFormat, reportQuery } from "./routes.ts";

const latestQuery = z.strictObject({ ...cafeQuery.shape, ...reportFormat });

const published = <const Path extends string, const Id extends string, Body extends z.ZodType, Query extends z.ZodObject>(spec: {
  readonly path: Path;
  readonly operationId: Id;
  readonly summary: string;
  readonly body: Body;
  readonly query: Query;
}) =>
  route({
    method: "get",
    path: `/admin/analytics/${spec.path}`,
    operationId: spec.operationId,
    tags: ["reports"],
    summary: spec.summary,
    who: staff("owner", "admin"),
    errors: ["NOT_FOUND"],
    request: { query: spec.query },
    responses: {
      200: {
        description: "From the tables of the last night, with their date",
        content: { "application/json": { schema: spec.body }, "text/csv": { schema: z.string() } },
      },
    },
  });

const peaks = published({
  path: "peaks",
  operationId: "analyticsPeaks",
  summary: "When orders are placed, by weekday and hour of the café's clock: the heat map",
  body: PublishedPeaksBody,
  query: reportQuery,
});
const sales = published({
  path: "sales",
  operationId: "analyticsSales",
  summary: "What each day brought, beside the same weekday a week before",
  body: PublishedSalesBody,
  query: reportQuery,
});
const prepList = published({
  path: "prep-list",
  operationId: "analyticsPrepList",
  summary: "How many portions of each dish to prepare next week, shown only where the forecast proved better than last week's numbers",
  body: PrepListBody,
  query: latestQuery,
});
const retention = published({
  path: "retention",
  operationId: "analyticsRetention",
  summary: "Of the students who first paid in one month, how many paid again in later ones",
  body: RetentionBody,
  query: latestQuery,
});

/** What the nightly jobs published; the reports of `/admin/reports` read the ledger itself, up to this moment. */
export const publishedRoutes = ({ config }: Platform) => {
  const tables = openPublishedTables(config);
  const inTurn = createReportQueue();
  return router()
    .openapi(peaks, async (c) => {
      const { cafe_id, from, to, format } = c.req.valid("query");
      const cafeId = cafeOf(c, cafe_id);
      const found = await inTurn(cafeId, () => readPublishedPeaks(tables, { cafeId, from, to }));
      const body = presentPublishedPeaks(found);
      return isCsvAsked(c, format) ? sendCsv(c, "peaks", found, body.hours) : c.json(body, 200);
    })
    .openapi(sales, async (c) => {
      const { cafe_id, from, to, format } = c.req.valid("query");
      const cafeId = cafeOf(c, cafe_id);
      const found = await inTurn(cafeId, () => readPublishedSales(tables, { cafeId, from, to }));
      const body = presentPublishedSales(found);
      return isCsvAsked(c, format) ? sendCsv(c, "sales", found, body.days) : c.json(body, 200);
    })
    .openapi(prepList, async (c) => {
      const { cafe_id, format } = c.req.valid("query");
      const cafeId = cafeOf(c, cafe_id);
      const found = await inTurn(cafeId, () => readPrepList(tables, cafeId));
      const body = presentPrepList(found);
      return isCsvAsked(c, format) ? sendCsv(c, "prep-list", found, body.lines) : c.json(body, 200);
    })
    .openapi(retention, async (c) => {
      const { cafe_id, format } = c.req.valid("query");
      const cafeId = cafeOf(c, cafe_id);
      const found = await inTurn(cafeId, () => readRetention(tables, cafeId));
      const body = presentRetention(found);
      return isCsvAsked(c, format) ? sendCsv(c, "retention", found, body.cohorts) : c.json(body, 200);
    });
};

/** Each line carries the currency and the moment, for whoever joins files. */
function sendCsv(c: HttpContext, name: string, head: PublishedHead, lines: readonly Readonly<Record<string, string | number | null>>[]) {
  const columns = Object.keys(lines[0] ?? {});
  const rows = lines.map((line) => csvRow([...columns.map((column) => line[column] ?? null), head.currency, head.asOf]));
  c.header("Content-Disposition", `attachment; filename="${name}-${head.publishedTo}.csv"`);
  return c.body(csvRow([...columns, "currency", "as_of"]) + rows.join(""), 200, {
    "Content-Type": csvType,
  });
}
