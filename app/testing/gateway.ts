import { createHmac, randomUUID } from "node:crypto";
import type { ApiAnswer } from "./api-client.ts";
import type { Campus } from "./campus.ts";
import { addDish } from "./menus.ts";
import { expectOk } from "./money.ts";
import type { TestCafe, TestStudent } from "./people.ts";
import { until } from "./platform.ts";

export interface Checkout {
  readonly gateway_order_id: string;
  readonly payment_id: string;
  readonly signature: string;
}

export interface OpenTopUp {
  readonly id: string;
  readonly amount_minor: number;
  readonly gateway_order_id: string;
}

export interface VerifyBody {
  readonly status?: string;
  readonly credited_to?: string;
  readonly transaction_id?: string;
  readonly status_url?: string;
  readonly error?: { readonly code: string };
}

export interface WebhookOptions {
  readonly process?: 0 | 1;
  readonly signature?: string;
}

/** The gateway's side of a campus, through the sandbox's doors, and the webhooks that only a test can write. */
export interface TestGateway {
  /** What the sandbox does from now on: its webhooks go nowhere until told. */
  set(manners: Readonly<Record<string, unknown>>): Promise<void>;
  /** Sends its webhooks to the first process. */
  connect(options?: Readonly<Record<string, unknown>>): Promise<void>;
  pay(gatewayOrderId: string, options?: { outcome?: "captured" | "failed"; save_method?: boolean }): Promise<Checkout>;
  door(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
  /** Until the sandbox has nothing more to send. */
  quiet(): Promise<{ readonly taken: number; readonly refused: number }>;
  beginTopUp(student: TestStudent, amountMinor: number, saveMethod?: boolean): Promise<OpenTopUp>;
  verify(student: TestStudent, checkout: Checkout, process?: 0 | 1): Promise<ApiAnswer<VerifyBody>>;
  send(body: string, options?: WebhookOptions): Promise<ApiAnswer<VerifyBody>>;
  sign(body: string): string;
  /** Money that came into the wallet, which the phone told us. */
  topUp(student: TestStudent, amountMinor: number): Promise<Checkout>;
  /** A UPI order of one dish, unpaid. */
  upiOrder(student: TestStudent, cafe: TestCafe, totalMinor: number): Promise<string>;
  /** One that is paid, which the phone told us. */
  paidUpiOrder(
    student: TestStudent,
    cafe: TestCafe,
    totalMinor: number,
  ): Promise<{ readonly orderId: string; readonly checkout: Checkout }>;
}

export const paymentNews = (payment: Readonly<Record<string, unknown>>, event = "payment.captured"): string =>
  JSON.stringify({ entity: "event", event, payload: { payment: { entity: { status: "captured", currency: "SEK", ...payment } } } });

/** A campus in this process, or one of processes of its own. */
type GatewaySide = Pick<Campus, "env" | "sandboxUrl" | "api" | "sql"> & {
  readonly processes: readonly [{ readonly url: string }, ...unknown[]];
};

export function gatewayOf(campus: GatewaySide): TestGateway {
  const secret = campus.env.GATEWAY_WEBHOOK_SECRET ?? "";
  const door = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${campus.sandboxUrl}/sandbox/gateway${path}`, {
      method,
      headers: { "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`The sandbox answered ${answer.status}: ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  };
  const sign = (body: string) => createHmac("sha256", secret).update(body).digest("hex");
  const gateway: TestGateway = {
    door,
    sign,
    async set(manners) {
      await door("PUT", "", manners);
    },
    async connect(options = {}) {
      const url = `${campus.processes[0].url}/api/v1/payments/webhook`;
      await door("PUT", "", { webhook_url: url, webhook_secret: secret, copies: 1, longest_delay_ms: 0, ...options });
    },
    async pay(order_id, { outcome = "captured", save_method = false } = {}) {
      const paid = await door("POST", "/pay", { order_id, outcome, save_method });
      return {
        gateway_order_id: String(paid.razorpay_order_id),
        payment_id: String(paid.razorpay_payment_id),
        signature: String(paid.razorpay_signature),
      };
    },
    quiet: () =>
      until("the gateway's webhooks to be sent", async () => {
        const { webhooks } = (await door("GET", "")) as { webhooks: { taken: number; refused: number; underway: number } };
        return webhooks.underway === 0 && webhooks;
      }),
    beginTopUp: async (student, amountMinor, saveMethod = false) =>
      expectOk(
        await student.api<OpenTopUp>("POST", "/wallet/top-ups", {
          body: { amount_minor: amountMinor, save_method: saveMethod },
          headers: { "Idempotency-Key": randomUUID() },
        }),
      ),
    verify: (student, checkout, process = 0) => student.api("POST", "/payments/verify", { body: { ...checkout }, process }),
    send: (body, { process = 0, signature = sign(body) } = {}) =>
      campus.api("POST", "/payments/webhook", { process, body, headers: signature === "" ? {} : { "X-Razorpay-Signature": signature } }),
    async upiOrder(student, cafe, totalMinor) {
      const dish = await addDish(campus, cafe, { priceMinor: totalMinor, name: `Dish ${randomUUID()}` });
      const placed = expectOk(
        await student.api<{ order: { id: string } }>("POST", "/orders", {
          body: { cafe_id: cafe.id, items: [{ menu_item_id: dish, quantity: 1 }], payment_method: "upi" },
        }),
      );
      return placed.order.id;
    },
    async topUp(student, amountMinor) {
      const checkout = await gateway.pay((await gateway.beginTopUp(student, amountMinor)).gateway_order_id);
      expectOk(await gateway.verify(student, checkout));
      return checkout;
    },
    async paidUpiOrder(student, cafe, totalMinor) {
      const orderId = await gateway.upiOrder(student, cafe, totalMinor);
      const asked = expectOk(await student.api<{ gateway_order_id: string }>("POST", `/payments/orders/${orderId}`));
      const checkout = await gateway.pay(asked.gateway_order_id);
      expectOk(await gateway.verify(student, checkout));
      return { orderId, checkout };
    },
  };
  return gateway;
}
