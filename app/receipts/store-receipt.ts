import type { Platform } from "../platform/context.ts";
import type { ObjectStore } from "../platform/objects.ts";
import { type Paid, readPaidReceipt } from "./paid-receipt.ts";
import type { PrintedReceipt } from "./printed-receipt.ts";
import { receiptPdf } from "./receipt-pdf.ts";
import type { ReceiptSigner } from "./receipt-signer.ts";

/**
 * Puts an order's receipt into the store, as PDF and as JSON, once: what is there already stays as it was. It holds what
 * was paid, not what was given back later, and no name.
 */
export async function storeReceipt(platform: Platform, signer: ReceiptSigner, store: ObjectStore, paid: Paid): Promise<void> {
  const { id, receipt, region, epoch } = await readPaidReceipt(platform, signer, paid);
  const metadata = { "receipt-id": id, "transaction-id": receipt.transactionId, region, epoch: String(epoch) };
  const ids = { receipt_id: id, order_id: paid.orderId, cafe_id: paid.cafeId };
  const json = JSON.stringify({ ...ids, ...present(receipt), region, epoch, jws: receipt.jws });
  await store.put(`receipts/${id}.json`, Buffer.from(json), { contentType: "application/json", metadata, once: true });
  await store.put(`receipts/${id}.pdf`, await receiptPdf(receipt), { contentType: "application/pdf", metadata, once: true });
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
