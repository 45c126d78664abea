import { type Context, Hono } from "hono";
import { html } from "hono/html";
import { z } from "zod";
import { Refusal } from "./answers.ts";
import { type GatewayBooks, gatewayId, type Order, pay } from "./gateway-books.ts";
import { type GatewayKey, signatureOf } from "./gateway-key.ts";
import type { Webhooks } from "./gateway-webhooks.ts";

const address = z.url({ protocol: /^https?$/ });
const checkoutBody = z.object({
  key_id: z.string(),
  order_id: z.string(),
  amount: z.coerce.number().int(),
  currency: z.string(),
  name: z.string().max(200).default(""),
  callback_url: address,
  cancel_url: address,
});
const answerBody = z.object({ order_id: z.string(), outcome: z.enum(["captured", "failed"]), callback_url: address });

interface PageParts {
  readonly key: GatewayKey;
  readonly books: GatewayBooks;
  readonly webhooks: Webhooks;
}

/**
 * The page on which people pay, as Razorpay's /v1/checkout/embedded: a form opens it, and it posts the payer to callback_url. Which bank or card is
 * asked is not played: two buttons are what the bank says.
 */
export const gatewayPage = ({ key, books, webhooks }: PageParts): Hono => {
  const routes = new Hono();

  routes.post("/sandbox/gateway/checkout", async (c) => {
    const form = await formOf(c, checkoutBody);
    const order = orderOf(books, form.order_id);
    if (form.key_id !== key.id) throw new Refusal(400, "BAD_REQUEST_ERROR", "The api key provided is invalid");
    if (form.amount !== order.amount || form.currency !== order.currency)
      throw new Refusal(400, "BAD_REQUEST_ERROR", "Payment amount is different from your order amount");
    return c.html(page("Sandbox bank", paying(order, form)));
  });

  routes.post("/sandbox/gateway/checkout/pay", async (c) => {
    const { order_id, outcome, callback_url } = await formOf(c, answerBody);
    const order = orderOf(books, order_id);
    // Whether the method is kept is the payer's word to the shop: who did not ask drops the token.
    const payment = pay(books, order, outcome, gatewayId("token"));
    webhooks.tell(payment.captured ? "payment.captured" : "payment.failed", { payment });
    const fields = payment.captured
      ? { razorpay_payment_id: payment.id, razorpay_order_id: order.id, razorpay_signature: signatureOf(key, order.id, payment.id) }
      : {
          "error[code]": "BAD_REQUEST_ERROR",
          "error[description]": "Your payment was declined by the bank.",
          "error[reason]": "payment_failed",
          "error[metadata]": JSON.stringify({ payment_id: payment.id, order_id: order.id }),
        };
    return c.html(page("Back to the shop", goingBack(callback_url, fields)));
  });

  return routes;
};

async function formOf<Schema extends z.ZodType>(c: Context, schema: Schema): Promise<z.output<Schema>> {
  const form = schema.safeParse(Object.fromEntries(new URLSearchParams(await c.req.text())));
  if (!form.success) throw new Refusal(400, "BAD_REQUEST_ERROR", form.error.issues[0]?.message ?? "The form does not fit.");
  return form.data;
}

function orderOf(books: GatewayBooks, id: string): Order {
  const order = books.orders.get(id);
  if (!order) throw new Refusal(400, "BAD_REQUEST_ERROR", "The id provided does not exist");
  return order;
}

const hidden = (fields: Readonly<Record<string, string>>) =>
  Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);

const paying = ({ id, amount, currency }: Order, { name, callback_url, cancel_url }: z.infer<typeof checkoutBody>) => html`
  <h1>Sandbox bank</h1>
  <p>You say what the bank answers. ${name} asks for</p>
  <p class="amount">${(amount / 100).toFixed(2)} ${currency}</p>
  <form method="post" action="/sandbox/gateway/checkout/pay">
    ${hidden({ order_id: id, callback_url })}
    <button name="outcome" value="captured" class="yes">Approve</button>
    <button name="outcome" value="failed">Refuse</button>
  </form>
  <p><a href="${cancel_url}">Cancel and go back</a></p>`;

/** As the real page does: by a form that sends itself; the button is for whoever has no script. */
const goingBack = (callbackUrl: string, fields: Readonly<Record<string, string>>) => html`
  <form method="post" action="${callbackUrl}">
    ${hidden(fields)}
    <button class="yes">Back to the shop</button>
  </form>
  <script>document.forms[0].submit();</script>`;

const style = `body{font:18px/1.5 system-ui,sans-serif;max-width:24rem;margin:12vh auto;padding:0 1.5rem;text-align:center;color-scheme:light dark}
.amount{font-size:2.25rem;font-weight:700;margin:.5rem 0 1.5rem}button{font:inherit;display:block;width:100%;padding:.9rem;margin:0 0 .75rem;border-radius:.75rem;border:2px solid #0b6b4f;background:none;color:inherit}
.yes{background:#0b6b4f;color:#fff}`;

const page = (title: string, body: ReturnType<typeof html>) => html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${style}</style></head>
<body><main>${body}</main></body></html>`;
