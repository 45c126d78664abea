import { refuseCommonPassword, refusedPassword } from "../identity/common-passwords.ts";
import { endSessions } from "../identity/end-sessions.ts";
import type { Identity } from "../identity/identity.ts";
import { proveStaff, type StaffProof } from "../identity/log-in-staff.ts";
import { forgetStaffPushTokens } from "../identity/push-tokens.ts";
import { audit } from "../platform/audit.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { sql } from "../platform/postgres.ts";

interface Input extends StaffProof {
  readonly newPassword: string;
}

/** Whoever knows the password, also a one-time one, puts an own one in its place. Counted and locked like a login. */
export async function choosePassword(
  platform: Platform,
  identity: Pick<Identity, "passwords" | "sessionsEnded">,
  input: Input,
): Promise<void> {
  const { username, password, newPassword, requestId } = input;
  if (newPassword === password) throw refusedPassword("new_password", "must be another one");
  refuseCommonPassword("new_password", newPassword, username);
  const { staff: member } = await proveStaff(platform, identity, input, "change");
  const passwordHash = await identity.passwords.hash(newPassword);
  const ended = await platform.db.transaction(async (tx) => {
    // The hash that was proved: of two changes at once the first one holds.
    const changed = await tx.run(sql`
      update staff set password_hash = ${passwordHash}, must_change_password = false, password_ends_at = null, updated_at = clock_timestamp()
      where id = ${member.id} and password_hash = ${member.passwordHash} and is_active`);
    if (changed === 0) throw new CodedError("INVALID_CREDENTIALS", "The username or the password is wrong.");
    await forgetStaffPushTokens(tx, member.id);
    await audit(tx, {
      actorKind: "staff",
      actorId: member.id,
      action: "staff.password_changed",
      objectKind: "staff",
      objectId: member.id,
      cafeId: member.cafeId,
      requestId,
    });
    return endSessions(tx, { staffId: member.id }, "changed");
  });
  identity.sessionsEnded(ended);
}
