import { refuseWhileReconciling } from "../failover/reconciling.ts";
import { refuseOneBehindTwo } from "../identity/four-eyes.ts";
import { tellStudent } from "../notifications/notices/tell-student.ts";
import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type CloseOut, type Decision, decidedAlready, note, readCloseOut } from "./close-out.ts";

interface Approval extends Decision {
  /** Of the second of the two, who has paid it. */
  readonly bankReference: string | undefined;
  /** What finance was shown. */
  readonly expectedAmountMinor: number;
}

interface Outcome {
  readonly outcome: "agreed" | "paid" | "decided" | "awaited" | "no_wallet" | "another_amount" | "same_person" | "waiting";
  readonly because: keyof typeof waitingFor | null;
  readonly amountMinor: number;
}

/** The first of two people of finance agrees to an amount; the second has paid that amount to the bank account, and the wallet is closed. */
export async function approveCloseOut(tx: Transaction, config: Config, approval: Approval): Promise<CloseOut> {
  const { closeOutId, staffId, bankReference, expectedAmountMinor } = approval;
  await refuseWhileReconciling(tx, config);
  await readCloseOut(tx, closeOutId);
  const done = await tx.row<Outcome>(
    sql`select * from pay_close_out(${closeOutId}, ${staffId}, ${expectedAmountMinor}, ${bankReference ?? null})`,
  );
  const closeOut = await readCloseOut(tx, closeOutId);
  if (done?.outcome !== "agreed" && done?.outcome !== "paid") throw refusal(closeOut, approval, done);
  if (done.outcome === "paid" && bankReference === undefined) throw agreedMeanwhile();
  if (done.outcome === "paid" && closeOut.agreedBy !== null) await refuseOneBehindTwo(tx, config, closeOut.agreedBy, staffId);
  await note(tx, approval, `close_out.${done.outcome}`, { amount_minor: done.amountMinor, student_id: closeOut.studentId });
  await tellStudent(tx, closeOut.studentId, `close_out_${done.outcome}`);
  return closeOut;
}

/** Whoever meant to agree has transferred nothing: the transaction takes it back. */
const agreedMeanwhile = () =>
  new CodedError("VALIDATION_ERROR", "Somebody has agreed to it already: pay it, and say what the bank calls the transfer.", {
    details: { fields: [{ field: "bank_reference", problem: "must be given: somebody has agreed already" }] },
  });

const waitingFor = {
  unfinished_order:
    "An order of the student is not finished: it is handed over or cancelled first; what its café leaves for a day finance cancels.",
  pending_adjustment: "An adjustment of the wallet is not decided: approve or reject it first.",
  pending_refund: "A refund of an order is not decided: approve or reject it first.",
  open_dispute: "A payment of the student is disputed at the bank: wait until that is settled.",
  open_outside_refund: "A payment of the student was given back at the gateway, and nobody has said yet who bears it: decide that first.",
  deactivated: "The student is deactivated: reject it, or pay it once an admin has let the student in again.",
  debt: "The student owes the university money: settle that first.",
} as const;

function refusal(closeOut: CloseOut, { expectedAmountMinor }: Approval, done: Outcome | undefined): CodedError {
  switch (done?.outcome) {
    case "awaited": {
      const because = done.because ?? "debt";
      return new CodedError("CONFLICT", waitingFor[because], {
        details: because === "debt" ? { because, owed_minor: done.amountMinor } : { because },
      });
    }
    case "no_wallet":
      return new CodedError("CONFLICT", "The student has no open wallet any more.");
    case "another_amount":
      return new CodedError("CONFLICT", "The wallet holds another amount by now: look at it again.", {
        details: { amount_minor: done.amountMinor, expected_amount_minor: expectedAmountMinor },
      });
    case "waiting":
      return new CodedError("CONFLICT", "The student can still stop it: pay it when that time is over.", {
        details: { because: "waiting", payable_at: closeOut.payableAt.toISOString() },
      });
    case "same_person":
      return new CodedError("INSUFFICIENT_ROLE", "Somebody else of finance must pay what you agreed to.");
    default:
      return decidedAlready(closeOut);
  }
}
