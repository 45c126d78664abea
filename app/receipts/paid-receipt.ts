import type { ReceiptSigner } from "../charges/receipt-signer.ts";
import { signReceipt } from "../charges/sign-receipt.ts";
import type { Platform } from "../platform/context.ts";
import { sql } from "../platform/postgres.ts";
import type { PrintedReceipt } from "./printed-receipt.ts";
import { readPrintedReceipt } from "./read-printed-receipt.ts";

export interface Paid {
  readonly orderId: string;
  readonly cafeId: string;
}

interface Written {
  readonly receiptId: string;
  readonly payload: string;
  readonly jws: string | null;
}

/**
 * The receipt of a payment, signed now where its signing was cut off: what was paid, not what was given back later. Known by
 * the signed receipt's id, or by the transaction's where the student signed nothing (cash, UPI).
 */
export async function readPaidReceipt(
  platform: Platform,
  signer: ReceiptSigner,
  { orderId, cafeId }: Paid,
): Promise<{ id: string; receipt: PrintedReceipt; region: string; epoch: number }> {
  const printed = { ...(await readPrintedReceipt(platform.db, orderId, { cafeId })), refundedMinor: 0 };
  const written = await platform.db.row<Written>(sql`
    select r.id as receipt_id, r.payload, r.jws from receipts r join charges c on c.id = r.charge_id where c.transaction_id = ${printed.transactionId}`);
  const jws = written ? await signReceipt(platform, signer, written) : null;
  const { region, epoch } = written
    ? (JSON.parse(written.payload) as { region: string; epoch: number })
    : { region: platform.config.CAMPUS_REGION, epoch: platform.config.CAMPUS_EPOCH };
  return { id: written?.receiptId ?? printed.transactionId, receipt: { ...printed, jws }, region, epoch };
}
