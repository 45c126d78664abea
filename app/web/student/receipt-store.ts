import { createStore, entries, set } from "idb-keyval";

export interface KeptReceipt {
  readonly id: string;
  readonly jws: string;
  readonly cafe: string;
  readonly orderNumber: string;
  readonly studentId: string;
}

const receipts = createStore("campus-receipts", "receipts");
let hasAskedToPersist = false;

/** Kept on the phone: to be shown without a connection, and to be presented should the campus ever lose it. */
export async function keepReceipt(receipt: KeptReceipt): Promise<void> {
  await set(receipt.id, receipt, receipts).catch(() => undefined);
  if (hasAskedToPersist) return;
  hasAskedToPersist = true;
  void navigator.storage?.persist?.().catch(() => undefined);
}

export async function keptReceipts(studentId: string | undefined): Promise<KeptReceipt[]> {
  const all = await entries<string, KeptReceipt>(receipts).catch(() => []);
  return all
    .map(([, receipt]) => receipt)
    .filter((receipt) => studentId === undefined || receipt.studentId === studentId)
    .sort((one, other) => (one.id < other.id ? 1 : -1));
}
