import { part, type Queryable, type Statement, sql } from "../platform/postgres.ts";
import type { Holder } from "./access-token.ts";

export type PushPlatform = "android" | "ios" | "web";

const maxTokensOfOne = 10;

/** The token moves to whoever registered it last: a phone shows one person's notifications. The ten newest of a person are kept. */
export async function registerPushToken(tx: Queryable, holder: Holder, token: string, platform: PushPlatform): Promise<void> {
  const [studentId, staffId] = holder.kind === "student" ? [holder.id, null] : [null, holder.id];
  await tx.run(sql`
    insert into push_tokens (token, student_id, staff_id, platform) values (${token}, ${studentId}, ${staffId}, ${platform})
    on conflict (token) do update set student_id = excluded.student_id, staff_id = excluded.staff_id,
      platform = excluded.platform, is_active = true, updated_at = clock_timestamp()`);
  await tx.run(sql`
    delete from push_tokens where token in
      (select token from push_tokens where ${ownedBy(holder)} order by updated_at desc offset ${maxTokensOfOne})`);
}

export async function removePushToken(db: Queryable, holder: Holder, token: string): Promise<void> {
  await db.run(sql`delete from push_tokens where token = ${token} and ${ownedBy(holder)}`);
}

const ownedBy = ({ kind, id }: Holder): Statement => (kind === "student" ? part`student_id = ${id}` : part`staff_id = ${id}`);
