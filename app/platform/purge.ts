import { type Statement, sql, type Transaction } from "./postgres.ts";

const batchRows = 1_000;
const maxBatches = 20;

// Each deletes one batch of what nobody needs any more, oldest first along an index, and stays far below statement_timeout.
const rules: readonly (() => Statement)[] = [
  () => sql`
    delete from otps where id in
      (select id from otps where created_at < now() - interval '1 day' order by created_at limit ${batchRows})`,
  () => sql`
    delete from refresh_tokens where token_hash in
      (select token_hash from refresh_tokens where expires_at < now() order by expires_at limit ${batchRows})`,
  () => sql`
    delete from login_failures where username_hash in
      (select username_hash from login_failures where last_at < now() - interval '1 day' limit ${batchRows})`,
  () => sql`
    delete from idempotency_answers where (principal, route, key) in
      (select principal, route, key from idempotency_answers where expires_at < now() order by expires_at limit ${batchRows})`,
  () => sql`
    delete from outbox where id in
      (select id from outbox where done_at < now() - interval '7 days' order by done_at limit ${batchRows})`,
  () => sql`
    delete from events where (xid, id) in
      (select xid, id from events where at < now() - interval '3 days' order by xid, id limit ${batchRows})`,
];

/** Forgets what is over, by rule. What is left after the last batch waits for the next round. */
export async function purge(tx: Transaction): Promise<void> {
  for (const rule of rules) {
    for (let batch = 0; batch < maxBatches; batch += 1) if ((await tx.run(rule())) < batchRows) break;
  }
}
