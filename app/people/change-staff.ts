import type { StaffRole } from "../identity/access-token.ts";
import { auditActor } from "../identity/actor.ts";
import { endSessions } from "../identity/end-sessions.ts";
import { noteOpenedByOne } from "../identity/four-eyes.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { isOfUniversity, lockStaff, type Manager, type StaffMember, staffColumns } from "./staff-member.ts";

export interface StaffChange {
  readonly name?: string | undefined;
  readonly role?: StaffRole | undefined;
  readonly isActive?: boolean | undefined;
}

export interface ChangedStaff {
  readonly member: StaffMember;
  readonly endedSessionIds: readonly string[];
}

/**
 * Changes a member of staff. Another role, or none any more, ends the sessions, because tokens carry the role. Changes of
 * staff follow one another, so that two admins cannot deactivate each other.
 */
export async function changeStaff(tx: Transaction, staffId: string, change: StaffChange, manager: Manager): Promise<ChangedStaff> {
  await tx.run(sql`select pg_advisory_xact_lock(hashtextextended('staff', 0))`);
  const before = await lockStaff(tx, staffId, manager);
  const wanted = { name: change.name ?? before.name, role: change.role ?? before.role, isActive: change.isActive ?? before.isActive };
  const isOther = wanted.role !== before.role || wanted.isActive !== before.isActive;
  if (!isOther && wanted.name === before.name) return { member: before, endedSessionIds: [] };
  if (isOther) await refuse(tx, before, wanted, manager);
  const member = await tx.row<StaffMember>(sql`
    update staff set name = ${wanted.name}, role = ${wanted.role}, is_active = ${wanted.isActive}, updated_at = clock_timestamp()
    where id = ${staffId} returning ${staffColumns}`);
  if (!member) throw new Error("The member of staff changed under its own lock.");
  if (wanted.role === "owner" && before.role !== "owner") await noteOpenedByOne(tx, staffId, manager.staffId);
  const endedSessionIds = isOther ? await endSessions(tx, { staffId }, wanted.isActive ? "changed" : "deactivated") : [];
  if (!wanted.isActive) await tx.run(sql`delete from push_tokens where staff_id = ${staffId}`);
  const actor = { ...manager, cafeId: before.cafeId };
  await auditActor(tx, actor, {
    action: wanted.isActive === before.isActive ? "staff.changed" : wanted.isActive ? "staff.reactivated" : "staff.deactivated",
    objectKind: "staff",
    objectId: staffId,
    details: {
      fields: Object.entries(wanted).flatMap(([field, value]) => (value === before[field as keyof typeof wanted] ? [] : [field])),
      role: wanted.role,
    },
  });
  return { member, endedSessionIds };
}

async function refuse(
  tx: Transaction,
  before: StaffMember,
  wanted: { role: StaffRole; isActive: boolean },
  manager: Manager,
): Promise<void> {
  if (before.id === manager.staffId)
    throw new CodedError("INSUFFICIENT_ROLE", "Nobody changes the own role or deactivates the own account: ask somebody else.");
  if (isOfUniversity(wanted.role) !== isOfUniversity(before.role)) {
    // A café's staff stay in their café, and the university's in none: that is another account.
    if (manager.cafeId !== null) throw new CodedError("INSUFFICIENT_ROLE", `An owner makes nobody ${wanted.role}.`);
    throw new CodedError("CONFLICT", `Somebody who is ${before.role} cannot become ${wanted.role}: add a new account for that.`);
  }
  const leaves =
    before.isActive && (before.role === "owner" || before.role === "admin") && (wanted.role !== before.role || !wanted.isActive);
  if (!leaves) return;
  const others = await tx.row(sql`
    select id from staff
    where role = ${before.role} and cafe_id is not distinct from ${before.cafeId} and is_active and id <> ${before.id} limit 1`);
  if (!others)
    throw new CodedError("CONFLICT", `This is the last ${before.role}: add another one first.`, { details: { role: before.role } });
}
