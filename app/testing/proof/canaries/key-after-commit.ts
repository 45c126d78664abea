import type { Answer, AnswerOnce, Claim } from "../../../platform/idempotency.ts";
import { type Database, sql, type Transaction } from "../../../platform/postgres.ts";

/** The product's answerOnce as it is often written: the effect is committed, and then its key is stored. */
export async function answerOnce(db: Database, claim: Claim | undefined, work: (tx: Transaction) => Promise<Answer>): Promise<AnswerOnce> {
  const stored = claim && (await readStored(db, claim));
  if (stored) return { ...stored, hit: true };
  const answer = await db.transaction(work);
  if (claim) await store(db, claim, answer);
  return { ...answer, hit: false };
}

const readStored = (db: Database, { principal, route, key }: Claim) =>
  db.row<Answer>(sql`select status, body from idempotency_answers where principal = ${principal} and route = ${route} and key = ${key}`);

const store = (db: Database, { principal, route, key, bodyHash }: Claim, { status, body }: Answer) =>
  db.run(sql`
    insert into idempotency_answers (principal, route, key, body_hash, status, body)
    values (${principal}, ${route}, ${key}, ${bodyHash}, ${status}, ${body}) on conflict do nothing`);
