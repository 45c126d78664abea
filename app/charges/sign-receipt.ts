import type { Platform } from "../platform/context.ts";
import { sql } from "../platform/postgres.ts";
import { type Charge, readStudentCharge } from "./charge.ts";
import type { ReceiptSigner } from "./receipt-signer.ts";

interface WrittenReceipt {
  readonly receiptId: string | null;
  readonly payload: string | null;
  readonly jws: string | null;
}

/** ECDSA gives another signature each time, so the first one that is stored is the one that everybody gets. */
export async function signReceipt({ db }: Platform, signer: ReceiptSigner, receipt: WrittenReceipt): Promise<string> {
  if (receipt.jws !== null) return receipt.jws;
  const jws = await signer.sign(receipt.payload ?? "");
  const stored = await db.row(sql`update receipts set jws = ${jws} where id = ${receipt.receiptId} and jws is null returning id`);
  if (stored) return jws;
  const first = await db.row<{ jws: string }>(sql`select jws from receipts where id = ${receipt.receiptId}`);
  if (!first) throw new Error("The receipt of a confirmed charge is missing.");
  return first.jws;
}

/** The look-up after a 202: a receipt whose confirm was cut off before its signature was stored is signed now. That it is paid is told in any case. */
export async function lookUpCharge(platform: Platform, signer: ReceiptSigner, chargeId: string, studentId: string): Promise<Charge> {
  const charge = await readStudentCharge(platform.db, chargeId, studentId);
  if (charge.receiptId === null || charge.receipt !== null) return charge;
  const written = await platform.db.row<WrittenReceipt>(
    sql`select id as receipt_id, payload, jws from receipts where id = ${charge.receiptId}`,
  );
  if (!written) throw new Error("The receipt of a confirmed charge is missing.");
  const receipt = await signReceipt(platform, signer, written).catch((error: unknown) => {
    platform.log.error({ err: error, charge_id: chargeId }, "A receipt could not be signed yet");
    return null;
  });
  return { ...charge, receipt };
}
