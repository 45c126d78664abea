import { type Queryable, sql } from "../platform/postgres.ts";

export interface ListedDevice {
  readonly id: string;
  readonly name: string;
  readonly cafeId: string;
  readonly createdAt: Date;
  readonly rotatedAt: Date | null;
  readonly revokedAt: Date | null;
}

interface Page {
  readonly limit: number;
  /** The last id of the page before. */
  readonly after: string | undefined;
}

/** Newest first; one more than the limit tells that a further page exists. */
export async function listDevices(
  db: Queryable,
  cafeId: string,
  { limit, after }: Page,
): Promise<{ items: ListedDevice[]; next: string | undefined }> {
  const rows = await db.rows<ListedDevice>(sql`
    select id, name, cafe_id, created_at, rotated_at, revoked_at from devices
    where cafe_id = ${cafeId} and (${after ?? null}::uuid is null or id < ${after ?? null}::uuid)
    order by id desc limit ${limit + 1}`);
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? items.at(-1)?.id : undefined };
}
