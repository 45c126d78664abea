/** A payment as its gateway tells it. */
export interface GatewayPayment {
  readonly paymentId: string;
  readonly gatewayOrderId: string;
  /** Only "captured" is money; "refunded" was money and has gone back as a whole. */
  readonly status: "captured" | "refunded" | "failed" | "pending";
  readonly amountMinor: number;
  readonly currency: string;
  readonly feeMinor: number | null;
  /** The gateway's own token for the method, where the payer let it keep the method. */
  readonly savedMethod: SavedMethod | null;
  /** Its answer, without whatever would name a person or a card. */
  readonly response: Readonly<Record<string, unknown>>;
}

export interface SavedMethod {
  readonly customer: string;
  readonly token: string;
}

export interface GatewayRefund {
  readonly gatewayRefundId: string;
  readonly paymentId: string;
  readonly amountMinor: number;
  readonly currency: string;
  /** Our own id of the refund, as we gave it with the request. */
  readonly reference: string | null;
  readonly status: "pending" | "processed" | "failed";
}

export interface GatewayDispute {
  readonly disputeId: string;
  readonly paymentId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly reason: string;
  /** RFC 3339. */
  readonly respondBy: string;
  readonly status: "open" | "won" | "lost";
}

/** What the gateway sent to the university's bank account: what it collected, less its fee and what went back. */
export interface GatewayPayOut {
  readonly payOutId: string;
  readonly amountMinor: number;
  readonly feeMinor: number;
  /** What the bank calls the transfer. */
  readonly bankReference: string | null;
  /** RFC 3339. */
  readonly at: string;
}

/** What a webhook tells, as JSON: it is stored before anybody acts on it. */
export type GatewayEvent =
  | { readonly kind: "payment"; readonly payment: GatewayPayment }
  | { readonly kind: "refund"; readonly refund: GatewayRefund }
  | { readonly kind: "dispute"; readonly dispute: GatewayDispute };

export interface Collection {
  readonly amountMinor: number;
  readonly currency: string;
  /** Our own id, so that either side finds the other's. */
  readonly reference: string;
}

/** What the payer's browser posts to the gateway's own page. */
export interface CheckoutForm {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Where that page sends the payer: behind a payment, paid or failed, by a POST; or who gave up. */
export interface WayBack {
  readonly paid: string;
  readonly cancelled: string;
}

/**
 * What we need of a payment gateway, and nothing that only one of them has: the payer pays at the gateway, we hear of it
 * by ids. Each call has a deadline. No answer throws TEMPORARILY_UNAVAILABLE and may be asked again; a refusal throws
 * GatewayRefused.
 */
export interface Gateway {
  readonly name: string;
  /** What the payer's side of the gateway needs to know: a public key, never a secret. */
  readonly publicKey: string;
  checkoutForm(
    order: { readonly gatewayOrderId: string; readonly amountMinor: number; readonly currency: string },
    wayBack: WayBack,
  ): CheckoutForm;
  /** What its page posts to `WayBack.paid`; undefined where nothing was paid. Not looked at yet: see isCheckoutSigned. */
  readReturn(fields: Readonly<Record<string, unknown>>): Checkout | undefined;
  /** Asks for an order that collects the amount once, and gives its id. */
  createOrder(collection: Collection): Promise<string>;
  payment(paymentId: string): Promise<GatewayPayment>;
  /*
   * The gateway's own books, by the time at which each row began there. Whatever no webhook told is found in them, so they
   * are the other side of reconciliation. At most `limit` rows; undefined where there were more.
   */
  /** What it collected, also what has gone back since. */
  collectedBetween(from: Date, until: Date, limit: number): Promise<readonly GatewayPayment[] | undefined>;
  refundsBetween(from: Date, until: Date, limit: number): Promise<readonly GatewayRefund[] | undefined>;
  disputesBetween(from: Date, until: Date, limit: number): Promise<readonly GatewayDispute[] | undefined>;
  payOutsBetween(from: Date, until: Date, limit: number): Promise<readonly GatewayPayOut[] | undefined>;
  dispute(disputeId: string): Promise<GatewayDispute>;
  /** All attempts to pay the order. */
  paymentsOf(gatewayOrderId: string): Promise<readonly GatewayPayment[]>;
  /** Collects the order by a saved method, without its owner. */
  chargeSaved(gatewayOrderId: string, collection: Collection, method: SavedMethod): Promise<GatewayPayment>;
  /** Gives back; the same reference is the same refund, however often it is asked for. */
  refund(paymentId: string, amountMinor: number, reference: string): Promise<GatewayRefund>;
  refundOf(paymentId: string, gatewayRefundId: string): Promise<GatewayRefund>;
  contestDispute(disputeId: string, amountMinor: number, evidence: string): Promise<void>;
  acceptDispute(disputeId: string): Promise<void>;
  /** True where the gateway itself told the payer's side that this payment belongs to this order. */
  isCheckoutSigned(checkout: Checkout): Promise<boolean>;
  /** What a webhook says: "forged" without the gateway's signature over these very bytes, "unreadable" in a shape unknown to us. */
  readWebhook(body: Buffer, headerOf: HeaderOf): Promise<GatewayEvent | "forged" | "irrelevant" | "unreadable">;
}

export type HeaderOf = (name: string) => string | undefined;

export interface Checkout {
  readonly gatewayOrderId: string;
  readonly paymentId: string;
  readonly signature: string;
}

/** The gateway's no: asking again would give the same. */
export class GatewayRefused extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = "GatewayRefused";
    this.code = code;
  }
}
