import { type Actor, auditActor } from "../identity/actor.ts";
import { refuseOneBehindTwo } from "../identity/four-eyes.ts";
import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";
import { part, type Statement, sql, type Transaction } from "../platform/postgres.ts";
import { type CloseOut, readCloseOut } from "./close-out.ts";
import { readSettlement, type Settlement } from "./settlement.ts";

interface Return extends Actor {
  readonly id: string;
  readonly reason: string;
}

/** The bank sent the café's money back, or it never left: with the second of two people who say so it is due again. */
export async function returnSettlement(tx: Transaction, config: Config, back: Return): Promise<Settlement> {
  await tx.run(sql`select id from settlements where id = ${back.id} for update`);
  const { payableMinor, ...settlement } = await readSettlement(tx, back.id);
  await sayItCameBack(tx, config, back, { ...settlement, ...ofSettlement, amountMinor: payableMinor });
  return readSettlement(tx, back.id);
}

/** The bank sent a student's money back: with the second of two people the wallet is open again with it, and the student may ask with another account. */
export async function returnCloseOut(tx: Transaction, config: Config, back: Return): Promise<CloseOut> {
  await tx.run(sql`select id from close_outs where id = ${back.id} for update`);
  await sayItCameBack(tx, config, back, { ...(await readCloseOut(tx, back.id)), ...ofCloseOut, cafeId: null });
  return readCloseOut(tx, back.id);
}

interface Kind {
  readonly table: Statement;
  readonly objectKind: string;
  readonly refusal: string;
  readonly giveBack: (back: Return) => Statement;
}

const ofSettlement: Kind = {
  table: part`settlements`,
  objectKind: "settlement",
  refusal: "Only a settlement that is paid can come back.",
  giveBack: ({ id, staffId, reason }) => sql`select return_settlement(${id}, ${staffId}, ${reason}) as id`,
};

const ofCloseOut: Kind = {
  table: part`close_outs`,
  objectKind: "close_out",
  refusal: "Only a close-out that is paid, of a student who is not erased, can come back.",
  giveBack: ({ id, staffId, reason }) => sql`select return_close_out(${id}, ${staffId}, ${reason}) as id`,
};

interface PaidOut extends Kind {
  readonly status: string;
  readonly amountMinor: number;
  readonly returnAskedBy: string | null;
  readonly cafeId: string | null;
}

/** Two people of finance, always: one alone would pay a friend twice. The row is locked by whoever calls. */
async function sayItCameBack(tx: Transaction, config: Config, back: Return, paidOut: PaidOut): Promise<void> {
  const { table, objectKind, refusal, giveBack, status, amountMinor, returnAskedBy, cafeId } = paidOut;
  const notReturned = new CodedError("INVALID_TRANSITION", refusal, { details: { status } });
  if (status !== "paid") throw notReturned;
  if (returnAskedBy === back.staffId) throw new CodedError("INSUFFICIENT_ROLE", "Somebody else of finance must say so too.");
  if (returnAskedBy === null)
    await tx.run(sql`update ${table} set return_asked_by = ${back.staffId}, return_asked_at = clock_timestamp() where id = ${back.id}`);
  else {
    await refuseOneBehindTwo(tx, config, returnAskedBy, back.staffId);
    const done = await tx.row<{ id: string | null }>(giveBack(back));
    if (!done?.id) throw notReturned;
  }
  await auditActor(
    tx,
    { ...back, cafeId },
    {
      action: `${objectKind}.${returnAskedBy === null ? "return_asked" : "returned"}`,
      objectKind,
      objectId: back.id,
      details: { amount_minor: amountMinor },
    },
  );
}
