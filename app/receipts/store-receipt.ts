import type { ReceiptSigner } from "../charges/receipt-signer.ts";
import { signReceipt } from "../charges/sign-receipt.ts";
import { readPrintedReceipt } from "../counter/read-receipt.ts";
import type { PrintedReceipt } from "../counter/receipt-print.ts";
import { receiptPdf } from "../counter/receipt-print-pdf.ts";
import type { Platform } from "../platform/context.ts";
import type { ObjectStore } from "../platform/objects.ts";
import { sql } from "../platform/postgres.ts";

interface Paid {
  readonly orderId: string;
  readonly cafeId: string;
}

interface Written {
  readonly receiptId: string;
  readonly payload: string;
  readonly jws: string | null;
}

/**
 * Puts an order's receipt into the store, as PDF and as JSON, once: what is there already stays as it was. It holds what
 * was paid, not what was given back later, and no name. Known by the signed receipt's id, or by the transaction's where the
 * student signed nothing (cash, UPI).
 */
export async function storeReceipt(
  platform: Platform,
  signer: ReceiptSigner,
  store: ObjectStore,
  { orderId, cafeId }: Paid,
): Promise<void> {
  const printed = { ...(await readPrintedReceipt(platform.db, orderId, { cafeId })), refundedMinor: 0 };
  const written = await platform.db.row<Written>(sql`
    select r.id as receipt_id, r.payload, r.jws from receipts r join charges c on c.id = r.charge_id where c.transaction_id = ${printed.transactionId}`);
  const jws = written ? await signReceipt(platform, signer, written) : null;
  const { region, epoch } = written
    ? (JSON.parse(written.payload) as { region: string; epoch: number })
    : { region: platform.config.CAMPUS_REGION, epoch: platform.config.CAMPUS_EPOCH };
  const id = written?.receiptId ?? printed.transactionId;
  const signed = { ...printed, jws };
  const metadata = { "receipt-id": id, "transaction-id": printed.transactionId, region, epoch: String(epoch) };
  const json = JSON.stringify({ receipt_id: id, order_id: orderId, cafe_id: cafeId, ...present(signed), region, epoch, jws });
  await store.put(`receipts/${id}.json`, Buffer.from(json), { contentType: "application/json", metadata, once: true });
  await store.put(`receipts/${id}.pdf`, await receiptPdf(signed), { contentType: "application/pdf", metadata, once: true });
}

const present = (receipt: PrintedReceipt) => ({
  transaction_id: receipt.transactionId,
  cafe_name: receipt.cafeName,
  cafe_address: receipt.cafeAddress,
  printed_number: receipt.printedNumber,
  paid_at: receipt.paidAt.toISOString(),
  payment_method: receipt.paymentMethod,
  currency: receipt.currency,
  lines: receipt.lines.map(({ name, quantity, options, totalMinor }) => ({ name, quantity, options, total_minor: totalMinor })),
  delivery_charge_minor: receipt.deliveryChargeMinor,
  total_minor: receipt.totalMinor,
  vat: receipt.vat.map(({ vat_basis_points, gross_minor, vat_minor }) => ({ vat_basis_points, gross_minor, vat_minor })),
  tendered_minor: receipt.tenderedMinor,
});
