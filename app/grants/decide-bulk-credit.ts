import type { Actor } from "../identity/actor.ts";
import { approveProposal, lockForSecond, readProposal, rejectProposal } from "../identity/proposal.ts";
import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";
import { part, sql, type Transaction } from "../platform/postgres.ts";
import { type BulkCredit, bulkCredits } from "./bulk-credit.ts";

/** The second person agrees; the worker credits it within seconds. */
export async function approveBulkCredit(
  tx: Transaction,
  config: Pick<Config, "FOUR_EYES_DAYS">,
  id: string,
  actor: Actor,
): Promise<BulkCredit> {
  await refuseUnread(tx, id);
  await lockForSecond(tx, config, bulkCredits, id, actor);
  return approveProposal(tx, bulkCredits, id, actor);
}

/** No; whoever asked may take it back in this way. Its references are free again. */
export async function rejectBulkCredit(tx: Transaction, id: string, actor: Actor): Promise<BulkCredit> {
  await refuseUnread(tx, id);
  const rejected = await rejectProposal(tx, bulkCredits, id, actor, part`, finished_at = clock_timestamp()`);
  await tx.run(sql`update grants set status = 'rejected' where bulk_credit_id = ${id} and status = 'waiting'`);
  return rejected;
}

async function refuseUnread(tx: Transaction, id: string): Promise<void> {
  const { status } = await readProposal(tx, bulkCredits, id);
  if (status === "reading") throw new CodedError("INVALID_TRANSITION", "The file is still being read.", { details: { status } });
}
