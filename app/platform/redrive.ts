import { audit } from "./audit.ts";
import { type Database, sql } from "./postgres.ts";

/** Rows of one topic that were given up. */
export interface DeadLetters {
  readonly topic: string;
  readonly rows: number;
  readonly oldestAt: Date;
  readonly newestAt: Date;
  readonly lastError: string | null;
  /** Held a secret that was wiped: these cannot be sent again. */
  readonly wiped: number;
}

export const listDeadLetters = (db: Database): Promise<DeadLetters[]> =>
  db.rows<DeadLetters>(sql`
    select topic, count(*)::int as rows, min(dead_at) as oldest_at, max(dead_at) as newest_at,
      (array_agg(last_error order by dead_at desc))[1] as last_error, count(*) filter (where payload = '{}')::int as wiped
    from outbox where dead_at is not null group by topic order by topic`);

const batchRows = 1_000;

/** Gives the dead letters of a topic all their tries again. Returns how many there were. */
export async function redrive(db: Database, topic: string): Promise<number> {
  let revived = 0;
  for (;;) {
    const rows = await db.transaction(async (tx) => {
      const count = await tx.run(sql`
        update outbox set dead_at = null, due_at = now(), tries = 0 where id in (
          select id from outbox where dead_at is not null and topic = ${topic} and payload <> '{}' order by dead_at limit ${batchRows} for update)`);
      if (count > 0) {
        const about = { actorKind: "operator", actorId: null, objectKind: "outbox", objectId: null };
        await audit(tx, { ...about, action: "outbox.redriven", details: { topic, rows: count } });
      }
      return count;
    });
    revived += rows;
    if (rows < batchRows) return revived;
  }
}
