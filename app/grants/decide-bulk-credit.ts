import { type Actor, auditActor } from "../identity/actor.ts";
import { refuseOneBehindTwo } from "../identity/four-eyes.ts";
import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type BulkCredit, readBulkCredit } from "./bulk-credit.ts";

interface Decision extends Actor {
  readonly bulkCreditId: string;
}

/** The second person agrees; the worker credits it within seconds. */
export async function approveBulkCredit(tx: Transaction, config: Pick<Config, "FOUR_EYES_DAYS">, decision: Decision): Promise<BulkCredit> {
  const { bulkCreditId, staffId } = decision;
  const before = await readBulkCredit(tx, bulkCreditId);
  if (before.requestedBy === staffId) throw new CodedError("INSUFFICIENT_ROLE", "Somebody else must approve what you asked for.");
  await refuseOneBehindTwo(tx, config, before.requestedBy, staffId);
  const approved = await tx.run(sql`
    update bulk_credits set status = 'approved', decided_by = ${staffId}, decided_at = now() where id = ${bulkCreditId} and status = 'pending'`);
  const bulkCredit = await readBulkCredit(tx, bulkCreditId);
  if (approved === 0) throw notPending(bulkCredit);
  await note(tx, decision, "bulk_credit.approved", bulkCredit);
  return bulkCredit;
}

/** No; whoever asked may take it back in this way. Its references are free again. */
export async function rejectBulkCredit(tx: Transaction, decision: Decision): Promise<BulkCredit> {
  const { bulkCreditId, staffId } = decision;
  const rejected = await tx.run(sql`
    update bulk_credits set status = 'rejected', decided_by = ${staffId}, decided_at = now(), finished_at = clock_timestamp() where id = ${bulkCreditId} and status = 'pending'`);
  if (rejected > 0) await tx.run(sql`update grants set status = 'rejected' where bulk_credit_id = ${bulkCreditId} and status = 'waiting'`);
  const bulkCredit = await readBulkCredit(tx, bulkCreditId);
  if (rejected === 0) throw notPending(bulkCredit);
  await note(tx, decision, "bulk_credit.rejected", bulkCredit);
  return bulkCredit;
}

const notPending = ({ status }: BulkCredit) =>
  new CodedError("INVALID_TRANSITION", status === "reading" ? "The file is still being read." : `The bulk credit is ${status} already.`, {
    details: { status },
  });

const note = (tx: Transaction, decision: Decision, action: string, { id, lineCount, totalMinor, currency }: BulkCredit) =>
  auditActor(tx, decision, {
    action,
    objectKind: "bulk_credit",
    objectId: id,
    details: { lines: lineCount, total_minor: totalMinor, currency },
  });
