import { z } from "@hono/zod-openapi";
import { actorOf, staff } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import { pageOf } from "../platform/page.ts";
import { dayField } from "../settlements/schemas.ts";
import { makePaymentFile, maxPayments } from "./make-payment-file.ts";
import { listPaymentFiles, type PaymentFile } from "./payment-file.ts";
import { writePaymentFile } from "./write-payment-file.ts";

const PaymentFileSchema = z
  .object({
    id: z.uuid(),
    execution_day: z.iso.date(),
    currency: z.string(),
    payments_count: z.int(),
    total_minor: z.int(),
    made_by: z.uuid(),
    created_at: z.iso.datetime(),
  })
  .openapi("PaymentFile");

const tags = ["finance"];

const make = route({
  method: "post",
  path: "/admin/payment-files",
  operationId: "makePaymentFile",
  tags,
  summary: "Pay settlements and close-outs by one file for the bank: all that is named, or nothing",
  description:
    `Each is paid as its own verb would (POST /admin/settlements/{id}/pay, …/close-outs/{id}/approve): what takes two people was agreed to by the other one before. ` +
    `At most ${maxPayments}. What is refused is named in \`details\`. What is paid is in no other file; what the bank sends back is due again.`,
  who: staff("finance"),
  idempotency: "required",
  mayPend: true,
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "METHOD_UNAVAILABLE", "READ_ONLY_REGION"],
  request: {
    body: required(
      z
        .strictObject({
          execution_day: dayField.openapi({ description: "When the bank is to pay; today or later" }),
          settlement_ids: z.array(z.uuid()).max(maxPayments).default([]),
          close_outs: z
            .array(z.strictObject({ id: z.uuid(), expected_amount_minor: z.int().min(0) }))
            .max(maxPayments)
            .default([]),
        })
        .refine(({ settlement_ids, close_outs }) => settlement_ids.length + close_outs.length > 0, "names nothing to pay")
        .refine(
          ({ settlement_ids, close_outs }) => settlement_ids.length + close_outs.length <= maxPayments,
          `names more than ${maxPayments}`,
        ),
    ),
  },
  responses: { 201: json(PaymentFileSchema, "Paid in the books; the bank has yet to be given the file") },
});

const list = route({
  method: "get",
  path: "/admin/payment-files",
  operationId: "listPaymentFiles",
  tags,
  summary: "The files for the bank, newest first",
  who: staff("finance", "admin"),
  request: { query: listQuery },
  responses: { 200: json(listOf(PaymentFileSchema), "A page of them") },
});

const text = route({
  method: "get",
  path: "/admin/payment-files/{paymentFileId}/file",
  operationId: "getPaymentFile",
  tags,
  summary: "The file itself: ISO 20022 pain.001.001.09, the same bytes each time",
  who: staff("finance"),
  errors: ["NOT_FOUND", "CONFLICT", "METHOD_UNAVAILABLE"],
  request: { params: z.object({ paymentFileId: z.uuid() }) },
  responses: { 200: { description: "To be given to the bank", content: { "application/xml": { schema: z.string() } } } },
});

export const paymentFileRoutes = ({ db, config }: Platform) =>
  router()
    .openapi(make, (c) => {
      const { execution_day: executionDay, settlement_ids: settlementIds, close_outs } = c.req.valid("json");
      const closeOuts = close_outs.map(({ id, expected_amount_minor: expectedAmountMinor }) => ({ id, expectedAmountMinor }));
      const input = { executionDay, settlementIds, closeOuts, ...actorOf(c) };
      return once(c, "forever", async (tx) => ({ status: 201 as const, body: present(await makePaymentFile(tx, config, input)) }));
    })
    .openapi(list, async (c) => {
      const { limit, cursor } = c.req.valid("query");
      const { items, next } = pageOf(await listPaymentFiles(db, { limit, after: cursor }), limit);
      return c.json({ items: items.map(present), next_cursor: next }, 200);
    })
    .openapi(text, async (c) => {
      const { paymentFileId } = c.req.valid("param");
      const written = await writePaymentFile(db, config, paymentFileId);
      c.header("Content-Disposition", `attachment; filename="pain001-${paymentFileId}.xml"`);
      return c.body(written, 200, { "Content-Type": "application/xml; charset=utf-8" }) as never;
    });

const present = (each: PaymentFile): z.infer<typeof PaymentFileSchema> => ({
  id: each.id,
  execution_day: each.executionDay,
  currency: each.currency,
  payments_count: each.paymentsCount,
  total_minor: each.totalMinor,
  made_by: each.madeBy,
  created_at: each.createdAt.toISOString(),
});
