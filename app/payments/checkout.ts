import type { Config } from "../platform/config.ts";
import type { Checkout, CheckoutForm, Gateway } from "./gateway.ts";
import type { OpenGatewayOrder } from "./gateway-order.ts";

/** `path` is the page of ours that the payer comes back to. */
export function checkoutFormOf({ PUBLIC_URL }: Config, gateway: Gateway, order: OpenGatewayOrder, path: string): CheckoutForm {
  const back = new URL("/api/v1/payments/return", PUBLIC_URL);
  back.searchParams.set("to", path);
  return gateway.checkoutForm(order, { paid: back.href, cancelled: new URL(path, PUBLIC_URL).href });
}

/**
 * Our page's address, with what it brings to /payments/verify behind the #: that part is sent to no server and stands in no log.
 * Nothing is believed here, and the origin is ours whatever the path says.
 */
export function pageOfReturn({ PUBLIC_URL }: Config, path: string, paid: Checkout | undefined): string {
  const page = new URL(PUBLIC_URL);
  page.pathname = path;
  page.hash = paid ? `paid=${[paid.gatewayOrderId, paid.paymentId, paid.signature].map(encodeURIComponent).join("/")}` : "unpaid";
  return page.href;
}
