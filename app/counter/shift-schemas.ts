import { z } from "@hono/zod-openapi";
import { minorUnits, reasonField } from "../ledger/field-schemas.ts";
import { paymentMethods } from "../orders/payment-methods.ts";
import type { CashMovement } from "./move-cash.ts";
import type { Shift } from "./shift.ts";
import type { ShiftTotals, ZReport } from "./z-report.ts";

const staffId = z.uuid().optional().openapi({ description: "Who stands at the terminal" });

export const OpenShiftBody = z.strictObject({ opening_float_minor: minorUnits, staff_id: staffId });
export const CloseShiftBody = z.strictObject({ counted_cash_minor: minorUnits, staff_id: staffId });
export const MoveCashBody = z.strictObject({
  direction: z.enum(["in", "out"]).openapi({ description: "Into the drawer, or out of it" }),
  amount_minor: minorUnits.min(1),
  reason: reasonField(1),
  staff_id: staffId,
});
export const CloseByOwnerBody = CloseShiftBody.pick({ counted_cash_minor: true }).strict();
export const ShiftParams = z.object({ shiftId: z.uuid() });

export const ShiftSchema = z
  .object({
    id: z.uuid(),
    device_id: z.uuid(),
    device_name: z.string(),
    status: z.enum(["open", "closed"]),
    currency: z.string(),
    opening_float_minor: z.int(),
    opened_by: z.uuid().nullable(),
    opened_by_name: z.string().nullable(),
    opened_at: z.iso.datetime(),
    closed_by: z.uuid().nullable(),
    closed_by_name: z.string().nullable(),
    closed_at: z.iso.datetime().nullable(),
    z_number: z.int().nullable(),
  })
  .openapi("Shift");

const totals = {
  sales_count: z.int(),
  sales_minor: z.int(),
  refunds_count: z.int(),
  refunds_minor: z.int(),
  disputes_minor: z.int(),
  net_minor: z.int(),
  cash_elsewhere_minor: z.int().openapi({ description: "Cash that was noted in the portal and not at a terminal, less what went back so" }),
  methods: z.array(
    z.object({
      method: z.enum(paymentMethods),
      sales_count: z.int(),
      sales_minor: z.int(),
      refunds_count: z.int(),
      refunds_minor: z.int(),
    }),
  ),
  vat: z
    .array(z.object({ vat_basis_points: z.int(), gross_minor: z.int(), net_minor: z.int(), vat_minor: z.int() }))
    .openapi({ description: "Sales less refunds, by rate" }),
  first_order_number: z.string().nullable(),
  last_order_number: z.string().nullable(),
};

export const CashMovementSchema = z
  .object({
    id: z.uuid(),
    direction: z.enum(["in", "out"]),
    amount_minor: z.int(),
    currency: z.string(),
    reason: z.string(),
    staff_id: z.uuid().nullable(),
    at: z.iso.datetime(),
  })
  .openapi("CashMovement");

export const CurrentShiftSchema = ShiftSchema.extend({ totals: z.object(totals), cash_movements: z.array(CashMovementSchema) }).openapi(
  "CurrentShift",
);

export const ZReportSchema = z
  .object({
    shift_id: z.uuid(),
    number: z.int().openapi({ description: "Of the café, without gaps" }),
    cafe_id: z.uuid(),
    cafe_name: z.string(),
    cafe_code: z.string(),
    device_id: z.uuid(),
    device_name: z.string(),
    time_zone: z.string(),
    currency: z.string(),
    business_day: z.iso.date().openapi({ description: "The day of the café's calendar on which the shift was opened" }),
    opened_at: z.iso.datetime(),
    closed_at: z.iso.datetime(),
    ...totals,
    cash: z.object({
      opening_float_minor: z.int(),
      sales_minor: z.int(),
      refunds_minor: z.int(),
      paid_in_minor: z.int().openapi({ description: "Put into the drawer without a sale" }),
      paid_out_minor: z.int(),
      expected_minor: z.int(),
      counted_minor: z.int(),
      difference_minor: z.int().openapi({ description: "Counted less expected" }),
    }),
  })
  .openapi("ZReport");

export const reportQuery = z.strictObject({ format: z.enum(["json", "text"]).default("json") });
export const reportResponse = {
  200: {
    description: "As it was written at the close; text is for a printer of 42 columns",
    content: { "application/json": { schema: ZReportSchema }, "text/plain": { schema: z.string() } },
  },
};

export const presentShift = (shift: Shift): z.infer<typeof ShiftSchema> => ({
  id: shift.id,
  device_id: shift.deviceId,
  device_name: shift.deviceName,
  status: shift.closedAt === null ? "open" : "closed",
  currency: shift.currency,
  opening_float_minor: shift.openingFloatMinor,
  opened_by: shift.openedBy,
  opened_by_name: shift.openedByName,
  opened_at: shift.openedAt.toISOString(),
  closed_by: shift.closedBy,
  closed_by_name: shift.closedByName,
  closed_at: shift.closedAt?.toISOString() ?? null,
  z_number: shift.zNumber,
});

export const presentCashMovement = (moved: CashMovement): z.infer<typeof CashMovementSchema> => ({
  id: moved.id,
  direction: moved.amountMinor > 0 ? "in" : "out",
  amount_minor: Math.abs(moved.amountMinor),
  currency: moved.currency,
  reason: moved.reason,
  staff_id: moved.staffId,
  at: moved.at.toISOString(),
});

export const presentTotals = (totals: ShiftTotals) => ({
  sales_count: totals.sales_count,
  sales_minor: totals.sales_minor,
  refunds_count: totals.refunds_count,
  refunds_minor: totals.refunds_minor,
  disputes_minor: totals.disputes_minor,
  net_minor: totals.net_minor,
  cash_elsewhere_minor: totals.cash_elsewhere_minor,
  methods: [...totals.methods],
  vat: [...totals.vat],
  first_order_number: totals.first_order_number,
  last_order_number: totals.last_order_number,
});

export const presentReport = (made: ZReport): z.infer<typeof ZReportSchema> => ({
  shift_id: made.shift_id,
  number: made.number,
  cafe_id: made.cafe_id,
  cafe_name: made.cafe_name,
  cafe_code: made.cafe_code,
  device_id: made.device_id,
  device_name: made.device_name,
  time_zone: made.time_zone,
  currency: made.currency,
  business_day: made.business_day,
  opened_at: made.opened_at,
  closed_at: made.closed_at,
  ...presentTotals(made),
  cash: { paid_in_minor: 0, paid_out_minor: 0, ...made.cash },
});
