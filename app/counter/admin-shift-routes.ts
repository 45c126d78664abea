import { cafeOf, staff, staffOf } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { type HttpContext, json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import { pageOf } from "../platform/page.ts";
import { closeShift } from "./close-shift.ts";
import { listShifts, readShift, readZReport } from "./shift.ts";
import {
  CloseByOwnerBody,
  presentReport,
  presentShift,
  reportQuery,
  reportResponse,
  ShiftParams,
  ShiftSchema,
  ZReportSchema,
} from "./shift-schemas.ts";
import type { ZReport } from "./z-report.ts";
import { zReportText } from "./z-report-text.ts";

const readers = () => staff("owner", "cashier");

const list = route({
  method: "get",
  path: "/admin/shifts",
  operationId: "listShifts",
  tags: ["shifts"],
  summary: "The café's shifts, newest first",
  who: readers(),
  request: { query: listQuery },
  responses: { 200: json(listOf(ShiftSchema), "A page of shifts") },
});

const read = route({
  method: "get",
  path: "/admin/shifts/{shiftId}",
  operationId: "getShift",
  tags: ["shifts"],
  summary: "One shift of the café",
  who: readers(),
  errors: ["NOT_FOUND"],
  request: { params: ShiftParams },
  responses: { 200: json(ShiftSchema, "The shift") },
});

const reportForStaff = route({
  method: "get",
  path: "/admin/shifts/{shiftId}/z-report",
  operationId: "getZReport",
  tags: ["shifts"],
  summary: "The Z-report of a closed shift",
  who: readers(),
  errors: ["NOT_FOUND"],
  request: { params: ShiftParams, query: reportQuery },
  responses: reportResponse,
});

const closeByOwner = route({
  method: "post",
  path: "/admin/shifts/{shiftId}/close",
  operationId: "closeShiftOfTerminal",
  tags: ["shifts"],
  summary: "End a shift whose terminal is broken or gone",
  who: staff("owner"),
  idempotency: "optional",
  errors: ["NOT_FOUND", "READ_ONLY_REGION"],
  request: { params: ShiftParams, body: required(CloseByOwnerBody) },
  responses: { 200: json(ZReportSchema, "The Z-report") },
});

export const adminShiftRoutes = ({ db }: Platform) =>
  router()
    .openapi(list, async (c) => {
      const { limit, cursor } = c.req.valid("query");
      const { items, next } = pageOf(await listShifts(db, cafeOf(c, undefined), { limit, after: cursor }), limit);
      return c.json({ items: items.map(presentShift), next_cursor: next }, 200);
    })
    .openapi(read, async (c) => c.json(presentShift(await readShift(db, c.req.valid("param").shiftId, cafeOf(c, undefined))), 200))
    .openapi(reportForStaff, async (c) =>
      sendReport(c, await readZReport(db, c.req.valid("param").shiftId, cafeOf(c, undefined)), c.req.valid("query").format),
    )
    .openapi(closeByOwner, async (c) => {
      const { id } = staffOf(c);
      const input = {
        cafeId: cafeOf(c, undefined),
        which: { shiftId: c.req.valid("param").shiftId },
        countedCashMinor: c.req.valid("json").counted_cash_minor,
        staffId: id,
        actor: { kind: "staff" as const, id },
        requestId: c.var.requestId,
      };
      return once(c, "a day", async (tx) => ({ status: 200 as const, body: presentReport(await closeShift(tx, input)) }));
    });

export function sendReport(c: HttpContext, made: ZReport, format: "json" | "text") {
  if (format === "text") return c.text(zReportText(made), 200) as never;
  return c.json(presentReport(made), 200) as never;
}
