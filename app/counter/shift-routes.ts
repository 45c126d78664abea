import { z } from "@hono/zod-openapi";
import { device, deviceOf } from "../identity/guards.ts";
import type { Identity } from "../identity/identity.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { type HttpContext, json, required, route, router } from "../platform/http/router.ts";
import { sendReport } from "./admin-shift-routes.ts";
import { refuseUnlessPresent } from "./approver.ts";
import { closeShift } from "./close-shift.ts";
import { listCashMovements, moveCash } from "./move-cash.ts";
import { openShift } from "./open-shift.ts";
import { readCurrentShift, readZReport } from "./shift.ts";
import {
  CashMovementSchema,
  CloseShiftBody,
  CurrentShiftSchema,
  MoveCashBody,
  OpenShiftBody,
  presentCashMovement,
  presentReport,
  presentShift,
  presentTotals,
  reportQuery,
  reportResponse,
  ShiftParams,
  ShiftSchema,
  ZReportSchema,
} from "./shift-schemas.ts";

const staffHeader = z.object({
  "x-staff-authorization": z
    .string()
    .max(4096)
    .optional()
    .openapi({ description: "Needed with staff_id: `Bearer` and the access token of that member of staff" }),
});

const open = route({
  method: "post",
  path: "/pos/shifts/open",
  operationId: "openShift",
  tags: ["pos"],
  summary: "Begin a shift at this terminal, with so much cash in the drawer",
  who: device(),
  idempotency: "optional",
  errors: ["NOT_FOUND", "CONFLICT", "INSUFFICIENT_ROLE", "TOKEN_EXPIRED", "READ_ONLY_REGION"],
  request: { headers: staffHeader, body: required(OpenShiftBody) },
  responses: { 201: json(ShiftSchema, "Open") },
});

const close = route({
  method: "post",
  path: "/pos/shifts/close",
  operationId: "closeShift",
  tags: ["pos"],
  summary: "End the shift of this terminal with the cash that was counted; the answer is its Z-report",
  who: device(),
  idempotency: "optional",
  errors: ["NOT_FOUND", "INSUFFICIENT_ROLE", "TOKEN_EXPIRED", "READ_ONLY_REGION"],
  request: { headers: staffHeader, body: required(CloseShiftBody) },
  responses: { 200: json(ZReportSchema, "The Z-report") },
});

const cash = route({
  method: "post",
  path: "/pos/shifts/cash",
  operationId: "moveCash",
  tags: ["pos"],
  summary: "Note cash that was put into the drawer, or taken out of it, without a sale",
  who: device(),
  idempotency: "optional",
  errors: ["NOT_FOUND", "INSUFFICIENT_ROLE", "TOKEN_EXPIRED", "READ_ONLY_REGION"],
  request: { headers: staffHeader, body: required(MoveCashBody) },
  responses: { 201: json(CashMovementSchema, "Noted") },
});

const current = route({
  method: "get",
  path: "/pos/shifts/current",
  operationId: "getCurrentShift",
  tags: ["pos"],
  summary: "The shift that is open at this terminal, and what it has taken until now",
  who: device(),
  errors: ["NOT_FOUND"],
  responses: { 200: json(CurrentShiftSchema, "The shift") },
});

const report = route({
  method: "get",
  path: "/pos/shifts/{shiftId}/z-report",
  operationId: "getZReportAtCounter",
  tags: ["pos"],
  summary: "The Z-report of a closed shift of the café, to be printed again",
  who: device(),
  errors: ["NOT_FOUND"],
  request: { params: ShiftParams, query: reportQuery },
  responses: reportResponse,
});

export const shiftRoutes = ({ db }: Platform, identity: Pick<Identity, "verifyAccessToken">) => {
  /** Who is said to stand at the terminal, as the token beside it proves. */
  const present = (c: HttpContext, staffId: string | undefined): string | null => {
    if (staffId === undefined) return null;
    refuseUnlessPresent(identity, c.req.header("x-staff-authorization"), deviceOf(c).cafeId, staffId);
    return staffId;
  };
  return router()
    .openapi(open, async (c) => {
      const { opening_float_minor, staff_id } = c.req.valid("json");
      const input = {
        device: deviceOf(c),
        openingFloatMinor: opening_float_minor,
        staffId: present(c, staff_id),
        requestId: c.var.requestId,
      };
      return once(c, "a day", async (tx) => ({ status: 201 as const, body: presentShift(await openShift(tx, input)) }));
    })
    .openapi(close, async (c) => {
      const { counted_cash_minor, staff_id } = c.req.valid("json");
      const { id, cafeId } = deviceOf(c);
      const input = {
        cafeId,
        which: { deviceId: id },
        countedCashMinor: counted_cash_minor,
        staffId: present(c, staff_id),
        actor: { kind: "device" as const, id },
        requestId: c.var.requestId,
      };
      return once(c, "a day", async (tx) => ({ status: 200 as const, body: presentReport(await closeShift(tx, input)) }));
    })
    .openapi(cash, async (c) => {
      const { direction, amount_minor, reason, staff_id } = c.req.valid("json");
      const input = {
        device: deviceOf(c),
        amountMinor: direction === "in" ? amount_minor : -amount_minor,
        reason,
        staffId: present(c, staff_id),
        requestId: c.var.requestId,
      };
      return once(c, "a day", async (tx) => ({ status: 201 as const, body: presentCashMovement(await moveCash(tx, input)) }));
    })
    .openapi(current, async (c) => {
      const { totals, ...shift } = await readCurrentShift(db, deviceOf(c).id);
      const moved = await listCashMovements(db, shift.id);
      return c.json({ ...presentShift(shift), totals: presentTotals(totals), cash_movements: moved.map(presentCashMovement) }, 200);
    })
    .openapi(report, async (c) =>
      sendReport(c, await readZReport(db, c.req.valid("param").shiftId, deviceOf(c).cafeId), c.req.valid("query").format),
    );
};
