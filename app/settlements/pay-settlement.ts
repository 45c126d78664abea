import { refuseWhileReconciling } from "../failover/reconciling.ts";
import { type Actor, auditActor } from "../identity/actor.ts";
import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { readSettlement, type Settlement } from "./settlement.ts";

interface PayOut extends Actor {
  readonly settlementId: string;
  /** What the bank calls the transfer. */
  readonly bankReference: string;
}

/** Writes down that the bank was told to pay the café: the amount is the settlement's own and nobody's to choose. */
export async function paySettlement(tx: Transaction, config: Config, payOut: PayOut): Promise<Settlement> {
  const { settlementId, bankReference, staffId } = payOut;
  await refuseWhileReconciling(tx, config);
  await tx.run(sql`select id from settlements where id = ${settlementId} for update`);
  const settlement = await readSettlement(tx, settlementId);
  if (settlement.status !== "due")
    throw new CodedError("INVALID_TRANSITION", notDue[settlement.status], { details: { status: settlement.status } });
  await tx.run(sql`
    update settlements s set status = 'paid', paid_by = ${staffId}, paid_at = now(), bank_reference = ${bankReference},
      paid_transaction_id = post_between('settlement', s.account_id, account_of('bank', null, null, s.currency), s.payable_minor, s.currency, null, null)
    where s.id = ${settlementId} and s.status = 'due'`);
  const actor = { ...payOut, cafeId: settlement.cafeId };
  await auditActor(tx, actor, {
    action: "settlement.paid",
    objectKind: "settlement",
    objectId: settlementId,
    details: { amount_minor: settlement.payableMinor, currency: settlement.currency, bank_reference: bankReference },
  });
  return readSettlement(tx, settlementId);
}

const notDue = {
  paid: "This settlement is paid already.",
  carried: "There is nothing to pay: more was given back than came in, and the next settlement takes it off.",
  nothing: "There is nothing to pay for this day.",
} as const;
