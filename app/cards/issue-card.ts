import { type Actor, auditActor } from "../identity/actor.ts";
import { endOfNewPhone } from "../identity/step-up.ts";
import { tellStudent } from "../notifications/notices/tell-student.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import type { Card } from "./card.ts";
import { noCardYet, type PhoneWait } from "./fresh-card.ts";
import { stopCard } from "./stop-card.ts";

interface Issue extends Actor {
  readonly studentId: string;
  readonly uidHash: Buffer;
}

interface KnownCard extends Card {
  readonly studentId: string;
}

/**
 * Gives the student a card; the one in use until now is revoked. The card's number is the key of this request: asked again,
 * the card that was made is the answer. A number serves once: a card that went through another hand is never trusted again.
 * None for some days after another phone was entered: with both, whoever enters phones would spend the wallet alone.
 */
export async function issueCard(tx: Transaction, config: PhoneWait, issue: Issue): Promise<Card> {
  const { studentId, uidHash } = issue;
  const student = await tx.row<{ isActive: boolean; waitUntil: Date | null }>(
    sql`select is_active, ${endOfNewPhone(config)} as wait_until from students where id = ${studentId} for no key update`,
  );
  if (!student) throw notFound("The student");
  if (!student.isActive) throw new CodedError("CONFLICT", "This student is deactivated and gets no card.");
  const known = await tx.row<KnownCard>(
    sql`select id, student_id, issue_number, status, created_at from cards where uid_hash = ${uidHash}`,
  );
  if (known?.studentId === studentId && known.status === "active") return known;
  if (known) throw new CodedError("CONFLICT", "A card with this number was issued before: take a fresh one.");
  if (student.waitUntil) throw noCardYet(config, student.waitUntil);
  await revokeCardInUse(tx, studentId);
  const card = await tx.row<Card>(sql`
    insert into cards (student_id, uid_hash, issue_number)
    select ${studentId}, ${uidHash}, coalesce(max(issue_number), 0) + 1 from cards where student_id = ${studentId}
    on conflict (uid_hash) do nothing
    returning id, issue_number, status, created_at`);
  if (!card) throw new CodedError("CONFLICT", "A card with this number was issued just now: take a fresh one.");
  // Also of a first one: whoever issues to a card of their own is seen by the wallet's owner.
  await tellStudent(tx, studentId, "card_issued");
  await auditActor(tx, issue, {
    action: "card.issued",
    objectKind: "card",
    objectId: card.id,
    details: { student_id: studentId, issue_number: card.issueNumber },
  });
  return card;
}

async function revokeCardInUse(tx: Transaction, studentId: string): Promise<void> {
  const inUse = await tx.row<{ id: string }>(sql`select id from cards where student_id = ${studentId} and status in ('active', 'frozen')`);
  if (inUse) await stopCard(tx, { cardId: inUse.id, status: "revoked", because: "replaced by a new card" });
}
