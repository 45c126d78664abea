import { audit } from "../platform/audit.ts";
import { notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";

interface Wish {
  readonly cafeId: string;
  readonly tableId: string;
  readonly staffId: string;
  readonly requestId: string;
}

/** Takes a table away: its QR code leads nowhere from now on, and the orders that name it keep it. */
export async function removeTable(tx: Transaction, { cafeId, tableId, staffId, requestId }: Wish): Promise<void> {
  const removed = await tx.row<{ label: string }>(
    sql`update cafe_tables set is_active = false where id = ${tableId} and cafe_id = ${cafeId} and is_active returning label`,
  );
  if (!removed) throw notFound("The table");
  await audit(tx, {
    actorKind: "staff",
    actorId: staffId,
    action: "table.removed",
    objectKind: "table",
    objectId: tableId,
    cafeId,
    details: removed,
    requestId,
  });
}
