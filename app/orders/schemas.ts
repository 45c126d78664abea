import { z } from "@hono/zod-openapi";
import { noteFields } from "../ledger/note-schemas.ts";
import { paymentMethods } from "./payment-methods.ts";
import { orderStatuses } from "./transitions.ts";

const maxLines = 30;
const maxQuantity = 50;
const maxChoices = 20;

export const OrderParams = z.object({ orderId: z.uuid() });
export const orderTypeField = z.enum(["pickup", "delivery", "table"]);
export const statusField = z.enum(orderStatuses);
export const paymentStatusField = z.enum(["pending", "paid", "failed", "refunded"]);
const paymentMethod = z.enum(paymentMethods);
// Of a person to a person: lines, but no control characters.
const lines = (minLength: number) =>
  z
    .string()
    .trim()
    .min(minLength)
    .max(500)
    .regex(/^(?:\P{Cc}|\n)*$/u, "must not contain control characters");
const instructions = lines(1).nullable().default(null);

const thisCentury = /^20\d\d-/;
export const dayField = z.iso
  .date()
  .regex(thisCentury, "must be a day of this century")
  .openapi({ description: "A day of the café's calendar", example: "2026-11-21" });

const wantedItem = z.strictObject({
  menu_item_id: z.uuid(),
  quantity: z.int().min(1).max(maxQuantity),
  choice_ids: z
    .array(z.uuid())
    .max(maxChoices)
    .refine((ids) => new Set(ids).size === ids.length, "must not name a choice twice")
    .default([]),
});
const wantedItems = z.array(wantedItem).max(maxLines);

export const PlaceBody = z
  .strictObject({
    cafe_id: z.uuid(),
    items: wantedItems,
    order_type: orderTypeField.default("pickup"),
    payment_method: paymentMethod.default("wallet"),
    special_instructions: instructions,
    delivery_address: lines(3).optional().openapi({ description: "For a delivery, and only there" }),
    table_id: z.uuid().optional().openapi({ description: "For an order to a table: its id, or its code" }),
    table_code: z
      .string()
      .regex(/^[a-z0-9]{6,12}$/, "must be the code of a table")
      .optional(),
    scheduled_for: z.iso
      .datetime()
      .regex(thisCentury, "must be a time of this century")
      .optional()
      .openapi({ description: "The beginning of a slot; as soon as possible without it" }),
    ...noteFields,
  })
  .refine(({ order_type, delivery_address }) => (order_type === "delivery") === (delivery_address !== undefined), {
    path: ["delivery_address"],
    message: "goes with a delivery, and only with it",
  })
  .refine(
    ({ order_type, ...table }) =>
      [table.table_id, table.table_code].filter((it) => it !== undefined).length === (order_type === "table" ? 1 : 0),
    {
      path: ["table_id"],
      message: "or table_code, one of them, goes with an order to a table, and only with it",
    },
  );

export const AmendBody = z.strictObject({ items: wantedItems, special_instructions: instructions });

export const ReorderBody = z.strictObject({
  without_unavailable: z
    .boolean()
    .default(false)
    .openapi({ description: "Order what there is and leave out the rest, instead of the refusal that names it" }),
});

const OrderItemSchema = z
  .object({
    menu_item_id: z.uuid(),
    item_name: z.string(),
    item_price_minor: z.int().openapi({ description: "Of one piece, its options included" }),
    vat_basis_points: z.int(),
    quantity: z.int(),
    line_total_minor: z.int(),
    options: z.array(z.object({ choice_id: z.uuid(), group_name: z.string(), name: z.string(), price_minor: z.int() })),
  })
  .openapi("OrderItem");

/** The fields that order_json() of the database writes out. */
export const OrderSchema = z
  .object({
    id: z.uuid(),
    cafe_id: z.uuid(),
    order_number: z.string(),
    printed_number: z.string().openapi({ description: "With the café's code before it", example: "AULA-ORD-20261121-007" }),
    status: statusField,
    order_type: orderTypeField,
    payment_method: paymentMethod,
    payment_status: paymentStatusField,
    subtotal_minor: z.int(),
    delivery_charge_minor: z.int(),
    total_minor: z.int(),
    refunded_minor: z.int(),
    currency: z.string(),
    special_instructions: z.string().nullable(),
    delivery_address: z.string().nullable(),
    table_id: z.uuid().nullable(),
    table_label: z.string().nullable(),
    scheduled_for: z.iso.datetime().nullable(),
    estimated_ready_time: z.iso.datetime().nullable(),
    cancel_reason: z.string().nullable(),
    version: z.int(),
    at_counter: z.boolean().openapi({ description: "Rung up at a till: it is changed and voided there, and not by the student" }),
    items: z.array(OrderItemSchema),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi("Order");

export const OrderAnswer = z
  .object({
    order: OrderSchema,
    payment: z
      .object({ gateway_order_id: z.string(), amount: z.int(), currency: z.string() })
      .optional()
      .openapi({ description: "Of an upi order: what the gateway is to collect" }),
  })
  .openapi("OrderAnswer");

export const BoardOrderSchema = OrderSchema.extend({
  student_name: z.string().nullable(),
  can_start: z.boolean().openapi({ description: "False greys it: the kitchen may not begin before it is paid" }),
  delivery: z
    .object({ id: z.uuid(), staff_id: z.uuid(), status: z.enum(["assigned", "picked_up", "delivered"]) })
    .nullable()
    .openapi({ description: "Who brings it" }),
}).openapi("BoardOrder");

export const UnfinishedOrderSchema = OrderSchema.pick({
  id: true,
  cafe_id: true,
  printed_number: true,
  status: true,
  payment_method: true,
  payment_status: true,
  total_minor: true,
  refunded_minor: true,
  currency: true,
  created_at: true,
})
  .extend({ cafe_name: z.string(), student_name: z.string().nullable() })
  .openapi("UnfinishedOrder");

export type OrderBody = z.infer<typeof OrderSchema>;
export type BoardOrderBody = z.infer<typeof BoardOrderSchema>;
export type WantedItem = z.infer<typeof wantedItem>;
