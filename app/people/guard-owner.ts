import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import type { Manager, StaffMember } from "./staff-member.ts";

/**
 * One open browser of an owner makes a second owner, who would then shut the first one out. Whom somebody of the café made, raised or
 * reset of late touches no other owner's account; the owner who was there before throws the newcomer out, and so does the university.
 */
export async function guardOwner(
  tx: Transaction,
  { FOUR_EYES_DAYS }: Pick<Config, "FOUR_EYES_DAYS">,
  target: StaffMember,
  manager: Manager,
): Promise<void> {
  if (target.role !== "owner" || manager.cafeId === null || target.id === manager.staffId) return;
  const opened = await tx.row<{ until: Date }>(sql`
    select max(o.at) + make_interval(days => ${FOUR_EYES_DAYS}) as until
    from staff_openings o join staff by_whom on by_whom.id = o.opened_by
    where o.staff_id = ${manager.staffId} and by_whom.cafe_id is not null and o.at > now() - make_interval(days => ${FOUR_EYES_DAYS})
    having count(*) > 0`);
  if (opened)
    throw new CodedError(
      "INSUFFICIENT_ROLE",
      "Your account was made, raised or reset in this café of late, and changes no other owner's yet: ask another owner or the university.",
      { details: { because: "account_opened", until: opened.until.toISOString() } },
    );
}
