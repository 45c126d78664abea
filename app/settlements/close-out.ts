import { refuseWhileReconciling } from "../failover/reconciling.ts";
import { type Actor, auditActor } from "../identity/actor.ts";
import { audit } from "../platform/audit.ts";
import type { Config } from "../platform/config.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import type { PageInput } from "../platform/page.ts";
import { part, type Queryable, sql, type Transaction, violatedConstraint } from "../platform/postgres.ts";

export const closeOutStatuses = ["pending", "agreed", "paid", "rejected", "withdrawn"] as const;
export type CloseOutStatus = (typeof closeOutStatuses)[number];

/** A student who leaves asks for the rest of the wallet. */
export interface CloseOut {
  readonly id: string;
  readonly studentId: string;
  readonly payTo: string;
  readonly currency: string;
  readonly status: CloseOutStatus;
  /** What was paid; until then what the wallet holds now. */
  readonly amountMinor: number;
  readonly transactionId: string | null;
  readonly bankReference: string | null;
  readonly reason: string | null;
  readonly agreedBy: string | null;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly createdAt: Date;
}

const columns = part`
  c.id, c.student_id, c.pay_to, c.currency, c.status, coalesce(c.amount_minor, case when c.status in ('pending', 'agreed') then w.balance_minor end, 0) as amount_minor,
  c.transaction_id, c.bank_reference, c.reason, c.agreed_by, c.decided_by, c.decided_at, c.created_at`;

export async function readCloseOut(db: Queryable, id: string): Promise<CloseOut> {
  const found = await db.row<CloseOut>(
    sql`select ${columns} from close_outs c left join wallets w on w.student_id = c.student_id where c.id = ${id}`,
  );
  if (!found) throw notFound("The close-out");
  return found;
}

/** The student's last one. */
export async function latestCloseOut(db: Queryable, studentId: string): Promise<CloseOut> {
  const found = await db.row<CloseOut>(sql`
    select ${columns} from close_outs c left join wallets w on w.student_id = c.student_id where c.student_id = ${studentId} order by c.id desc limit 1`);
  if (!found) throw notFound("A close-out");
  return found;
}

interface Wanted extends PageInput {
  readonly status: CloseOutStatus | undefined;
}

export const listCloseOuts = (db: Queryable, { status, limit, after }: Wanted): Promise<CloseOut[]> =>
  db.rows<CloseOut>(sql`
    select ${columns} from close_outs c left join wallets w on w.student_id = c.student_id
    where (${status ?? null}::text is null or c.status = ${status ?? null}) and (${after ?? null}::uuid is null or c.id < ${after ?? null}::uuid)
    order by c.id desc limit ${limit + 1}`);

interface Input {
  readonly studentId: string;
  readonly payTo: string;
  readonly requestId: string;
}

/** The student asks. What is owed is paid back first; of the rest nothing can be spent any more, so finance pays what it was shown. */
export async function requestCloseOut(tx: Transaction, { studentId, payTo, requestId }: Input): Promise<CloseOut> {
  const wallet = await tx.row<{ status: string; currency: string }>(
    sql`select status, currency from wallets where student_id = ${studentId} for update`,
  );
  if (!wallet || wallet.status === "closed") throw new CodedError("CONFLICT", "There is no open wallet to pay out.");
  const made = await insert(tx, studentId, payTo, wallet.currency);
  await tx.run(sql`select repay_debt(${studentId}, ${wallet.currency})`);
  await tx.run(sql`
    with held as (update wallets set held_minor = balance_minor, updated_at = now() where student_id = ${studentId} returning held_minor)
    update close_outs set held_minor = held.held_minor from held where id = ${made.id}`);
  await audit(tx, {
    actorKind: "student",
    actorId: studentId,
    action: "close_out.requested",
    objectKind: "close_out",
    objectId: made.id,
    requestId,
  });
  return readCloseOut(tx, made.id);
}

async function insert(tx: Transaction, studentId: string, payTo: string, currency: string): Promise<{ id: string }> {
  try {
    const made = await tx.row<{ id: string }>(
      sql`insert into close_outs (student_id, pay_to, currency) values (${studentId}, ${payTo}, ${currency}) returning id`,
    );
    if (!made) throw new Error("The close-out was not written.");
    return made;
  } catch (error) {
    if (violatedConstraint(error) === "close_outs_one_pending")
      throw new CodedError("CONFLICT", "A close-out is waiting already: take it back first.", { cause: error });
    throw error;
  }
}

/** The student stays after all. */
export async function withdrawCloseOut(tx: Transaction, studentId: string): Promise<CloseOut> {
  const latest = await latestCloseOut(tx, studentId);
  const withdrawn = await tx.run(
    sql`update close_outs set status = 'withdrawn', decided_at = now() where id = ${latest.id} and status in ('pending', 'agreed')`,
  );
  if (withdrawn === 0) throw decidedAlready(latest);
  await release(tx, studentId);
  return readCloseOut(tx, latest.id);
}

const release = (tx: Transaction, studentId: string) =>
  tx.run(sql`update wallets set held_minor = 0, updated_at = now() where student_id = ${studentId}`);

interface Decision extends Actor {
  readonly closeOutId: string;
}

/**
 * The first of two people of finance agrees to an amount; the second pays it to the bank account, and the wallet is closed in the
 * same transaction. Both say which amount they mean: money that came in meanwhile is looked at again.
 */
