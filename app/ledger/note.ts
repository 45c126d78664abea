import { sql, type Transaction } from "../platform/postgres.ts";

/** What whoever moves money calls it in another system. Both may be left out. */
export interface Note {
  readonly reference?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** On which row it is kept; the transaction of the ledger is found by that (noted_transactions). */
interface Noted {
  readonly document: "orders" | "gateway_orders" | "refunds" | "gateway_refunds" | "refund_proposals" | "adjustments";
  readonly documentId: string;
  /** Whose it is to find; null: the university's. */
  readonly cafeId: string | null;
}

export const saysSomething = ({ reference, metadata = {} }: Note): boolean => reference !== undefined || Object.keys(metadata).length > 0;

/** In the transaction that makes the document. Said again of the same one, as of an order whose card is scanned, each field that is said counts. */
export async function keepNote(tx: Transaction, { document, documentId, cafeId }: Noted, note: Note): Promise<void> {
  if (!saysSomething(note)) return;
  await tx.run(sql`
    insert into transaction_notes (document, document_id, cafe_id, reference, metadata)
    values (${document}, ${documentId}, ${cafeId}, ${note.reference ?? null}, ${JSON.stringify(note.metadata ?? {})})
    on conflict (document, document_id) do update set cafe_id = excluded.cafe_id, reference = coalesce(excluded.reference, transaction_notes.reference),
      metadata = case when excluded.metadata = '{}' then transaction_notes.metadata else excluded.metadata end`);
}

/** In a file of cells; empty where nothing was written. */
export const metadataCell = (metadata: Readonly<Record<string, string>> | null): string | null =>
  metadata === null || Object.keys(metadata).length === 0 ? null : JSON.stringify(metadata);
