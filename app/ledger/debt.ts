import type { Actor } from "../identity/actor.ts";
import { lockForSecond, noteProposal, type Proposal, type ProposalStatus, type ProposalTable, readProposal } from "../identity/proposal.ts";
import type { Config } from "../platform/config.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { part, type Queryable, sql, type Transaction, violatedConstraint } from "../platform/postgres.ts";

export interface Debt {
  readonly studentId: string;
  readonly currency: string;
  readonly owedMinor: number;
}

const maxDebts = 1_000;

/** Who owes the university money, the most first. The next money that comes into the wallet pays it back. */
export const listDebts = (db: Queryable): Promise<Debt[]> =>
  db.rows<Debt>(sql`
    select * from (
      select a.student_id, a.currency, debt_of(a.student_id, a.currency) as owed_minor from accounts a where a.kind = 'receivables') d
    where owed_minor <> 0 order by owed_minor desc, student_id limit ${maxDebts}`);

export interface WriteOff extends Proposal {
  readonly status: ProposalStatus;
  readonly studentId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly reason: string;
  readonly decidedBy: string | null;
  readonly transactionId: string | null;
}

export const writeOffs: ProposalTable<WriteOff> = {
  called: "The write-off",
  table: part`debt_write_offs`,
  columns: part`id, student_id, amount_minor, currency, reason, status, requested_by, decided_by, transaction_id`,
  objectKind: "debt_write_off",
  actions: { pending: "debt.write_off_requested", approved: "debt.written_off", rejected: "debt.write_off_rejected" },
  detailsOf: ({ studentId, amountMinor, currency }) => ({ student_id: studentId, amount_minor: amountMinor, currency }),
};

export async function requestWriteOff(tx: Transaction, studentId: string, reason: string, actor: Actor): Promise<WriteOff> {
  const made = await tx
    .row<{ id: string }>(sql`
      insert into debt_write_offs (student_id, amount_minor, currency, reason, requested_by)
      select student_id, debt_of(student_id, currency), currency, ${reason}, ${actor.staffId} from accounts
      where kind = 'receivables' and student_id = ${studentId} and debt_of(student_id, currency) > 0 limit 1 returning id`)
    .catch((error: unknown) => {
      if (violatedConstraint(error) !== "debt_write_offs_one_pending") throw error;
      throw new CodedError("CONFLICT", "A write-off of this student's debt waits already.", { cause: error });
    });
  if (!made) {
    const student = await tx.row(sql`select id from students where id = ${studentId}`);
    throw student ? new CodedError("CONFLICT", "The student owes nothing.") : notFound("The student");
  }
  const writeOff = await readProposal(tx, writeOffs, made.id);
  await noteProposal(tx, writeOffs, writeOff, "pending", actor);
  return writeOff;
}

/** The second person agrees: as much is written off as is still owed. */
export async function approveWriteOff(
  tx: Transaction,
  config: Pick<Config, "FOUR_EYES_DAYS">,
  id: string,
  actor: Actor,
): Promise<WriteOff> {
  await lockForSecond(tx, config, writeOffs, id, actor);
  const posted = await tx.row<{ id: string | null }>(sql`select write_off_debt(${id}, ${actor.staffId}) as id`);
  const writeOff = await readProposal(tx, writeOffs, id);
  if (!posted?.id)
    throw new CodedError("INVALID_TRANSITION", "There is nothing to write off any more.", { details: { status: writeOff.status } });
  await noteProposal(tx, writeOffs, writeOff, "approved", actor);
  return writeOff;
}
