import { type Actor, auditActor } from "../identity/actor.ts";
import { refuseOneBehindTwo } from "../identity/four-eyes.ts";
import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type CloseOut, readCloseOut } from "./close-out.ts";
import { readSettlement, type Settlement } from "./settlement.ts";

interface Return extends Actor {
  readonly id: string;
  readonly reason: string;
}

/** The bank sent the café's money back, or it never left: it is due again. */
export async function returnSettlement(tx: Transaction, back: Return): Promise<Settlement> {
  const { status, cafeId, payableMinor } = await readSettlement(tx, back.id);
  const done = await tx.row<{ id: string | null }>(sql`select return_settlement(${back.id}, ${back.staffId}, ${back.reason}) as id`);
  if (!done?.id) throw new CodedError("INVALID_TRANSITION", "Only a settlement that is paid can come back.", { details: { status } });
  await auditActor(
    tx,
    { ...back, cafeId },
    { action: "settlement.returned", objectKind: "settlement", objectId: back.id, details: { amount_minor: payableMinor } },
  );
  return readSettlement(tx, back.id);
}

/**
 * The bank sent a student's money back. The first of two people of finance says so; with the second the wallet is open again with it, and
 * the student may ask with another account. One alone would give a friend the money twice.
 */
export async function returnCloseOut(tx: Transaction, config: Config, back: Return): Promise<CloseOut> {
  const closeOut = await lockCloseOut(tx, back.id);
  const { returnAskedBy, status } = closeOut;
  if (status !== "paid") throw notReturned(status);
  if (returnAskedBy === back.staffId) throw new CodedError("INSUFFICIENT_ROLE", "Somebody else of finance must say so too.");
  if (returnAskedBy === null)
    await tx.run(sql`update close_outs set return_asked_by = ${back.staffId}, return_asked_at = clock_timestamp() where id = ${back.id}`);
  else {
    await refuseOneBehindTwo(tx, config, returnAskedBy, back.staffId);
    const done = await tx.row<{ id: string | null }>(sql`select return_close_out(${back.id}, ${back.staffId}, ${back.reason}) as id`);
    if (!done?.id) throw notReturned(status);
  }
  await auditActor(tx, back, {
    action: returnAskedBy === null ? "close_out.return_asked" : "close_out.returned",
    objectKind: "close_out",
    objectId: back.id,
    details: { amount_minor: closeOut.amountMinor },
  });
  return readCloseOut(tx, back.id);
}

async function lockCloseOut(tx: Transaction, id: string): Promise<CloseOut> {
  await tx.run(sql`select id from close_outs where id = ${id} for update`);
  return readCloseOut(tx, id);
}

const notReturned = (status: string) =>
  new CodedError("INVALID_TRANSITION", "Only a close-out that is paid, of a student who is not erased, can come back.", {
    details: { status },
  });
