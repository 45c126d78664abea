import { type CompactVerifyGetKey, compactVerify, createLocalJWKSet, errors, type JWK } from "jose";
import { z } from "zod";
import { type ReceiptSigner, receiptType } from "./receipt-signer.ts";

const Payload = z.object({
  version: z.literal(1),
  receipt_id: z.uuid(),
  transaction_id: z.uuid(),
  charge_id: z.uuid(),
  order_id: z.uuid(),
  order_number: z.string(),
  cafe_id: z.uuid(),
  student_id: z.uuid(),
  amount_minor: z.number().int().positive(),
  currency: z.string(),
  paid_at: z.iso.datetime(),
  region: z.string(),
  epoch: z.number().int(),
});

/** What we once signed: every field as it was written with the debit. */
export interface HeldReceipt extends z.infer<typeof Payload> {
  readonly key_id: string;
  readonly payload: string;
  readonly jws: string;
}

/** Reads a receipt that somebody brings back; undefined where none of our keys, old ones included, signed these very bytes. */
export async function readHeldReceipt(signer: ReceiptSigner, jws: string): Promise<HeldReceipt | undefined> {
  const keys: CompactVerifyGetKey = async (header, token) =>
    createLocalJWKSet({ keys: [...(await signer.publicKeys(header.kid))] as JWK[] })(header, token);
  try {
    const { payload, protectedHeader } = await compactVerify(jws, keys, { algorithms: ["EdDSA", "Ed25519"] });
    if (protectedHeader.typ !== receiptType) return undefined;
    const text = new TextDecoder().decode(payload);
    const read = Payload.safeParse(JSON.parse(text));
    return read.success ? { ...read.data, key_id: protectedHeader.kid ?? "", payload: text, jws } : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
