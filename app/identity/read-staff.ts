import { notFound } from "../platform/errors.ts";
import { type Queryable, sql } from "../platform/postgres.ts";
import type { User } from "./open-session.ts";

export async function readStaff(db: Queryable, staffId: string): Promise<Extract<User, { kind: "staff" }>> {
  const found = await db.row<Omit<Extract<User, { kind: "staff" }>, "kind">>(
    sql`select id, username, name, role, cafe_id from staff where id = ${staffId}`,
  );
  if (!found) throw notFound("The member of staff");
  return { kind: "staff", ...found };
}
