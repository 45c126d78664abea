import { z } from "@hono/zod-openapi";
import { cafeQuery, nameField, phoneField } from "../identity/field-schemas.ts";
import { cafeActorOf, cafeOf, staff } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import { addCustomer, changeCustomer, removeCustomer } from "./change-customer.ts";
import { type Customer, listCustomers, readCustomer } from "./customer.ts";
import { addressField, emailField, searchField, versionField } from "./field-schemas.ts";

const CustomerBody = z
  .object({
    id: z.uuid(),
    label: z.string().openapi({ description: "The name that the café wrote down, else a student's first name and a letter" }),
    is_student: z.boolean(),
    name: z.string().nullable(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    address: z.string().nullable(),
    order_count: z.int().openapi({ description: "Paid orders at this café" }),
    total_spent_minor: z.int().openapi({ description: "What was paid here and not given back" }),
    currency: z.string(),
    last_order_at: z.iso.datetime().nullable(),
    version: z.int(),
    created_at: z.iso.datetime(),
  })
  .openapi("Customer");

const ownWords = {
  email: emailField.nullable().default(null),
  phone: phoneField.nullable().default(null),
  address: addressField.nullable().default(null),
};

const params = z.object({ customerId: z.uuid() });
const who = staff("owner", "finance");
const tags = ["customers"];

const list = route({
  method: "get",
  path: "/admin/customers",
  operationId: "listCustomers",
  tags,
  summary: "Whom the café entered and every student who bought here, newest first, with what they bought",
  who,
  request: { query: listQuery.extend({ search: searchField.optional(), ...cafeQuery.shape }) },
  responses: { 200: json(listOf(CustomerBody), "A page of them") },
});

const add = route({
  method: "post",
  path: "/admin/customers",
  operationId: "addCustomer",
  tags,
  summary: "Enter a customer of the café",
  who,
  idempotency: "optional",
  errors: ["NOT_FOUND", "READ_ONLY_REGION"],
  request: { query: cafeQuery, body: required(z.strictObject({ name: nameField(100), ...ownWords })) },
  responses: { 201: json(CustomerBody, "Entered") },
});

const read = route({
  method: "get",
  path: "/admin/customers/{customerId}",
  operationId: "getCustomer",
  tags,
  summary: "One customer",
  who,
  errors: ["NOT_FOUND"],
  request: { params, query: cafeQuery },
  responses: { 200: json(CustomerBody, "The customer") },
});

const change = route({
  method: "put",
  path: "/admin/customers/{customerId}",
  operationId: "changeCustomer",
  tags,
  summary: "Replace what the café wrote down, if nobody changed it since it was read",
  who,
  errors: ["NOT_FOUND", "CONFLICT", "READ_ONLY_REGION"],
  request: {
    params,
    query: cafeQuery,
    body: required(z.strictObject({ name: nameField(100).nullable(), ...ownWords, version: versionField })),
  },
  responses: { 200: json(CustomerBody, "The customer as it is now") },
});

const remove = route({
  method: "delete",
  path: "/admin/customers/{customerId}",
  operationId: "removeCustomer",
  tags,
  summary: "Forget a customer; the orders stay",
  who,
  errors: ["NOT_FOUND", "READ_ONLY_REGION"],
  request: { params, query: cafeQuery },
  responses: { 204: { description: "Forgotten" } },
});

export const customerRoutes = ({ db }: Platform) =>
  router()
    .openapi(list, async (c) => {
      const { limit, cursor, search, cafe_id } = c.req.valid("query");
      const { items, next } = await listCustomers(db, cafeOf(c, cafe_id), { search, limit, after: cursor });
      return c.json({ items: items.map(presentCustomer), next_cursor: next }, 200);
    })
    .openapi(add, (c) => {
      const [fields, actor] = [c.req.valid("json"), cafeActorOf(c, c.req.valid("query").cafe_id)];
      return once(c, "a day", async (tx) => ({ status: 201 as const, body: presentCustomer(await addCustomer(tx, fields, actor)) }));
    })
    .openapi(read, async (c) => {
      const cafeId = cafeOf(c, c.req.valid("query").cafe_id);
      return c.json(presentCustomer(await readCustomer(db, cafeId, c.req.valid("param").customerId)), 200);
    })
    .openapi(change, async (c) => {
      const actor = cafeActorOf(c, c.req.valid("query").cafe_id);
      const customer = await db.transaction((tx) => changeCustomer(tx, c.req.valid("param").customerId, c.req.valid("json"), actor));
      return c.json(presentCustomer(customer), 200);
    })
    .openapi(remove, async (c) => {
      const actor = cafeActorOf(c, c.req.valid("query").cafe_id);
      await db.transaction((tx) => removeCustomer(tx, c.req.valid("param").customerId, actor));
      return c.body(null, 204);
    });

const presentCustomer = (customer: Customer): z.infer<typeof CustomerBody> => ({
  id: customer.id,
  label: customer.label,
  is_student: customer.isStudent,
  name: customer.name,
  email: customer.email,
  phone: customer.phone,
  address: customer.address,
  order_count: customer.orderCount,
  total_spent_minor: customer.totalSpentMinor,
  currency: customer.currency,
  last_order_at: customer.lastOrderAt?.toISOString() ?? null,
  version: customer.version,
  created_at: customer.createdAt.toISOString(),
});