export async function approveCloseOut(
  tx: Transaction,
  config: Config,
  {
    closeOutId,
    staffId,
    requestId,
    bankReference,
    expectedAmountMinor,
  }: Decision & { readonly bankReference: string; readonly expectedAmountMinor: number },
): Promise<CloseOut> {
  await refuseWhileReconciling(tx, config);
  const { studentId, currency } = await readCloseOut(tx, closeOutId);
  // The order of locks that all keep: orders, then the student's wallet; an order that is being placed holds the student's key.
  await tx.run(
    sql`select id from orders where student_id = ${studentId} and status not in ('completed', 'cancelled') order by id for update`,
  );
  await tx.run(sql`select id from students where id = ${studentId} for update`);
  const { agreedBy } = await lockPending(tx, closeOutId);
  await refuseIfAwaited(tx, studentId);
  const wallet = await tx.row<{ balanceMinor: number }>(
    sql`select balance_minor from wallets where student_id = ${studentId} and status <> 'closed' and currency = ${currency} for update`,
  );
  if (!wallet) throw new CodedError("CONFLICT", "The student has no open wallet any more.");
  if (wallet.balanceMinor !== expectedAmountMinor) {
    throw new CodedError("CONFLICT", "The wallet holds another amount by now: look at it again.", {
      details: { amount_minor: wallet.balanceMinor, expected_amount_minor: expectedAmountMinor },
    });
  }
  if (agreedBy === null) return agree(tx, { closeOutId, staffId, requestId }, wallet.balanceMinor);
  if (agreedBy === staffId) throw new CodedError("INSUFFICIENT_ROLE", "Somebody else of finance must pay what you agreed to.");
  await release(tx, studentId);
  const posted =
    wallet.balanceMinor === 0
      ? undefined
      : await tx.row<{ id: string }>(sql`
          select post_to_wallet('close_out', ${studentId}, account_of('bank', null, null, ${currency}), ${-wallet.balanceMinor}, ${currency},
            null, null, null, null) as id`);
  await tx.run(sql`update wallets set status = 'closed', updated_at = now() where student_id = ${studentId}`);
  await tx.run(sql`
    update close_outs set status = 'paid', amount_minor = ${wallet.balanceMinor}, transaction_id = ${posted?.id ?? null}, bank_reference = ${bankReference},
      decided_by = ${staffId}, decided_at = now()
    where id = ${closeOutId}`);
  await note(tx, { closeOutId, staffId, requestId }, "close_out.paid", { amount_minor: wallet.balanceMinor, student_id: studentId });
  return readCloseOut(tx, closeOutId);
}

async function agree(tx: Transaction, decision: Decision, amountMinor: number): Promise<CloseOut> {
  const { closeOutId, staffId } = decision;
  await tx.run(sql`update close_outs set status = 'agreed', agreed_by = ${staffId}, agreed_at = now() where id = ${closeOutId}`);
  await note(tx, decision, "close_out.agreed", { amount_minor: amountMinor });
  return readCloseOut(tx, closeOutId);
}

export async function rejectCloseOut(
  tx: Transaction,
  { closeOutId, staffId, requestId, reason }: Decision & { readonly reason: string },
): Promise<CloseOut> {
  const { studentId } = await lockPending(tx, closeOutId);
  await release(tx, studentId);
  await tx.run(sql`
    update close_outs set status = 'rejected', reason = ${reason}, decided_by = ${staffId}, decided_at = now() where id = ${closeOutId}`);
  await note(tx, { closeOutId, staffId, requestId }, "close_out.rejected", {});
  return readCloseOut(tx, closeOutId);
}

/** Of two who decide at once, the second waits here and finds it decided. */
async function lockPending(tx: Transaction, id: string): Promise<CloseOut> {
  await tx.run(sql`select id from close_outs where id = ${id} for update`);
  const closeOut = await readCloseOut(tx, id);
  if (closeOut.status !== "pending" && closeOut.status !== "agreed") throw decidedAlready(closeOut);
  return closeOut;
}

const decidedAlready = ({ status }: CloseOut) =>
  new CodedError("INVALID_TRANSITION", `The close-out is ${status} already.`, { details: { status } });

const waitingFor = {
  unfinished_order: "An order of the student is not finished: it is handed over or cancelled first.",
  pending_adjustment: "An adjustment of the wallet is not decided: approve or reject it first.",
  open_dispute: "A payment of the student is disputed at the bank: wait until that is settled.",
} as const;

/** What may still take money from the wallet, or put some into it. */
async function refuseIfAwaited(tx: Transaction, studentId: string): Promise<void> {
  const awaited = await tx.row<{ because: keyof typeof waitingFor }>(sql`
    select because from (
      select 1, 'unfinished_order' from orders where student_id = ${studentId} and status not in ('completed', 'cancelled')
      union all select 2, 'pending_adjustment' from adjustments where student_id = ${studentId} and status = 'pending'
      union all select 3, 'open_dispute' from gateway_disputes where student_id = ${studentId} and settled_at is null) a (place, because)
    order by place limit 1`);
  if (awaited) throw new CodedError("CONFLICT", waitingFor[awaited.because], { details: { because: awaited.because } });
  const debt = await tx.row<{ owedMinor: number }>(sql`
    select debt_of(student_id, currency) as owed_minor from wallets where student_id = ${studentId}`);
  if (debt && debt.owedMinor !== 0)
    throw new CodedError("CONFLICT", "The student owes the university money: settle that first.", {
      details: { because: "debt", owed_minor: debt.owedMinor },
    });
}

const note = (tx: Transaction, decision: Decision, action: string, details: Readonly<Record<string, unknown>>) =>
  auditActor(tx, decision, { action, objectKind: "close_out", objectId: decision.closeOutId, details });
