import { type EndedBecause, endSessions } from "../identity/end-sessions.ts";
import { sql, type Transaction } from "../platform/postgres.ts";

/** Whoever is logged in as this student is not any more, and no phone rings for it. The ids go to `identity.sessionsEnded` after the commit. */
export async function endLogins(tx: Transaction, studentId: string, because: EndedBecause): Promise<string[]> {
  await tx.run(sql`delete from push_tokens where student_id = ${studentId}`);
  return endSessions(tx, { studentId }, because);
}
