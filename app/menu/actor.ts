import { audit } from "../platform/audit.ts";
import type { Transaction } from "../platform/postgres.ts";

/** Who of the staff does something, and in which café. */
export interface Actor {
  readonly cafeId: string;
  readonly staffId: string;
  readonly requestId: string;
}

interface Act {
  readonly action: string;
  readonly objectKind: "category" | "menu_item";
  readonly objectId: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export const auditMenu = (tx: Transaction, { cafeId, staffId, requestId }: Actor, act: Act): Promise<void> =>
  audit(tx, { actorKind: "staff", actorId: staffId, cafeId, requestId, ...act });
