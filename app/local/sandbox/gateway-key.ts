import { createHmac } from "node:crypto";

export interface GatewayKey {
  readonly id: string;
  readonly secret: string;
}

/** What the payer's side is given as a proof that this payment is of this order. */
export const signatureOf = ({ secret }: GatewayKey, orderId: string, paymentId: string): string =>
  createHmac("sha256", secret).update(`${orderId}|${paymentId}`).digest("hex");
