import { z } from "zod";
import { emptyInterval, intervalFields, isInterval, overlap } from "../cafes/field-schemas.ts";

const maxTimeSlots = 12;

const timeSlot = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9_]{0,29}$/, "must be a short name such as lunch"),
    ...intervalFields,
  })
  .refine(isInterval, emptyInterval);

export const timeSlots = z
  .array(timeSlot)
  .max(maxTimeSlots)
  .refine((slots) => new Set(slots.map(({ name }) => name)).size === slots.length, "must have a different name each")
  .refine((slots) => !overlap(slots), "must not overlap");

/**
 * What can be set, for one café or for all of them, and what each value may be. The defaults stand in the table
 * setting_keys, beside the SQL function that reads them.
 */
export const settingTable = {
  restaurant_open: { value: z.boolean(), about: "Whether the café takes orders at all." },
  delivery_enabled: { value: z.boolean(), about: "Whether it delivers." },
  delivery_charge: { value: z.int().min(0).max(1_000_000), about: "What a delivery costs, in minor units." },
  cash_payment_enabled: { value: z.boolean(), about: "Whether an order may be paid in cash." },
  upi_payment_enabled: { value: z.boolean(), about: "Whether an order may be paid through the payment gateway." },
  max_orders_per_slot: { value: z.int().min(1).max(1_000), about: "How many orders one bookable slot takes." },
  time_slots: {
    value: timeSlots,
    about: "The parts of the day that dishes belong to and in which orders can be booked; one that ends past midnight is allowed.",
  },
  slot_minutes: {
    value: z.union([z.literal(5), z.literal(10), z.literal(15), z.literal(20), z.literal(30), z.literal(60)]),
    about: "How long one bookable slot is.",
  },
  prepare_before_paid: { value: z.boolean(), about: "Whether the kitchen may start a wallet order that is not paid yet." },
  prepare_minutes: { value: z.int().min(1).max(120), about: "How long the kitchen takes for a portion: for the estimated time." },
  prepare_at_once: { value: z.int().min(1).max(100), about: "How many portions the kitchen makes at once: for the estimated time." },
  unpaid_cancel_minutes: { value: z.int().min(1).max(1_440), about: "When an order that nobody pays is cancelled." },
  unpaid_booking_hours: {
    value: z.int().min(1).max(168),
    about: "When an order that is booked for later than that is cancelled if nobody has paid it.",
  },
  max_unpaid_portions: { value: z.int().min(1).max(1_500), about: "How many portions one student may have ordered and not paid." },
  undo_seconds: { value: z.int().min(0).max(3_600), about: "How long the kitchen may take a step back." },
} as const satisfies Record<string, { readonly value: z.ZodType; readonly about: string }>;

export type SettingKey = keyof typeof settingTable;
export type Settings = { readonly [K in SettingKey]: z.output<(typeof settingTable)[K]["value"]> };
export type SettingValue = Settings[SettingKey];

export const isSettingKey = (key: string): key is SettingKey => Object.hasOwn(settingTable, key);

/** What a number may be, for whoever types one: from the least to the most, or one of a few. */
export function numbersOf(key: SettingKey): { readonly least: number; readonly most: number; readonly oneOf: readonly number[] } | null {
  const { value } = settingTable[key];
  if (value instanceof z.ZodUnion) {
    const oneOf = value.options.map((option) => option.value);
    return { least: Math.min(...oneOf), most: Math.max(...oneOf), oneOf };
  }
  return value instanceof z.ZodNumber ? { least: value.minValue ?? 0, most: value.maxValue ?? 0, oneOf: [] } : null;
}
