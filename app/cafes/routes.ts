import { z } from "@hono/zod-openapi";
import { nameField, newPasswordField, usernamePattern } from "../identity/field-schemas.ts";
import type { Identity } from "../identity/identity.ts";
import { originOf } from "../identity/origin.ts";
import type { Platform } from "../platform/context.ts";
import { everyone, json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import { settingsOf } from "../settings/settings.ts";
import { cafeAddress, cafeName, timeZone } from "./field-schemas.ts";
import { listCafes } from "./list-cafes.ts";
import { readOpenCafe } from "./read-cafe.ts";
import { registerCafe } from "./register-cafe.ts";
import { CafeBody, CafePageBody, presentCafe, presentCafePage } from "./schemas.ts";
import { findTable } from "./tables.ts";

const username = z.string().trim().toLowerCase().regex(usernamePattern, "must be 3 to 50 of a–z, 0–9, dot, underscore and hyphen");

const register = route({
  method: "post",
  path: "/cafes",
  operationId: "registerCafe",
  tags: ["cafes"],
  summary: "Register a café and its owner; it sells once the university has approved it",
  description:
    "The owner can log in at once and prepare the menu. There is no Idempotency-Key: nothing is kept that a password could be guessed from, " +
    "and a second try finds the username taken.",
  who: everyone,
  errors: ["CONFLICT", "RATE_LIMITED", "READ_ONLY_REGION"],
  request: {
    body: required(
      z.strictObject({
        name: cafeName,
        address: cafeAddress.nullable().default(null),
        time_zone: timeZone.optional().openapi({ description: "The campus's own unless given." }),
        owner_name: nameField(100),
        username,
        password: newPasswordField,
      }),
    ),
  },
  responses: {
    201: json(
      z.object({ id: z.uuid(), code: z.string(), name: z.string(), status: z.literal("pending"), created_at: z.iso.datetime() }),
      "Registered; it waits for its approval",
    ),
  },
});

const list = route({
  method: "get",
  path: "/cafes",
  operationId: "listCafes",
  tags: ["cafes"],
  summary: "The cafés, by name, and whether each takes orders now",
  who: everyone,
  request: { query: listQuery },
  responses: { 200: json(listOf(CafeBody), "A page of cafés") },
});

const read = route({
  method: "get",
  path: "/cafes/{cafeId}",
  operationId: "getCafe",
  tags: ["cafes"],
  summary: "One café: its hours, slots and what it offers",
  who: everyone,
  errors: ["NOT_FOUND"],
  request: {
    params: z.object({ cafeId: z.uuid() }),
    query: z.strictObject({
      table: z.string().max(20).optional().openapi({ description: "The code of a table, as its QR code says it." }),
    }),
  },
  responses: { 200: json(CafePageBody, "The café") },
});

export const cafeRoutes = (platform: Platform, identity: Identity) =>
  router()
    .openapi(register, async (c) => {
      const { name, address, time_zone, owner_name, username, password } = c.req.valid("json");
      const { network } = await originOf(c);
      const input = { name, address, timeZone: time_zone, ownerName: owner_name, username, password, network, requestId: c.var.requestId };
      const cafe = await registerCafe(platform, identity, input);
      return c.json(
        { id: cafe.id, code: cafe.code, name: cafe.name, status: "pending" as const, created_at: cafe.createdAt.toISOString() },
        201,
      );
    })
    .openapi(list, async (c) => {
      const { limit, cursor } = c.req.valid("query");
      const { items, next } = await listCafes(platform.db, { limit, after: cursor });
      return c.json({ items: items.map(presentCafe), next_cursor: next }, 200);
    })
    .openapi(read, async (c) => {
      const { cafeId } = c.req.valid("param");
      const { table: code } = c.req.valid("query");
      const [cafe, settings, table] = await Promise.all([
        readOpenCafe(platform.db, cafeId),
        settingsOf(platform, cafeId),
        code === undefined ? undefined : findTable(platform.db, code),
      ]);
      return c.json(presentCafePage(cafe, settings, table?.cafeId === cafeId ? table : undefined), 200);
    });
