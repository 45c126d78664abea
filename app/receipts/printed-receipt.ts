import type { VatLine } from "../counter/z-report.ts";
import type { PaymentMethod } from "../orders/payment-methods.ts";

/** All that a printed receipt says: text and PDF are made from this alone. */
export interface PrintedReceipt {
  readonly cafeName: string;
  readonly cafeAddress: string | null;
  readonly timeZone: string;
  readonly printedNumber: string;
  readonly paidAt: Date;
  readonly currency: string;
  readonly lines: readonly {
    readonly name: string;
    readonly quantity: number;
    readonly options: readonly string[];
    readonly totalMinor: number;
  }[];
  readonly deliveryChargeMinor: number;
  readonly totalMinor: number;
  readonly refundedMinor: number;
  readonly vat: readonly Pick<VatLine, "vat_basis_points" | "gross_minor" | "vat_minor">[];
  readonly paymentMethod: PaymentMethod;
  /** What was handed over in cash at a terminal. */
  readonly tenderedMinor: number | null;
  /** The transaction of the ledger that paid it. */
  readonly transactionId: string;
  readonly receiptId: string | null;
  /** The signed receipt of a wallet's payment. */
  readonly jws: string | null;
}
