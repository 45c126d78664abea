import { z } from "@hono/zod-openapi";
import { paymentMethods } from "../orders/payment-methods.ts";
import type { Settings } from "../settings/setting-catalogue.ts";
import type { Cafe } from "./cafe.ts";
import { holidays, openingHours } from "./field-schemas.ts";
import type { ListedCafe, RegisteredCafe } from "./list-cafes.ts";
import type { CafeTable } from "./tables.ts";

export const cafeStatus = z.enum(["pending", "approved", "suspended"]);

const shared = {
  id: z.uuid(),
  code: z.string(),
  name: z.string(),
  address: z.string().nullable(),
  time_zone: z.string(),
  currency: z.string(),
};
const open = {
  is_open: z.boolean().openapi({ description: "Whether it takes orders at this moment." }),
  paused_until: z.iso.datetime().nullable(),
  pause_reason: z.string().nullable().openapi({ description: "Why it pauses, in the café's own words" }),
};

export const CafeBody = z.object({ ...shared, ...open }).openapi("Cafe");

const slot = z.object({ name: z.string(), from: z.string(), to: z.string() });

export const CafePageBody = z
  .object({
    ...shared,
    ...open,
    opening_hours: openingHours.nullable(),
    holidays,
    time_slots: z.array(slot),
    slot_minutes: z.int(),
    order_types: z.array(z.enum(["pickup", "table", "delivery"])),
    payment_methods: z.array(z.enum(paymentMethods)),
    delivery_charge_minor: z.int(),
    table: z
      .object({ id: z.uuid(), code: z.string(), label: z.string() })
      .nullable()
      .openapi({ description: "The table whose code was asked with, where this café has it." }),
  })
  .openapi("CafePage");

const wantedName = z.string().nullable().openapi({ description: "Another name that it wants, until the university agrees" });

export const OwnCafeBody = z
  .object({
    ...shared,
    ...open,
    status: cafeStatus,
    wanted_name: wantedName,
    opening_hours: openingHours.nullable(),
    holidays,
    number_match_required: z.boolean(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi("OwnCafe");

export const RegisteredCafeBody = z
  .object({
    ...shared,
    status: cafeStatus,
    wanted_name: wantedName,
    looks_like: z
      .array(z.string())
      .openapi({ description: "Names of other cafés that look like this one's, or like the one that it wants" }),
    number_match_required: z.boolean(),
    owners: z.array(z.object({ id: z.uuid(), username: z.string(), name: z.string() })),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi("RegisteredCafe");

const presentShared = (cafe: Pick<Cafe, "id" | "code" | "name" | "address" | "timeZone" | "currency">) => ({
  id: cafe.id,
  code: cafe.code,
  name: cafe.name,
  address: cafe.address,
  time_zone: cafe.timeZone,
  currency: cafe.currency,
});

const presentOpen = (cafe: Pick<Cafe, "isOpen" | "pausedUntil" | "pauseReason">) => ({
  is_open: cafe.isOpen,
  paused_until: cafe.pausedUntil?.toISOString() ?? null,
  pause_reason: cafe.pauseReason,
});

export const presentCafe = (cafe: ListedCafe): z.infer<typeof CafeBody> => ({ ...presentShared(cafe), ...presentOpen(cafe) });

export const presentCafePage = (cafe: Cafe, settings: Settings, table: CafeTable | undefined): z.infer<typeof CafePageBody> => ({
  ...presentShared(cafe),
  ...presentOpen(cafe),
  opening_hours: cafe.openingHours,
  holidays: cafe.holidays,
  time_slots: settings.time_slots.map(({ name, from, to }) => ({ name, from, to })),
  slot_minutes: settings.slot_minutes,
  order_types: ["pickup", ...(cafe.hasTables ? (["table"] as const) : []), ...(settings.delivery_enabled ? (["delivery"] as const) : [])],
  payment_methods: [
    "wallet",
    ...(settings.cash_payment_enabled ? (["cash"] as const) : []),
    ...(settings.upi_payment_enabled ? (["upi"] as const) : []),
  ],
  delivery_charge_minor: settings.delivery_charge,
  table: table ? { id: table.id, code: table.code, label: table.label } : null,
});

export const presentOwnCafe = (cafe: Cafe): z.infer<typeof OwnCafeBody> => ({
  ...presentShared(cafe),
  ...presentOpen(cafe),
  status: cafe.status,
  wanted_name: cafe.wantedName,
  opening_hours: cafe.openingHours,
  holidays: cafe.holidays,
  number_match_required: cafe.numberMatchRequired,
  created_at: cafe.createdAt.toISOString(),
  updated_at: cafe.updatedAt.toISOString(),
});

export const presentRegistration = (cafe: RegisteredCafe): z.infer<typeof RegisteredCafeBody> => ({
  ...presentShared(cafe),
  status: cafe.status,
  wanted_name: cafe.wantedName,
  looks_like: [...cafe.looksLike],
  number_match_required: cafe.numberMatchRequired,
  owners: cafe.owners.map(({ id, username, name }) => ({ id, username, name })),
  created_at: cafe.createdAt.toISOString(),
  updated_at: cafe.updatedAt.toISOString(),
});
