import type { StaffRole } from "../identity/access-token.ts";
import type { Actor } from "../identity/actor.ts";
import { allOf } from "../platform/all-of.ts";
import { notFound } from "../platform/errors.ts";
import { type Page, type PageInput, pageOf } from "../platform/page.ts";
import { part, type Queryable, sql, type Transaction } from "../platform/postgres.ts";

export interface StaffMember {
  readonly id: string;
  readonly username: string;
  readonly name: string;
  readonly role: StaffRole;
  readonly cafeId: string | null;
  readonly isActive: boolean;
  readonly mustChangePassword: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Who manages staff: an owner in the own café, an admin everywhere. */
export interface Manager extends Actor {
  /** null: the university's. */
  readonly cafeId: string | null;
}

/** They have no café, and may move money or make those who may. */
export const isOfUniversity = (role: StaffRole): boolean => role === "finance" || role === "admin";

export const staffColumns = part`id, username, name, role, cafe_id, is_active, must_change_password, created_at, updated_at`;

interface Wanted extends PageInput {
  readonly cafeId: string | null;
  readonly role: StaffRole | undefined;
}

/** Newest first, those who left too. */
export async function listStaff(db: Queryable, { cafeId, role, limit, after }: Wanted): Promise<Page<StaffMember>> {
  const conditions = [
    ...(cafeId === null ? [] : [part`cafe_id = ${cafeId}`]),
    ...(role === undefined ? [] : [part`role = ${role}`]),
    ...(after === undefined ? [] : [part`id < ${after}`]),
  ];
  const rows = await db.rows<StaffMember>(sql`
    select ${staffColumns} from staff where ${allOf(conditions)} order by id desc limit ${limit + 1}`);
  return pageOf(rows, limit);
}

/** Who is another café's, or the university's where an owner asks, is as absent as one that never was. */
export async function lockStaff(tx: Transaction, staffId: string, { cafeId }: Pick<Manager, "cafeId">): Promise<StaffMember> {
  const member = await tx.row<StaffMember>(sql`
    select ${staffColumns} from staff where id = ${staffId} and (${cafeId}::uuid is null or cafe_id = ${cafeId}::uuid) for no key update`);
  if (!member) throw notFound("The member of staff");
  return member;
}
