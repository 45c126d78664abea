import hashing from "k6/crypto";
import http from "k6/http";
import { api, campus } from "./campus.ts";
import type { Student } from "./log-in.ts";
import { type Answer, bodyOf, send } from "./request.ts";

const secret = __ENV.WEBHOOK_SECRET ?? "";

/** From now on the stand-in of the gateway tells of each payment so many times, shuffled. */
export function connectGateway(copies: number): void {
  const settings = { webhook_url: `${api}/payments/webhook`, webhook_secret: secret, copies, longest_delay_ms: 500 };
  const headers = { "Content-Type": "application/json" };
  const { status, body } = http.put(`${campus.base_url}/sandbox/gateway`, JSON.stringify(settings), { headers });
  if (status !== 200) throw new Error(`The gateway's stand-in answered ${status}: ${body}`);
}

interface OpenTopUp {
  readonly id: string;
  readonly gateway_order_id: string;
}

/** The student begins a top-up and pays at the gateway, which answers with its own id of the payment. */
export function payTopUp(
  student: Student,
  amountMinor: number,
): { readonly topUpId: string; readonly orderId: string; readonly paymentId: string } {
  const headers = { "Idempotency-Key": crypto.randomUUID() };
  const begun = send("POST", "/wallet/top-ups", {
    as: student.token,
    body: { amount_minor: amountMinor },
    name: "top up",
    expected: [201],
    headers,
  });
  const { id, gateway_order_id } = bodyOf<OpenTopUp>(begun, [201]);
  const paid = http.post(
    `${campus.base_url}/sandbox/gateway/pay`,
    JSON.stringify({ order_id: gateway_order_id, outcome: "captured", save_method: false }),
    { headers: { "Content-Type": "application/json" }, tags: { name: "gateway" } },
  );
  if (paid.status !== 200) throw new Error(`The gateway's stand-in answered ${paid.status}: ${paid.body}`);
  return { topUpId: id, orderId: gateway_order_id, paymentId: String((paid.json() as Record<string, unknown>).razorpay_payment_id) };
}

export const topUpStatus = (student: Student, id: string): string =>
  bodyOf<{ status: string }>(send("GET", `/wallet/top-ups/${id}`, { as: student.token, name: "look", expected: [200] }), [200]).status;

/** A webhook as the gateway would send it, under a signature of one's own choice. */
export function sendWebhook(body: string, signature: string, expected: readonly number[]): Answer {
  return http.post(`${api}/payments/webhook`, body, {
    headers: { "Content-Type": "application/json", "X-Razorpay-Signature": signature },
    tags: { name: "webhook" },
    responseCallback: http.expectedStatuses(...expected),
    responseType: "text",
  }) as Answer;
}

export const signed = (body: string): string => hashing.hmac("sha256", secret, body, "hex");

export const captured = (payment: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({
    entity: "event",
    event: "payment.captured",
    payload: { payment: { entity: { status: "captured", currency: "SEK", ...payment } } },
  });
