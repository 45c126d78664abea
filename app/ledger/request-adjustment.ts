import type { Actor } from "../identity/actor.ts";
import { noteProposal, readProposal } from "../identity/proposal.ts";
import type { Config } from "../platform/config.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type Adjustment, adjustments } from "./adjustment.ts";
import { keepNote, type Note } from "./note.ts";

interface Input extends Actor {
  readonly studentId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly reason: string;
  readonly note: Note;
}

/** The first of the two people says what should move. Nothing moves yet. */
export async function requestAdjustment(tx: Transaction, { CAMPUS_CURRENCY }: Config, input: Input): Promise<Adjustment> {
  const { studentId, amountMinor, currency, reason, staffId } = input;
  const student = await tx.row<{ currency: string | null }>(sql`
    select w.currency from students s left join wallets w on w.student_id = s.id where s.id = ${studentId} and s.erased_at is null`);
  if (!student) throw notFound("The student");
  const expected = student.currency ?? CAMPUS_CURRENCY;
  if (currency !== expected) {
    throw new CodedError("VALIDATION_ERROR", `The student's wallet is in ${expected}.`, {
      details: { fields: [{ field: "currency", problem: `must be ${expected}` }] },
    });
  }
  const made = await tx.row<{ id: string }>(sql`
    insert into adjustments (student_id, amount_minor, currency, reason, requested_by)
    values (${studentId}, ${amountMinor}, ${currency}, ${reason}, ${staffId}) returning id`);
  if (!made) throw new Error("The adjustment was not written.");
  await keepNote(tx, { document: "adjustments", documentId: made.id, cafeId: null }, input.note);
  const adjustment = await readProposal(tx, adjustments, made.id);
  await noteProposal(tx, adjustments, adjustment, "pending", input);
  return adjustment;
}
