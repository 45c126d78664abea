import type { Card } from "../cards/card.ts";
import { stopCard } from "../cards/stop-card.ts";
import { type Actor, auditActor } from "../identity/actor.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";

interface Input extends Actor {
  readonly studentId: string;
  readonly cardId: string;
  readonly status: "frozen" | "lost";
}

const reasons = { frozen: "frozen by the card office", lost: "reported lost at the card office" } as const;

/** For the student who stands at the desk without a phone. What the card office stopped is not thawed by the app, only replaced. */
export async function stopStudentCard(tx: Transaction, input: Input): Promise<Card> {
  const { studentId, cardId, status } = input;
  const before = await tx.row<Card>(
    sql`select id, issue_number, status, created_at from cards where id = ${cardId} and student_id = ${studentId}`,
  );
  if (!before) throw notFound("The card");
  if (before.status === "lost" && status === "lost") return before;
  const card = await stopCard(tx, { cardId, status, because: reasons[status] });
  if (!card)
    throw new CodedError(
      "INVALID_TRANSITION",
      `A card that is ${before.status} cannot be ${status === "lost" ? "reported lost" : "frozen"}.`,
      {
        details: { status: before.status },
      },
    );
  await auditActor(tx, input, { action: `card.${status}`, objectKind: "card", objectId: cardId, details: { because: reasons[status] } });
  return card;
}
