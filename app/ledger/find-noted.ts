import { allOf } from "../platform/all-of.ts";
import { type Page, type PageInput, pageOf } from "../platform/page.ts";
import { part, type Queryable, sql } from "../platform/postgres.ts";

/** A transaction of the ledger and what whoever moved the money noted on it. */
export interface NotedTransaction {
  readonly id: string;
  readonly kind: string;
  readonly at: Date;
  readonly amountMinor: number;
  readonly currency: string;
  readonly cafeId: string | null;
  readonly orderId: string | null;
  readonly reference: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Asked extends PageInput {
  /** null: of all, for the university's finance. */
  readonly cafeId: string | null;
  readonly reference: string | undefined;
  /** All of these. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Newest first. Both are found along indexes of the notes, never by a walk through the ledger. */
export async function findNoted(db: Queryable, { cafeId, reference, metadata, limit, after }: Asked): Promise<Page<NotedTransaction>> {
  const found = await db.rows<NotedTransaction>(sql`
    select t.id, t.kind, t.at, t.amount_minor, t.currency, n.cafe_id, t.order_id, n.reference, n.metadata
    from noted_transactions n join ledger_transactions t on t.id = n.transaction_id
    where ${allOf([
      ...(reference === undefined ? [] : [part`n.reference = ${reference}`]),
      ...(Object.keys(metadata).length === 0 ? [] : [part`n.metadata @> ${JSON.stringify(metadata)}::jsonb`]),
      ...(cafeId === null ? [] : [part`n.cafe_id = ${cafeId}`]),
      ...(after === undefined ? [] : [part`t.id < ${after}`]),
    ])}
    order by t.id desc limit ${limit + 1}`);
  return pageOf(found, limit);
}
