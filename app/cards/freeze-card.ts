import { audit } from "../platform/audit.ts";
import { CodedError } from "../platform/errors.ts";
import type { Transaction } from "../platform/postgres.ts";
import { type Card, type frozenByStudent, notMe } from "./card.ts";
import { readOwnCard } from "./list-cards.ts";
import { stopCard } from "./stop-card.ts";

interface Freeze {
  readonly cardId: string;
  readonly because: typeof frozenByStudent | typeof notMe;
  /** The student whose card it is. */
  readonly actorId: string;
  readonly requestId: string;
}

/** Freezes the student's own card at once: open requests of it end, nothing is debited by it afterwards. Asked again it stays frozen. */
export async function freezeCard(tx: Transaction, { cardId, because, actorId, requestId }: Freeze): Promise<Card> {
  const before = await readOwnCard(tx, cardId, actorId);
  // "Not me" is the stronger word and stays.
  const reason = before.statusBecause === notMe ? notMe : because;
  if (before.status === "frozen" && before.statusBecause === reason) return before;
  const card = await stopCard(tx, { cardId, status: "frozen", because: reason });
  if (!card && because === notMe) return before;
  if (!card)
    throw new CodedError("INVALID_TRANSITION", `A card that is ${before.status} cannot be frozen.`, { details: { status: before.status } });
  await audit(tx, {
    actorKind: "student",
    actorId,
    action: "card.frozen",
    objectKind: "card",
    objectId: cardId,
    details: { because: reason },
    requestId,
  });
  return card;
}
