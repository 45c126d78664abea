import type { StaffRole } from "../identity/access-token.ts";
import { auditActor } from "../identity/actor.ts";
import { noteOpenedByOne } from "../identity/four-eyes.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction, violatedConstraint } from "../platform/postgres.ts";
import { type Manager, type StaffMember, staffColumns } from "./staff-member.ts";

interface Input {
  readonly username: string;
  readonly name: string;
  readonly role: StaffRole;
  /** The café in which they will work; null for finance and admin. */
  readonly cafeId: string | null;
  readonly passwordHash: string;
  readonly passwordHours: number;
}

/** Adds a member of staff, whose password is a one-time one. */
export async function addStaff(
  tx: Transaction,
  { username, name, role, cafeId, passwordHash, passwordHours }: Input,
  manager: Manager,
): Promise<StaffMember> {
  if (cafeId !== null && !(await tx.row(sql`select id from cafes where id = ${cafeId}`))) throw notFound("The café");
  const member = await tx
    .row<StaffMember>(sql`
      insert into staff (username, password_hash, name, role, cafe_id, must_change_password, password_ends_at)
      values (${username}, ${passwordHash}, ${name}, ${role}, ${cafeId}, true, now() + make_interval(hours => ${passwordHours})) returning ${staffColumns}`)
    .catch((error: unknown) => {
      if (violatedConstraint(error) !== "staff_username_key") throw error;
      throw new CodedError("CONFLICT", "Somebody has this username: choose another one.", { details: { field: "username" }, cause: error });
    });
  if (!member) throw new Error("The member of staff was not written.");
  // Of the university's the two who ask and agree are noted where they do.
  if (cafeId !== null) await noteOpenedByOne(tx, member.id, manager.staffId);
  await auditActor(tx, { ...manager, cafeId }, { action: "staff.added", objectKind: "staff", objectId: member.id, details: { role } });
  return member;
}
