import { sql, type Transaction } from "../platform/postgres.ts";

/** Makes the student's wallet where there is none yet. Two at once make one, and who is erased gets none. */
export async function openWallet(tx: Transaction, studentId: string, currency: string): Promise<void> {
  await tx.run(sql`select open_wallet(${studentId}, ${currency})`);
}
