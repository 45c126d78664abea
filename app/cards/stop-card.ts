import { sql, type Transaction } from "../platform/postgres.ts";
import type { Card } from "./card.ts";

interface Stop {
  readonly cardId: string;
  readonly status: "frozen" | "lost" | "revoked";
  readonly because: string;
}

/**
 * Takes a card out of use. Its open charges are voided first, then its status is written, which waits for the card's guard
 * (see watch_status): a confirm holds order and charge when it asks for the guard, so the other way round would deadlock.
 * A charge that is opened in between stays open and cannot be confirmed.
 */
export async function stopCard(tx: Transaction, { cardId, status, because }: Stop): Promise<Card | undefined> {
  await tx.run(sql`
    select end_charge(id, 'voided', 'card ' || ${status}::text)
    from (
      select c.id from charges c join cards k on k.id = c.card_id and k.student_id = c.student_id
      where k.id = ${cardId} and c.state = 'open' order by c.id for update of c) open`);
  return tx.row<Card>(sql`
    update cards set status = ${status}, status_because = ${because}, updated_at = now()
    where id = ${cardId} and status in ('active', 'frozen')
    returning id, issue_number, status, created_at`);
}
