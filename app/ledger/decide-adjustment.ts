import type { Actor } from "../identity/actor.ts";
import { decidedAlready, lockForSecond, noteProposal, readProposal } from "../identity/proposal.ts";
import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type Adjustment, adjustments } from "./adjustment.ts";

/** The second person agrees, and the money moves in the same transaction. */
export async function approveAdjustment(
  tx: Transaction,
  config: Pick<Config, "FOUR_EYES_DAYS">,
  id: string,
  actor: Actor,
): Promise<Adjustment> {
  await lockForSecond(tx, config, adjustments, id, actor);
  const posted = await tx.row<Posted>(sql`select * from approve_adjustment(${id}, ${actor.staffId})`);
  const adjustment = await readProposal(tx, adjustments, id);
  if (posted?.outcome !== "approved") throw refusal(adjustment, posted);
  await noteProposal(tx, adjustments, adjustment, "approved", actor);
  return adjustment;
}

interface Posted {
  readonly outcome: "approved" | "not_pending" | "same_person" | "no_wallet" | "insufficient";
  readonly balanceMinor: number | null;
}

function refusal({ status, amountMinor, currency }: Adjustment, posted: Posted | undefined): CodedError {
  switch (posted?.outcome) {
    case "no_wallet":
      return new CodedError("CONFLICT", `The student has no open wallet in ${currency}.`);
    case "insufficient":
      return new CodedError("INSUFFICIENT_FUNDS", "The wallet holds less than this would take.", {
        details: { balance_minor: posted.balanceMinor, needed_minor: -amountMinor },
      });
    default:
      return decidedAlready(adjustments, status);
  }
}
