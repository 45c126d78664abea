import { type Actor, auditActor } from "../identity/actor.ts";
import { type Deed, type ProvenStepUp, spendStepUp } from "../identity/step-up.ts";
import { tellStudent } from "../notifications/notices/tell-student.ts";
import { audit } from "../platform/audit.ts";
import type { Config } from "../platform/config.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import type { Job } from "../platform/jobs.ts";
import { plainMoney } from "../platform/money-text.ts";
import type { PageInput } from "../platform/page.ts";
import { part, type Queryable, sql, type Transaction, violatedConstraint } from "../platform/postgres.ts";
import { readIban } from "./iban.ts";

export const closeOutStatuses = ["pending", "agreed", "paid", "rejected", "withdrawn", "returned"] as const;
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
  readonly agreedMinor: number | null;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  /** The first of the two who say that the bank sent it back. */
  readonly returnAskedBy: string | null;
  /** Until then the student can stop it. */
  readonly payableAt: Date;
  readonly createdAt: Date;
}

const columns = part`
  c.id, c.student_id, c.pay_to, c.currency, c.status, coalesce(c.amount_minor, case when c.status in ('pending', 'agreed') then w.balance_minor end, 0) as amount_minor,
  c.transaction_id, c.bank_reference, c.reason, c.agreed_by, c.agreed_minor, c.decided_by, c.decided_at, c.return_asked_by, c.payable_at, c.created_at`;

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

/** The account as it is written down. Throws VALIDATION_ERROR. */
function accountOf(payTo: string, { CLOSE_OUT_COUNTRIES }: Pick<Config, "CLOSE_OUT_COUNTRIES">): string {
  const read = readIban(payTo, CLOSE_OUT_COUNTRIES);
  if ("iban" in read) return read.iban;
  throw new CodedError("VALIDATION_ERROR", `The request does not fit: pay_to ${read.problem}`, {
    details: { fields: [{ field: "pay_to", problem: read.problem }] },
  });
}

/** The account and the amount that will be held for it: what is owed is paid back first. */
export async function deedOfCloseOut(tx: Transaction, config: Config, studentId: string, payTo: string): Promise<Deed> {
  const account = accountOf(payTo, config);
  const wallet = await tx.row<{ restMinor: number; currency: string }>(sql`
    select greatest(0, balance_minor - held_minor - debt_of(student_id, currency))::bigint as rest_minor, currency
    from wallets where student_id = ${studentId} and status <> 'closed'`);
  if (!wallet) throw new CodedError("CONFLICT", "There is no open wallet to pay out.");
  return { purpose: "close_out", lines: [account, plainMoney(wallet.restMinor, wallet.currency)] };
}

interface Input {
  readonly studentId: string;
  readonly payTo: string;
  readonly stepUp: ProvenStepUp | undefined;
  readonly requestId: string;
}

/** As long as the money is kept for a close-out that nobody decides on; then the student has it again. */
const holdDays = 30;

/**
 * The student asks, with a code of the phone for this account and amount. What is owed is paid back first; of the rest nothing can be
 * spent any more, so finance pays what it was shown, when the time is over in which the student can stop it.
 */
export async function requestCloseOut(tx: Transaction, config: Config, { studentId, payTo, stepUp, requestId }: Input): Promise<CloseOut> {
  const wallet = await tx.row<{ status: string; currency: string }>(
    sql`select status, currency from wallets where student_id = ${studentId} for update`,
  );
  if (!wallet || wallet.status === "closed") throw new CodedError("CONFLICT", "There is no open wallet to pay out.");
  await spendStepUp(tx, stepUp, await deedOfCloseOut(tx, config, studentId, payTo));
  const made = await insert(tx, config, studentId, accountOf(payTo, config), wallet.currency);
  await tx.run(sql`select hold_for_close_out(${made.id}, now() + make_interval(days => ${holdDays}))`);
  await audit(tx, {
    actorKind: "student",
    actorId: studentId,
    action: "close_out.requested",
    objectKind: "close_out",
    objectId: made.id,
    requestId,
  });
  await tellStudent(tx, studentId, "close_out_requested");
  return readCloseOut(tx, made.id);
}

async function insert(tx: Transaction, config: Config, studentId: string, payTo: string, currency: string): Promise<{ id: string }> {
  try {
    const made = await tx.row<{ id: string }>(
      sql`insert into close_outs (student_id, pay_to, currency, payable_at)
        values (${studentId}, ${payTo}, ${currency}, now() + make_interval(secs => ${config.CLOSE_OUT_WAIT_SECONDS})) returning id`,
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
  await release(tx, latest.id);
  return readCloseOut(tx, latest.id);
}

const release = (tx: Transaction, closeOutId: string) => tx.run(sql`select release_close_out(${closeOutId})`);

export interface Decision extends Actor {
  readonly closeOutId: string;
}

export async function rejectCloseOut(
  tx: Transaction,
  { closeOutId, staffId, requestId, reason }: Decision & { readonly reason: string },
): Promise<CloseOut> {
  const rejected = await tx.run(sql`
    update close_outs set status = 'rejected', reason = ${reason}, decided_by = ${staffId}, decided_at = now()
    where id = ${closeOutId} and status in ('pending', 'agreed')`);
  if (rejected === 0) throw decidedAlready(await readCloseOut(tx, closeOutId));
  await release(tx, closeOutId);
  await note(tx, { closeOutId, staffId, requestId }, "close_out.rejected", {});
  const closeOut = await readCloseOut(tx, closeOutId);
  await tellStudent(tx, closeOut.studentId, "close_out_rejected");
  return closeOut;
}

export const decidedAlready = ({ status }: CloseOut) =>
  new CodedError("INVALID_TRANSITION", `The close-out is ${status} already.`, { details: { status } });

export const note = (tx: Transaction, decision: Decision, action: string, details: Readonly<Record<string, unknown>>) =>
  auditActor(tx, decision, { action, objectKind: "close_out", objectId: decision.closeOutId, details });

/** Close-outs that nobody decided on in time give the students their money back. */
export const expireJob: Job = {
  name: "close-outs-expire",
  everySeconds: 3_600,
  worker: "long",
  run: async (tx) => void (await tx.run(sql`select expire_close_outs()`)),
};
