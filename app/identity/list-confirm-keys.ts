import { type Queryable, sql } from "../platform/postgres.ts";

export interface ConfirmKey {
  readonly id: string;
  readonly publicKey: Buffer;
  readonly createdAt: Date;
}

export const listConfirmKeys = (db: Queryable, studentId: string): Promise<ConfirmKey[]> =>
  db.rows<ConfirmKey>(
    sql`select id, public_key, created_at from confirm_keys where student_id = ${studentId} and revoked_at is null order by id`,
  );
