import { z } from "@hono/zod-openapi";
import { staff } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { csvType } from "../platform/csv.ts";
import { CodedError } from "../platform/errors.ts";
import { dayField } from "../platform/http/days.ts";
import { route, router } from "../platform/http/router.ts";
import { encoded, streamOf, streamText } from "../platform/http/text-stream.ts";
import { encodeCodePage437 } from "./code-page-437.ts";
import { isOver, type Period } from "./journal.ts";
import { journalAsCsv } from "./journal-csv.ts";
import { journalAsSie } from "./journal-sie.ts";

const maxDays = 366;
const dayMs = 86_400_000;

const journal = route({
  method: "get",
  path: "/admin/journal",
  operationId: "exportJournal",
  tags: ["finance"],
  summary: "The books of a period for a bookkeeping system: SIE 4 or CSV",
  description:
    `Whole finished days by the campus's clock, \`until\` included, at most ${maxDays}. SIE (type 4, import; code page 437) has a voucher for each day and kind of ` +
    "transaction in the campus's currency, on accounts of the BAS plan, cafés as objects of dimension 20; CSV has every transaction of the ledger. No student is named.",
  who: staff("finance", "admin"),
  request: {
    query: z.strictObject({ from: dayField, until: dayField, format: z.enum(["sie", "csv"]).default("sie") }),
  },
  responses: {
    200: {
      description: "The file, sent while it is made",
      content: { "application/x-sie": { schema: z.string() }, "text/csv": { schema: z.string() } },
    },
  },
});

export const journalRoutes = ({ db, config }: Platform) =>
  router().openapi(journal, async (c) => {
    const { from, until, format } = c.req.valid("query");
    const period: Period = { from, until, timeZone: config.CAMPUS_TIME_ZONE };
    refuseUnfit(period, await isOver(db, period));
    const name = `journal-${from}-${until}`;
    if (format === "csv") {
      c.header("Content-Disposition", `attachment; filename="${name}.csv"`);
      return c.body(streamText(journalAsCsv(db, period)), 200, { "Content-Type": csvType });
    }
    const sie = {
      period,
      currency: config.CAMPUS_CURRENCY,
      company: new URL(config.PUBLIC_URL).hostname,
      version: config.CAMPUS_VERSION,
      today: new Date().toISOString().slice(0, 10),
    };
    c.header("Content-Disposition", `attachment; filename="${name}.se"`);
    return c.body(streamOf(encoded(journalAsSie(db, sie), encodeCodePage437)), 200, { "Content-Type": "application/x-sie" });
  });

function refuseUnfit({ from, until }: Period, isFinished: boolean): void {
  const days = (Date.parse(until) - Date.parse(from)) / dayMs + 1;
  const problem =
    days < 1
      ? "must not be before from"
      : days > maxDays
        ? `must be within ${maxDays} days of from`
        : isFinished
          ? undefined
          : "must be a day that is over";
  if (problem !== undefined)
    throw new CodedError("VALIDATION_ERROR", `until ${problem}.`, { details: { fields: [{ field: "until", problem }] } });
}
