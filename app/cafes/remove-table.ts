import { auditActor, type CafeActor } from "../identity/actor.ts";
import { notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";

interface Input extends CafeActor {
  readonly tableId: string;
}

/** Takes a table away: its QR code leads nowhere from now on, and the orders that name it keep it. */
export async function removeTable(tx: Transaction, input: Input): Promise<void> {
  const { cafeId, tableId } = input;
  const removed = await tx.row<{ label: string }>(
    sql`update cafe_tables set is_active = false where id = ${tableId} and cafe_id = ${cafeId} and is_active returning label`,
  );
  if (!removed) throw notFound("The table");
  await auditActor(tx, input, { action: "table.removed", objectKind: "table", objectId: tableId, details: removed });
}
