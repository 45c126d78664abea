import type { Platform } from "../platform/context.ts";
import type { ReceiptSigner } from "../receipts/receipt-signer.ts";
import { type Charge, readStudentCharge } from "./charge.ts";

/** As the debit wrote it. */
export interface WrittenReceipt {
  readonly payload: string;
  /** Of the key that signs it. */
  readonly keyId: string;
}

/** The same bytes at every call: nothing is stored. */
export const signReceipt = (signer: ReceiptSigner, { payload, keyId }: WrittenReceipt): Promise<string> => signer.sign(payload, keyId);

/** The look-up after a 202. That it is paid is told in any case, the receipt where this process has its key. */
export async function lookUpCharge(platform: Platform, signer: ReceiptSigner, chargeId: string, studentId: string): Promise<Charge> {
  const charge = await readStudentCharge(platform.db, chargeId, studentId);
  if (charge.written === null) return charge;
  const receipt = await signReceipt(signer, charge.written).catch((error: unknown) => {
    platform.log.error({ err: error, charge_id: chargeId }, "A receipt could not be signed yet");
    return null;
  });
  return { ...charge, receipt };
}
