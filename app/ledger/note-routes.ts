import { z } from "@hono/zod-openapi";
import { cafeQuery } from "../identity/field-schemas.ts";
import { ownCafeOf, staff } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { json, listOf, listQuery, route, router, validationError } from "../platform/http/router.ts";
import { findNoted, type NotedTransaction } from "./find-noted.ts";
import { metadataAsked, notedFields, referenceField, withMetadata } from "./note-schemas.ts";

const NotedSchema = z
  .object({
    id: z.uuid(),
    kind: z.string().openapi({ description: "debit, cash_sale, refund, top_up, adjustment, grant, …; may grow" }),
    at: z.iso.datetime(),
    amount_minor: z.int(),
    currency: z.string(),
    cafe_id: z.uuid().nullable().openapi({ description: "null: a top-up, a correction, a bulk credit" }),
    order_id: z.uuid().nullable(),
    ...notedFields,
  })
  .openapi("NotedTransaction");

const find = route({
  method: "get",
  path: "/admin/ledger/transactions",
  operationId: "findTransactions",
  tags: ["transactions"],
  summary:
    "Transactions of every kind by the reference or metadata that they were made with, newest first: of the own café, for finance of all",
  description: "`reference`, one or more `metadata[key]=value`, or both: all of them must fit, whole and as they were written.",
  who: staff("owner", "finance"),
  request: { query: withMetadata(listQuery.extend({ ...cafeQuery.shape, reference: referenceField.optional() })) },
  responses: { 200: json(listOf(NotedSchema), "A page of them") },
});

export const noteRoutes = ({ db }: Platform) =>
  router().openapi(find, async (c) => {
    const query = c.req.valid("query");
    const { limit, cursor, cafe_id, reference } = query;
    const cafeId = ownCafeOf(c, cafe_id) ?? null;
    const metadata = metadataAsked(query);
    if (reference === undefined && Object.keys(metadata).length === 0)
      throw validationError("query", [{ path: ["reference"], message: "or a metadata[key] is needed" }]);
    const { items, next } = await findNoted(db, { cafeId, reference, metadata, limit, after: cursor });
    return c.json({ items: items.map(present), next_cursor: next }, 200);
  });

const present = (noted: NotedTransaction): z.infer<typeof NotedSchema> => ({
  id: noted.id,
  kind: noted.kind,
  at: noted.at.toISOString(),
  amount_minor: noted.amountMinor,
  currency: noted.currency,
  cafe_id: noted.cafeId,
  order_id: noted.orderId,
  reference: noted.reference,
  metadata: noted.metadata,
});
