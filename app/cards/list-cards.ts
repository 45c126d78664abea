import { notFound } from "../platform/errors.ts";
import { type Queryable, sql } from "../platform/postgres.ts";
import type { Card } from "./card.ts";

export interface OwnCard extends Card {
  readonly statusBecause: string | null;
}

/** Newest first. A student has few cards in a lifetime; the limit only guards against the impossible. */
export const listCards = (db: Queryable, studentId: string): Promise<OwnCard[]> =>
  db.rows<OwnCard>(sql`
    select id, issue_number, status, status_because, created_at from cards
    where student_id = ${studentId} order by issue_number desc limit 100`);

/** The student's own card; somebody else's is as absent as one that never was. */
export async function readOwnCard(db: Queryable, cardId: string, studentId: string): Promise<OwnCard> {
  const card = await db.row<OwnCard>(sql`
    select id, issue_number, status, status_because, created_at from cards where id = ${cardId} and student_id = ${studentId}`);
  if (!card) throw notFound("The card");
  return card;
}

export async function listCardsOfStudent(db: Queryable, studentId: string): Promise<OwnCard[]> {
  if (!(await db.row(sql`select id from students where id = ${studentId}`))) throw notFound("The student");
  return listCards(db, studentId);
}
