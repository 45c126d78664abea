import { auditActor, type CafeActor } from "../identity/actor.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import type { Cafe } from "./cafe.ts";
import { readCafe } from "./read-cafe.ts";

interface Decision extends CafeActor {
  readonly to: "approved" | "suspended";
  readonly reason: string | null;
}

/**
 * Opens a café for everybody or closes it. The trigger of the status waits for the debits that are under way and holds new
 * ones until the commit, so each is before or after. Deciding the same again changes nothing.
 */
export async function decideCafe(tx: Transaction, decision: Decision): Promise<Cafe> {
  const { cafeId, to, reason } = decision;
  const changed = await tx.row<{ before: string }>(sql`
    update cafes set status = ${to}, updated_at = now() where id = ${cafeId} and status <> ${to} returning old.status as before`);
  if (changed)
    await auditActor(tx, decision, {
      action: to === "approved" ? "cafe.approved" : "cafe.suspended",
      objectKind: "cafe",
      objectId: cafeId,
      details: { before: changed.before, after: to, ...(reason === null ? {} : { reason }) },
    });
  return readCafe(tx, cafeId);
}
