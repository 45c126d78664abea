import { audit } from "../platform/audit.ts";
import { CodedError } from "../platform/errors.ts";
import type { Transaction } from "../platform/postgres.ts";
import type { Card } from "./card.ts";
import { readOwnCard } from "./list-cards.ts";
import { stopCard } from "./stop-card.ts";

interface Report {
  readonly cardId: string;
  readonly studentId: string;
  readonly requestId: string;
}

/** The card is gone, and stays so when it turns up again: somebody may have copied it. */
export async function reportLost(tx: Transaction, { cardId, studentId, requestId }: Report): Promise<Card> {
  const before = await readOwnCard(tx, cardId, studentId);
  if (before.status === "lost") return before;
  const card = await stopCard(tx, { cardId, status: "lost", because: "reported lost by the student" });
  if (!card)
    throw new CodedError("INVALID_TRANSITION", `A card that is ${before.status} cannot be reported lost.`, {
      details: { status: before.status },
    });
  await audit(tx, { actorKind: "student", actorId: studentId, action: "card.lost", objectKind: "card", objectId: cardId, requestId });
  return card;
}
