import { auditActor } from "../identity/actor.ts";
import { endSessions } from "../identity/end-sessions.ts";
import { noteOpenedByOne } from "../identity/four-eyes.ts";
import { failureCounterOf, forgetFailures } from "../identity/log-in-staff.ts";
import { forgetStaffPushTokens } from "../identity/push-tokens.ts";
import { forgetFactors } from "../identity/second-factor.ts";
import type { Platform } from "../platform/context.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import type { ChangedStaff } from "./change-staff.ts";
import { lockStaff, type Manager } from "./staff-member.ts";

/** Gives a member of staff a one-time password; what was opened with the old one ends, and second factors are set up anew. */
export async function resetPassword(
  platform: Pick<Platform, "config" | "secrets">,
  tx: Transaction,
  staffId: string,
  passwordHash: string,
  manager: Manager,
): Promise<ChangedStaff> {
  const member = await lockStaff(tx, staffId, manager);
  // Whoever locked the name by guessing keeps nobody out of the new password.
  await forgetFailures(tx, await failureCounterOf(platform, member.username));
  await tx.run(sql`
    update staff set password_hash = ${passwordHash}, must_change_password = true, updated_at = clock_timestamp(),
      password_ends_at = clock_timestamp() + make_interval(hours => ${platform.config.ONE_TIME_PASSWORD_HOURS})
    where id = ${staffId}`);
  await forgetFactors(tx, staffId);
  await forgetStaffPushTokens(tx, staffId);
  if (member.cafeId !== null) await noteOpenedByOne(tx, staffId, manager.staffId);
  const endedSessionIds = await endSessions(tx, { staffId }, "changed");
  const actor = { ...manager, cafeId: member.cafeId };
  await auditActor(tx, actor, { action: "staff.password_reset", objectKind: "staff", objectId: staffId });
  return { member: { ...member, mustChangePassword: true }, endedSessionIds };
}
