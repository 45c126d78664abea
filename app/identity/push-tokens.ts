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
    insert into push_tokens (token, student_id, staff_id, platform) values (${token}, ${studentId}, ${staffId}, ${platform})
    on conflict (token) do update set student_id = excluded.student_id, staff_id = excluded.staff_id,
      platform = excluded.platform, is_active = true, updated_at = clock_timestamp()`);
  await tx.run(sql`
    delete from push_tokens where token in
      (select token from push_tokens where ${ownedBy(holder)} order by updated_at desc offset ${maxTokensOfOne})`);
  if (before?.studentId && before.studentId !== studentId) await tellStudent(tx, before.studentId, "push_moved");
}

export async function removePushToken(db: Queryable, holder: Holder, token: string): Promise<void> {
  await db.run(sql`delete from push_tokens where token = ${token} and ${ownedBy(holder)}`);
}

const ownedBy = ({ kind, id }: Holder): Statement => (kind === "student" ? part`student_id = ${id}` : part`staff_id = ${id}`);
