import { part, type Queryable, type Statement, sql } from "../platform/postgres.ts";

export type EndedBecause = "logout" | "reuse" | "deactivated" | "erased" | "changed" | "ended" | "disowned";
export type WhoseSessions = { readonly sessionId: string } | { readonly studentId: string } | { readonly staffId: string };

/**
 * Revokes what is still open and returns the ids. After the commit they go to `identity.sessionsEnded`, so that the
 * access tokens end as well.
 */
export async function endSessions(tx: Queryable, whose: WhoseSessions, because: EndedBecause): Promise<string[]> {
  const ended = await tx.rows<{ id: string }>(sql`
    update sessions set revoked_at = clock_timestamp(), revoked_because = ${because}
    where ${condition(whose)} and revoked_at is null returning id`);
  return ended.map(({ id }) => id);
}

function condition(whose: WhoseSessions): Statement {
  if ("sessionId" in whose) return part`id = ${whose.sessionId}`;
  return "studentId" in whose ? part`student_id = ${whose.studentId}` : part`staff_id = ${whose.staffId}`;
}
