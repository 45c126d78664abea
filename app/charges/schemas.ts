import { z } from "@hono/zod-openapi";
import { cardUidField } from "../cards/field-schemas.ts";
import { noteFields } from "../ledger/note-schemas.ts";
import type { Charge, ShownCharge } from "./charge.ts";
import type { Paid } from "./confirm-charge.ts";

export const ChargeParams = z.object({ chargeId: z.uuid() });

const state = z.enum(["open", "confirmed", "declined", "expired", "voided", "superseded"]);

const fields = {
  id: z.uuid(),
  state,
  order_id: z.uuid(),
  order_number: z.string(),
  amount_minor: z.number().int(),
  currency: z.string(),
  expires_in: z.number().int().openapi({ description: "Seconds left, by the server's clock: count down from here, never to expires_at" }),
  expires_at: z.iso.datetime(),
  student_label: z.string(),
};

export const CounterChargeSchema = z.object(fields).openapi("CounterCharge");

export const StudentChargeSchema = z
  .object({
    ...fields,
    short_code: z.string(),
    cafe: z.object({ id: z.uuid(), name: z.string() }),
    device_id: z.uuid(),
    items: z.array(z.object({ name: z.string(), quantity: z.number().int(), line_total_minor: z.number().int() })),
    order_version: z.number().int(),
    nonce: z.string(),
    digest: z.string(),
    digest_version: z.number().int(),
    requires_signature: z.boolean(),
    requires_number_match: z.boolean(),
    more_time: z.boolean().openapi({ description: "More time can still be asked for" }),
    receipt_id: z.uuid().nullable(),
    receipt: z.string().nullable(),
  })
  .openapi("Charge");

export const ScanBody = z.strictObject({
  scan_id: z.uuid().openapi({ description: "Made by the POS before it sends, kept until it has an answer: the same id is the same scan" }),
  card_uid: cardUidField,
  order_id: z.uuid().optional().openapi({ description: "Which order, after ORDER_CHOICE_REQUIRED" }),
  ...noteFields,
});

export const ScanAnswer = z
  .object({
    charge: CounterChargeSchema,
    match_code: z.string().openapi({ description: "Shown at the counter; the student types it on the phone" }),
    short_code: z.string(),
    qr_url: z.url(),
    reachable: z.array(z.enum(["ws", "push"])),
  })
  .openapi("ScanAnswer");

export const ConfirmBody = z.strictObject({
  digest: z.string().regex(/^[A-Za-z0-9_-]{43}$/, "must be base64url of a SHA-256"),
  number_match: z
    .string()
    .regex(/^[0-9]{2}$/, "must be the two digits shown at the counter")
    .optional(),
  signature: z
    .string()
    .max(120)
    .regex(/^[A-Za-z0-9_-]+$/, "must be base64url")
    .optional(),
});

export const ReceiptBody = z
  .object({
    receipt: z.string(),
    receipt_id: z.uuid(),
    order_id: z.uuid(),
    paid_at: z.iso.datetime(),
    balance_minor_after: z.number().int(),
  })
  .openapi("ReceiptAnswer");

export const DeclineBody = z.strictObject({ not_me: z.boolean().default(false) });

export type CounterCharge = z.infer<typeof CounterChargeSchema>;
export type StudentCharge = z.infer<typeof StudentChargeSchema>;

export function presentCounterCharge(charge: ShownCharge): CounterCharge {
  return {
    id: charge.id,
    state: charge.state,
    order_id: charge.orderId,
    order_number: charge.orderNumber,
    amount_minor: charge.amountMinor,
    currency: charge.currency,
    expires_in: Math.ceil(charge.expiresInMs / 1000),
    expires_at: charge.expiresAt.toISOString(),
    student_label: charge.studentLabel,
  };
}

export function presentStudentCharge(charge: Charge): StudentCharge {
  return {
    ...presentCounterCharge(charge),
    short_code: charge.shortCode,
    cafe: { id: charge.cafeId, name: charge.cafeName },
    device_id: charge.deviceId,
    items: charge.items.map((item) => ({ name: item.itemName, quantity: item.quantity, line_total_minor: item.lineTotalMinor })),
    order_version: charge.orderVersion,
    nonce: charge.nonce,
    digest: charge.digest,
    digest_version: charge.digestVersion,
    requires_signature: charge.requiresSignature,
    requires_number_match: charge.numberMatchRequired,
    more_time: charge.state === "open" && !charge.isProlonged,
    receipt_id: charge.receiptId,
    receipt: charge.receipt,
  };
}

export function presentPaid(paid: Paid): z.infer<typeof ReceiptBody> {
  return {
    receipt: paid.receipt,
    receipt_id: paid.receiptId,
    order_id: paid.orderId,
    paid_at: paid.paidAt.toISOString(),
    balance_minor_after: paid.balanceMinorAfter,
  };
}
