import { auditActor, type CafeActor } from "../identity/actor.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import type { Cafe } from "./cafe.ts";
import { readCafe } from "./read-cafe.ts";

export type Verdict =
  /** Under the name that whoever decides has seen; undefined where they do not say. */
  { readonly to: "approved"; readonly seenAs: string | undefined } | { readonly to: "suspended"; readonly reason: string };

type Decision = CafeActor & Verdict;

/**
 * Opens a café for everybody or closes it. The trigger of the status waits for the debits that are under way and holds new
 * ones until the commit, so each is before or after. Deciding the same again changes nothing.
 */
export async function decideCafe(tx: Transaction, decision: Decision): Promise<Cafe> {
  const { cafeId, to } = decision;
  const seenAs = to === "approved" ? (decision.seenAs ?? null) : null;
  const changed = await tx.row<{ before: string }>(sql`
    update cafes set status = ${to}, updated_at = now()
    where id = ${cafeId} and status <> ${to} and name = coalesce(${seenAs}, name) returning old.status as before`);
  if (changed)
    await auditActor(tx, decision, {
      action: to === "approved" ? "cafe.approved" : "cafe.suspended",
      objectKind: "cafe",
      objectId: cafeId,
      details: { before: changed.before, after: to, ...(to === "suspended" && { reason: decision.reason }) },
    });
  const cafe = await readCafe(tx, cafeId);
  if (!changed && cafe.status !== to)
    throw new CodedError("CONFLICT", `This café calls itself "${cafe.name}" by now: look again.`, { details: { name: cafe.name } });
  return cafe;
}
