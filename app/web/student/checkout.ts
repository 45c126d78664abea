import type { CheckoutForm } from "../../payments/gateway.ts";
import { ApiError } from "../shared/api/request.ts";

/** What this tab keeps while the payer is at the bank's page. */
interface Left {
  readonly amount: number;
  readonly back?: string | undefined;
}

const key = "at-the-bank";

/** To the gateway's own page, which sends the payer back with what it says behind the # of the address. */
export function leaveToPay({ url, fields }: CheckoutForm, left: Left): void {
  sessionStorage.setItem(key, JSON.stringify(left));
  const form = document.createElement("form");
  form.method = "post";
  form.action = url;
  for (const [name, value] of Object.entries(fields)) {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}

export const readLeft = (): Left | undefined => JSON.parse(sessionStorage.getItem(key) ?? "null") ?? undefined;

/** In the shape in which /payments/verify asks for it. */
interface Paid {
  readonly gateway_order_id: string;
  readonly payment_id: string;
  readonly signature: string;
}

/** What to tell whoever comes back without having paid. */
export const refusalOf = (returned: ReturnType<typeof readReturn>): ApiError | undefined =>
  returned === "unpaid" ? new ApiError("PAYMENT_FAILED", "The bank said no.") : undefined;

/** From the address that the gateway's page came back to. */
export function readReturn(hash: string): Paid | "unpaid" | undefined {
  if (hash === "unpaid") return "unpaid";
  const [gateway_order_id, payment_id, signature] = /^paid=(.*)$/.exec(hash)?.[1]?.split("/") ?? [];
  return gateway_order_id && payment_id && signature ? { gateway_order_id, payment_id, signature } : undefined;
}
