import { audit } from "../platform/audit.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type Card, frozenByStudent } from "./card.ts";
import { readOwnCard } from "./list-cards.ts";

interface Unfreeze {
  readonly cardId: string;
  readonly studentId: string;
  readonly requestId: string;
}

/**
 * Undoes the student's own freeze, and nothing else. A stolen token gains little by it: a card only identifies, each
 * payment still needs the number shown at the counter and the phone's key. A card that was "not me" is in doubt for good:
 * the card office replaces it.
 */
export async function unfreezeCard(tx: Transaction, { cardId, studentId, requestId }: Unfreeze): Promise<Card> {
  const card = await tx.row<Card>(sql`
    update cards set status = 'active', status_because = null, updated_at = now()
    where id = ${cardId} and student_id = ${studentId} and status = 'frozen' and status_because = ${frozenByStudent}
    returning id, issue_number, status, created_at`);
  if (card) {
    await audit(tx, { actorKind: "student", actorId: studentId, action: "card.unfrozen", objectKind: "card", objectId: cardId, requestId });
    return card;
  }
  const { statusBecause, ...now } = await readOwnCard(tx, cardId, studentId);
  if (now.status === "active") return now;
  throw new CodedError("INVALID_TRANSITION", "This card stays out of use: ask the card office for a new one.", {
    details: { status: now.status, because: statusBecause },
  });
}
