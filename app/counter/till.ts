import { notFound } from "../platform/errors.ts";
import { type Queryable, sql } from "../platform/postgres.ts";

export interface Till {
  readonly id: string;
  readonly name: string;
  readonly cafeId: string;
  readonly cafeCode: string;
  readonly cafeName: string;
  readonly timeZone: string;
  readonly currency: string;
}

export async function readTill(db: Queryable, deviceId: string): Promise<Till> {
  const till = await db.row<Till>(sql`
    select d.id, d.name, c.id as cafe_id, c.code as cafe_code, c.name as cafe_name, c.time_zone, c.currency
    from devices d join cafes c on c.id = d.cafe_id where d.id = ${deviceId}`);
  if (!till) throw notFound("The terminal");
  return till;
}
