import { type Actor, auditActor } from "../identity/actor.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type Adjustment, readAdjustment } from "./adjustment.ts";
import { openWallet } from "./open-wallet.ts";

interface Decision extends Actor {
  readonly adjustmentId: string;
}

/** The second person agrees, and the money moves in the same transaction. */
export async function approveAdjustment(tx: Transaction, decision: Decision): Promise<Adjustment> {
  const adjustment = await lockPending(tx, decision.adjustmentId);
  if (adjustment.requestedBy === decision.staffId)
    throw new CodedError("INSUFFICIENT_ROLE", "Somebody else must approve what you asked for.");
  const transactionId = await post(tx, adjustment);
  await decide(tx, decision, "approved", transactionId);
  return readAdjustment(tx, adjustment.id);
}

/** Either of the two may say no: whoever asked takes it back. */
export async function rejectAdjustment(tx: Transaction, decision: Decision): Promise<Adjustment> {
  const adjustment = await lockPending(tx, decision.adjustmentId);
  await decide(tx, decision, "rejected", null);
  return readAdjustment(tx, adjustment.id);
}

/** Of two who decide at once, the second waits here and finds it decided. */
async function lockPending(tx: Transaction, id: string): Promise<Adjustment> {
  await tx.run(sql`select id from adjustments where id = ${id} for update`);
  const adjustment = await readAdjustment(tx, id);
  if (adjustment.status !== "pending")
    throw new CodedError("INVALID_TRANSITION", `The adjustment is ${adjustment.status} already.`, {
      details: { status: adjustment.status },
    });
  return adjustment;
}

async function post(tx: Transaction, { id, studentId, amountMinor, currency }: Adjustment): Promise<string> {
  await openWallet(tx, studentId, currency);
  const wallet = await tx.row<{ status: string; currency: string; balanceMinor: number }>(
    sql`select status, currency, balance_minor - held_minor as balance_minor from wallets where student_id = ${studentId} for update`,
  );
  if (wallet?.status === "closed" || wallet?.currency !== currency)
    throw new CodedError("CONFLICT", `The student has no open wallet in ${currency}.`);
  if (wallet.balanceMinor + amountMinor < 0) {
    throw new CodedError("INSUFFICIENT_FUNDS", "The wallet holds less than this would take.", {
      details: { balance_minor: wallet.balanceMinor, needed_minor: -amountMinor },
    });
  }
  const posted = await tx.row<{ id: string }>(sql`
    select post_to_wallet('adjustment', ${studentId}, account_of('adjustments', null, null, ${currency}), ${amountMinor}, ${currency},
      null, null, ${id}, null) as id`);
  if (!posted) throw new Error("The adjustment was not posted.");
  if (amountMinor > 0) await tx.run(sql`select repay_debt(${studentId}, ${currency})`);
  return posted.id;
}

async function decide(tx: Transaction, decision: Decision, status: "approved" | "rejected", transactionId: string | null): Promise<void> {
  const { adjustmentId, staffId } = decision;
  const changed = await tx.run(sql`
    update adjustments set status = ${status}, decided_by = ${staffId}, decided_at = now(), transaction_id = ${transactionId}
    where id = ${adjustmentId} and status = 'pending'`);
  if (changed !== 1) throw new Error("The adjustment changed under its own lock.");
  await auditActor(tx, decision, {
    action: `adjustment.${status}`,
    objectKind: "adjustment",
    objectId: adjustmentId,
    details: transactionId === null ? {} : { transaction_id: transactionId },
  });
}
