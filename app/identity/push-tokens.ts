import { tellStudent } from "../notifications/notices/tell-student.ts";
import { part, type Queryable, type Statement, sql } from "../platform/postgres.ts";
import type { Holder } from "./access-token.ts";

export type PushPlatform = "android" | "ios" | "web";

const maxTokensOfOne = 10;

/**
 * The token moves to whoever registered it last: a phone shows one person's notifications. A student who had it is told by
 * mail and on the other phones, since a thief of the token would silence this one. The ten newest of a person are kept.
 */
export async function registerPushToken(tx: Queryable, holder: Holder, token: string, platform: PushPlatform): Promise<void> {
  const [studentId, staffId] = holder.kind === "student" ? [holder.id, null] : [null, holder.id];
  const before = await tx.row<{ studentId: string | null }>(sql`select student_id from push_tokens where token = ${token} for update`);
  await tx.run(sql`
    insert into push_tokens as known (token, student_id, staff_id, platform) values (${token}, ${studentId}, ${staffId}, ${platform})
    on conflict (token) do update set student_id = excluded.student_id, staff_id = excluded.staff_id,
      platform = excluded.platform, is_active = true, updated_at = clock_timestamp(),
      created_at = case when (known.student_id, known.staff_id) is not distinct from (excluded.student_id, excluded.staff_id)
        then known.created_at else clock_timestamp() end`);
  const pushedOut = await tx.rows<{ isMissed: boolean }>(sql`
    delete from push_tokens where token in
      (select token from push_tokens where ${ownedBy(holder)} order by updated_at desc offset ${maxTokensOfOne})
    returning is_active and created_at < clock_timestamp() - make_interval(mins => ${quietMinutes}) as is_missed`);
  if (before?.studentId && before.studentId !== studentId) await tellStudent(tx, before.studentId, "push_moved");
  if (studentId === null || before?.studentId === studentId) return;
  if (pushedOut.some(({ isMissed }) => isMissed)) await tellStudent(tx, studentId, "push_replaced");
  else if (await isWorthTelling(tx, studentId, token)) await tellStudent(tx, studentId, "push_added");
}

/** Whoever registers token after token sends a message for the first, and for each that pushes out one from before. */
const quietMinutes = 60;

async function isWorthTelling(tx: Queryable, studentId: string, token: string): Promise<boolean> {
  const others = await tx.row<{ isQuiet: boolean | null }>(sql`
    select bool_and(created_at < clock_timestamp() - make_interval(mins => ${quietMinutes})) as is_quiet
    from push_tokens where student_id = ${studentId} and token <> ${token}`);
  return others?.isQuiet === true;
}

/** For a staff member who begins anew: a thief's phone hears no more of the café. */
export async function forgetStaffPushTokens(tx: Queryable, staffId: string): Promise<number> {
  return tx.run(sql`delete from push_tokens where staff_id = ${staffId}`);
}

export async function removePushToken(db: Queryable, holder: Holder, token: string): Promise<void> {
  await db.run(sql`delete from push_tokens where token = ${token} and ${ownedBy(holder)}`);
}

const ownedBy = ({ kind, id }: Holder): Statement => (kind === "student" ? part`student_id = ${id}` : part`staff_id = ${id}`);
