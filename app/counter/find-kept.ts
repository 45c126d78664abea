import { notFound } from "../platform/errors.ts";
import type { Claim } from "../platform/idempotency.ts";
import { type Queryable, sql } from "../platform/postgres.ts";

/** What became of a sale or refund whose answer was lost: the answer's own bytes. */
export async function findKept(
  db: Queryable,
  called: string,
  { principal, route, key }: Omit<Claim, "bodyHash" | "keep">,
): Promise<string> {
  const stored = await db.row<{ body: string }>(sql`
    select body from idempotency_answers where principal = ${principal} and route = ${route} and key = ${key}`);
  if (!stored) throw notFound(`${called} under this key`);
  return stored.body;
}
