import { notFound } from "../platform/errors.ts";
import { type Queryable, sql } from "../platform/postgres.ts";

interface SaleKey {
  readonly principal: string;
  readonly route: string;
  readonly key: string;
}

/** What became of a sale whose answer was lost: the answer's own bytes. */
export async function findSale(db: Queryable, { principal, route, key }: SaleKey): Promise<string> {
  const stored = await db.row<{ body: string }>(sql`
    select body from idempotency_answers where principal = ${principal} and route = ${route} and key = ${key}`);
  if (!stored) throw notFound("A sale under this key");
  return stored.body;
}
