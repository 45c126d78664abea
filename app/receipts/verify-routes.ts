import { z } from "@hono/zod-openapi";
import { everyone, json, route, router } from "../platform/http/router.ts";
import { readHeldReceipt } from "./held-receipt.ts";
import type { ReceiptSigner } from "./receipt-signer.ts";

const VerdictSchema = z
  .object({
    valid: z.boolean().openapi({ description: "One of our keys, old ones included, signed these very bytes" }),
    key_id: z.string().nullable(),
    receipt: z
      .object({
        receipt_id: z.uuid(),
        transaction_id: z.uuid(),
        order_id: z.uuid(),
        order_number: z.string(),
        cafe_id: z.uuid(),
        amount_minor: z.int(),
        currency: z.string(),
        paid_at: z.iso.datetime(),
        region: z.string(),
        epoch: z.int(),
      })
      .nullable(),
  })
  .openapi("ReceiptVerdict");

const maxReceiptCharacters = 4_000;

const verify = route({
  method: "get",
  path: "/verify",
  operationId: "verifyReceipt",
  tags: ["system"],
  summary: "Whether a receipt is ours, for tools that do not verify Ed25519 by themselves; nothing is looked up in the books",
  who: everyone,
  request: {
    query: z.strictObject({
      receipt: z
        .string()
        .min(1)
        .max(maxReceiptCharacters)
        .regex(/^[\x20-\x7e]+$/, "must be printable ASCII, as every JWS is"),
    }),
  },
  responses: { 200: json(VerdictSchema, "The verdict") },
});

export const verifyRoutes = (signer: ReceiptSigner) =>
  router().openapi(verify, async (c) => c.json(await judge(signer, c.req.valid("query").receipt), 200));

async function judge(signer: ReceiptSigner, text: string): Promise<z.infer<typeof VerdictSchema>> {
  const held = await readHeldReceipt(signer, text);
  if (!held) return { valid: false, key_id: null, receipt: null };
  const { receipt_id, transaction_id, order_id, order_number, cafe_id, amount_minor, currency, paid_at, region, epoch } = held;
  const receipt = { receipt_id, transaction_id, order_id, order_number, cafe_id, amount_minor, currency, paid_at, region, epoch };
  return { valid: true, key_id: held.key_id, receipt };
}
