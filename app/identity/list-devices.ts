import { type Page, type PageInput, pageOf } from "../platform/page.ts";
import { type Queryable, sql } from "../platform/postgres.ts";

export interface ListedDevice {
  readonly id: string;
  readonly name: string;
  readonly cafeId: string;
  readonly createdAt: Date;
  readonly rotatedAt: Date | null;
  readonly revokedAt: Date | null;
}

/** Newest first. */
export async function listDevices(db: Queryable, cafeId: string, { limit, after }: PageInput): Promise<Page<ListedDevice>> {
  const rows = await db.rows<ListedDevice>(sql`
    select id, name, cafe_id, created_at, rotated_at, revoked_at from devices
    where cafe_id = ${cafeId} and (${after ?? null}::uuid is null or id < ${after ?? null}::uuid)
    order by id desc limit ${limit + 1}`);
  return pageOf(rows, limit);
}
