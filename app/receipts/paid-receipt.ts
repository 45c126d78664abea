import type { Platform } from "../platform/context.ts";
import type { PrintedReceipt } from "./printed-receipt.ts";
import { readPrintedReceipt } from "./read-printed-receipt.ts";
import type { ReceiptSigner } from "./receipt-signer.ts";

export interface Paid {
  readonly orderId: string;
  readonly cafeId: string;
}

/**
 * The receipt of a payment: what was paid, not what was given back later. Known by
 * the signed receipt's id, or by the transaction's where the student signed nothing (cash, UPI).
 */
export async function readPaidReceipt(
  platform: Platform,
  signer: ReceiptSigner,
  { orderId, cafeId }: Paid,
): Promise<{ id: string; receipt: PrintedReceipt; region: string; epoch: number }> {
  const receipt = { ...(await readPrintedReceipt(platform.db, signer, orderId, { cafeId })), refundedMinor: 0 };
  const { CAMPUS_REGION, CAMPUS_EPOCH } = platform.config;
  const { region, epoch } = receipt.jws === null ? { region: CAMPUS_REGION, epoch: CAMPUS_EPOCH } : payloadOf(receipt.jws);
  return { id: receipt.receiptId ?? receipt.transactionId, receipt, region, epoch };
}

const payloadOf = (jws: string) =>
  JSON.parse(Buffer.from(jws.split(".")[1] ?? "", "base64url").toString()) as { readonly region: string; readonly epoch: number };
