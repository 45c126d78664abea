import { z } from "@hono/zod-openapi";
import { cardUidField } from "../cards/field-schemas.ts";
import { ScanAnswer } from "../charges/schemas.ts";
import { minorUnits, reasonField } from "../ledger/field-schemas.ts";
import { noteFields } from "../ledger/note-schemas.ts";
import { AmendBody, OrderSchema } from "../orders/schemas.ts";

export const SaleBody = AmendBody.extend({
  payment: z.enum(["card", "cash"]),
  card_uid: cardUidField.optional().openapi({ description: "The student's card: with payment card, and only there" }),
  cash_tendered_minor: minorUnits
    .min(1)
    .optional()
    .openapi({ description: "With payment cash: what was handed over; the exact total without it" }),
  prepare: z
    .boolean()
    .default(false)
    .openapi({ description: "Of a sale for cash: hand it to the kitchen, or over the counter at once. One to a card goes to the kitchen" }),
  ...noteFields,
})
  .refine(({ payment, card_uid }) => (payment === "card") === (card_uid !== undefined), {
    path: ["card_uid"],
    message: "goes with payment card, and only with it",
  })
  .refine(({ payment, cash_tendered_minor }) => payment === "cash" || cash_tendered_minor === undefined, {
    path: ["cash_tendered_minor"],
    message: "goes with payment cash, and only with it",
  });

export const SaleAnswer = z
  .union([
    ScanAnswer.extend({ order: OrderSchema }).openapi("CardSale"),
    z
      .object({
        order: OrderSchema,
        cash_tendered_minor: z.int(),
        change_minor: z.int().openapi({ description: "To be handed back" }),
      })
      .openapi("CashSale"),
  ])
  .openapi("Sale");

export const CounterRefundBody = z.strictObject({
  scan_id: z
    .uuid()
    .openapi({ description: "Made by the POS before it sends, kept until it has an answer: the same id is the same refund" }),
  order_id: z.uuid(),
  card_uid: cardUidField.optional().openapi({ description: "The card of the student who paid; not for an order that was paid in cash" }),
  amount_minor: minorUnits.min(1).optional().openapi({ description: "All that is left without it" }),
  reason: reasonField(1),
  ...noteFields,
});

export const CounterRefundSchema = z
  .object({
    id: z.uuid(),
    order_id: z.uuid(),
    amount_minor: z.int(),
    refunded_minor: z.int().openapi({ description: "Of the order, this refund and those before it" }),
    payment_status: z.enum(["paid", "refunded"]),
    currency: z.string(),
    to: z.enum(["wallet", "cash"]).openapi({ description: "cash: hand it over now" }),
    transaction_id: z.uuid(),
    created_at: z.iso.datetime(),
  })
  .openapi("CounterRefund");
