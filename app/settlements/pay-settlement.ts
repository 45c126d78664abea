import { refuseWhileReconciling } from "../failover/reconciling.ts";
import { type Actor, auditActor } from "../identity/actor.ts";
import { accountBalance } from "../ledger/balances.ts";
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
  // All of a café's settlements at once: two pay-outs of one café see each other.
  await tx.run(sql`
    select id from settlements where cafe_id = (select cafe_id from settlements where id = ${settlementId}) and status = 'due' order by id for update`);
  const settlement = await readSettlement(tx, settlementId);
  if (settlement.status !== "due")
    throw new CodedError("INVALID_TRANSITION", notDue[settlement.status], { details: { status: settlement.status } });
  // The account, and not only this row: more may have been given back since than the settlements to come take off.
  const owedMinor = await accountBalance(tx, settlement.accountId);
  if (owedMinor < settlement.payableMinor) {
    throw new CodedError(
      "CONFLICT",
      "The café is owed less by now, since money was given back: its next sales or settlements make it up.",
      {
        details: { payable_minor: settlement.payableMinor, balance_minor: owedMinor },
      },
    );
  }
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
