import { z } from "@hono/zod-openapi";
import { device, deviceOf, student, studentOf } from "../identity/guards.ts";
import { OrderParams } from "../orders/schemas.ts";
import type { Platform } from "../platform/context.ts";
import { type HttpContext, route, router } from "../platform/http/router.ts";
import type { PrintedReceipt } from "./printed-receipt.ts";
import { readPrintedReceipt } from "./read-printed-receipt.ts";
import { receiptPdf } from "./receipt-pdf.ts";
import type { ReceiptSigner } from "./receipt-signer.ts";
import { receiptText } from "./receipt-text.ts";

const request = {
  params: OrderParams,
  query: z.strictObject({ format: z.enum(["text", "pdf"]).default("text") }),
};
const responses = {
  200: {
    description: "To be printed: text of 42 columns, or a page as wide as a till's paper",
    content: {
      "text/plain": { schema: z.string() },
      "application/pdf": { schema: z.string().openapi({ format: "binary" }) },
    },
  },
};

const atCounter = route({
  method: "get",
  path: "/pos/orders/{orderId}/receipt",
  operationId: "getReceiptAtCounter",
  tags: ["pos"],
  summary: "The receipt of an order of this café",
  who: device(),
  errors: ["NOT_FOUND", "INVALID_TRANSITION"],
  request,
  responses,
});

const ofStudent = route({
  method: "get",
  path: "/orders/{orderId}/receipt",
  operationId: "getReceipt",
  tags: ["orders"],
  summary: "The receipt of the student's own order",
  who: student(),
  errors: ["NOT_FOUND", "INVALID_TRANSITION"],
  request,
  responses,
});

export const receiptRoutes = ({ db }: Platform, signer: ReceiptSigner) =>
  router()
    .openapi(atCounter, async (c) => {
      const receipt = await readPrintedReceipt(db, signer, c.req.valid("param").orderId, { cafeId: deviceOf(c).cafeId });
      return sendReceipt(c, receipt, c.req.valid("query").format);
    })
    .openapi(ofStudent, async (c) => {
      const receipt = await readPrintedReceipt(db, signer, c.req.valid("param").orderId, { studentId: studentOf(c).id });
      return sendReceipt(c, receipt, c.req.valid("query").format);
    });

async function sendReceipt(c: HttpContext, receipt: PrintedReceipt, format: "text" | "pdf") {
  if (format === "text") return c.text(receiptText(receipt), 200) as never;
  return c.body(new Uint8Array(await receiptPdf(receipt)), 200, { "Content-Type": "application/pdf" }) as never;
}
