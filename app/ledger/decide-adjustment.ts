import { type Actor, auditActor } from "../identity/actor.ts";
import { refuseOneBehindTwo } from "../identity/four-eyes.ts";
import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type Adjustment, readAdjustment } from "./adjustment.ts";

interface Decision extends Actor {
  readonly adjustmentId: string;
}

/** The second person agrees, and the money moves in the same transaction. */
export async function approveAdjustment(tx: Transaction, config: Pick<Config, "FOUR_EYES_DAYS">, decision: Decision): Promise<Adjustment> {
  const { adjustmentId, staffId } = decision;
  const posted = await tx.row<Posted>(sql`select * from approve_adjustment(${adjustmentId}, ${staffId})`);
  const adjustment = await readAdjustment(tx, adjustmentId);
  if (posted?.outcome !== "approved") throw refusal(adjustment, posted);
  await refuseOneBehindTwo(tx, config, adjustment.requestedBy, staffId);
  await note(tx, decision, "approved", posted.transactionId);
  return adjustment;
}

interface Posted {
  readonly outcome: "approved" | "not_pending" | "same_person" | "no_wallet" | "insufficient";
  readonly transactionId: string | null;
  readonly balanceMinor: number | null;
}

function refusal({ status, amountMinor, currency }: Adjustment, posted: Posted | undefined): CodedError {
  switch (posted?.outcome) {
    case "same_person":
      return new CodedError("INSUFFICIENT_ROLE", "Somebody else must approve what you asked for.");
    case "no_wallet":
      return new CodedError("CONFLICT", `The student has no open wallet in ${currency}.`);
    case "insufficient":
      return new CodedError("INSUFFICIENT_FUNDS", "The wallet holds less than this would take.", {
        details: { balance_minor: posted.balanceMinor, needed_minor: -amountMinor },
      });
    default:
      return notPending(status);
  }
}

/** Either of the two may say no: whoever asked takes it back. */
export async function rejectAdjustment(tx: Transaction, decision: Decision): Promise<Adjustment> {
  const { adjustmentId, staffId } = decision;
  const rejected = await tx.run(sql`
    update adjustments set status = 'rejected', decided_by = ${staffId}, decided_at = now() where id = ${adjustmentId} and status = 'pending'`);
  const adjustment = await readAdjustment(tx, adjustmentId);
  if (rejected === 0) throw notPending(adjustment.status);
  await note(tx, decision, "rejected", null);
  return adjustment;
}

const notPending = (status: string) =>
  new CodedError("INVALID_TRANSITION", `The adjustment is ${status} already.`, { details: { status } });

const note = (tx: Transaction, decision: Decision, status: "approved" | "rejected", transactionId: string | null) =>
  auditActor(tx, decision, {
    action: `adjustment.${status}`,
    objectKind: "adjustment",
    objectId: decision.adjustmentId,
    details: transactionId === null ? {} : { transaction_id: transactionId },
  });
