import { type Deed, type ProvenStepUp, spendStepUp } from "../identity/step-up.ts";
import { tellStudent } from "../notifications/notices/tell-student.ts";
import { audit } from "../platform/audit.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type Card, frozenByStudent } from "./card.ts";
import { readOwnCard } from "./list-cards.ts";

interface Unfreeze {
  readonly cardId: string;
  readonly studentId: string;
  readonly stepUp: ProvenStepUp | undefined;
  readonly requestId: string;
}

export const deedOfThawedCard = (cardId: string): Deed => ({ purpose: "thaw_card", lines: [cardId] });

/**
 * Undoes the student's own freeze, and nothing else, with a code of the phone: a thief's token does not undo it. A card that was "not
 * me" is in doubt for good: the card office replaces it.
 */
export async function unfreezeCard(tx: Transaction, { cardId, studentId, stepUp, requestId }: Unfreeze): Promise<Card> {
  const card = await tx.row<Card>(sql`
    update cards set status = 'active', status_because = null, updated_at = now()
    where id = ${cardId} and student_id = ${studentId} and status = 'frozen' and status_because = ${frozenByStudent}
    returning id, issue_number, status, created_at`);
  if (card) {
    await spendStepUp(tx, stepUp, deedOfThawedCard(cardId));
    await tellStudent(tx, studentId, "card_thawed");
    await audit(tx, { actorKind: "student", actorId: studentId, action: "card.unfrozen", objectKind: "card", objectId: cardId, requestId });
    return card;
  }
  const { statusBecause, ...now } = await readOwnCard(tx, cardId, studentId);
  if (now.status === "active") return now;
  throw new CodedError("INVALID_TRANSITION", "This card stays out of use: ask the card office for a new one.", {
    details: { status: now.status, because: statusBecause },
  });
}
