import { refuseWhileReconciling } from "../failover/reconciling.ts";
import { type Actor, auditActor } from "../identity/actor.ts";
import { refuseOneBehindTwo } from "../identity/four-eyes.ts";
import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { readSettlement, type Settlement } from "./settlement.ts";

interface PayOut extends Actor {
  readonly settlementId: string;
  /** What the bank calls the transfer. */
  readonly bankReference: string;
}

/** Writes down that the bank was told to pay the café, above an amount by the second of two people: the amount is the settlement's own and nobody's to choose. */
export async function paySettlement(tx: Transaction, config: Config, payOut: PayOut): Promise<Settlement> {
  const { settlementId, bankReference, staffId } = payOut;
  await refuseWhileReconciling(tx, config);
  const done = await tx.row<Outcome>(
    sql`select * from pay_settlement(${settlementId}, ${staffId}, ${bankReference}, ${config.PAY_OUT_TWO_PEOPLE_ABOVE_MINOR})`,
  );
  const settlement = await readSettlement(tx, settlementId);
  if (done?.outcome !== "paid" && done?.outcome !== "agreed") throw refusal(settlement, done);
  if (done.outcome === "paid" && settlement.agreedBy !== null) await refuseOneBehindTwo(tx, config, settlement.agreedBy, staffId);
  const actor = { ...payOut, cafeId: settlement.cafeId };
  await auditActor(tx, actor, {
    action: `settlement.${done.outcome}`,
    objectKind: "settlement",
    objectId: settlementId,
    details: { amount_minor: settlement.payableMinor, currency: settlement.currency, bank_reference: bankReference },
  });
  return settlement;
}

interface Outcome {
  readonly outcome: "paid" | "agreed" | "same_person" | "not_due" | "owed_less" | "not_found";
  readonly balanceMinor: number | null;
}

function refusal({ status, payableMinor }: Settlement, done: Outcome | undefined): CodedError {
  if (done?.outcome === "same_person") return new CodedError("INSUFFICIENT_ROLE", "Somebody else of finance must pay what you agreed to.");
  if (done?.outcome !== "owed_less" && status !== "due")
    return new CodedError("INVALID_TRANSITION", notDue[status], { details: { status } });
  return new CodedError("CONFLICT", "The café is owed less by now, since money was given back: its next sales or settlements make it up.", {
    details: { payable_minor: payableMinor, balance_minor: done?.balanceMinor ?? null },
  });
}

const notDue = {
  paid: "This settlement is paid already.",
  carried: "There is nothing to pay: more was given back than came in, and the next settlement takes it off.",
  nothing: "There is nothing to pay for this day.",
} as const;
