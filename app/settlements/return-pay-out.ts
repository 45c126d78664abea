import { type Actor, auditActor } from "../identity/actor.ts";
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

/** The bank sent a student's money back: the wallet is open again with it, and the student may ask with another account. */
export async function returnCloseOut(tx: Transaction, back: Return): Promise<CloseOut> {
  const { status, amountMinor } = await readCloseOut(tx, back.id);
  const done = await tx.row<{ id: string | null }>(sql`select return_close_out(${back.id}, ${back.staffId}, ${back.reason}) as id`);
  if (!done?.id)
    throw new CodedError("INVALID_TRANSITION", "Only a close-out that is paid, of a student who is not erased, can come back.", {
      details: { status },
    });
  await auditActor(tx, back, {
    action: "close_out.returned",
    objectKind: "close_out",
    objectId: back.id,
    details: { amount_minor: amountMinor },
  });
  return readCloseOut(tx, back.id);
}
