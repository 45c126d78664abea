import { type Page, pageOf } from "../platform/page.ts";
import { type Queryable, sql } from "../platform/postgres.ts";

export interface CafeTable {
  readonly id: string;
  readonly cafeId: string;
  readonly code: string;
  readonly label: string;
  readonly createdAt: Date;
}

const codePattern = /^[a-z0-9]{6,12}$/;

/** The table of a QR code, where its café is open to the public. */
export async function findTable(db: Queryable, typedCode: string): Promise<CafeTable | undefined> {
  const code = typedCode.toLowerCase();
  if (!codePattern.test(code)) return undefined;
  return db.row<CafeTable>(sql`
    select t.id, t.cafe_id, t.code, t.label, t.created_at from cafe_tables t join cafes f on f.id = t.cafe_id
    where t.code = ${code} and t.is_active and f.status = 'approved'`);
}

export const readTable = (db: Queryable, cafeId: string, tableId: string): Promise<CafeTable | undefined> =>
  db.row<CafeTable>(
    sql`select id, cafe_id, code, label, created_at from cafe_tables where id = ${tableId} and cafe_id = ${cafeId} and is_active`,
  );

interface Wanted {
  readonly limit: number;
  /** The last id of the page before. */
  readonly after?: string | undefined;
  readonly skip?: number;
}

/** By label, table 2 before table 10. */
export async function listTables(db: Queryable, cafeId: string, { limit, after, skip = 0 }: Wanted): Promise<Page<CafeTable>> {
  const rows = await db.rows<CafeTable>(sql`
    select id, cafe_id, code, label, created_at from cafe_tables
    where cafe_id = ${cafeId} and is_active and (${after ?? null}::uuid is null
      or (length(label), label, id) > (select length(x.label), x.label, x.id from cafe_tables x where x.id = ${after ?? null}::uuid))
    order by length(label), label, id limit ${limit + 1} offset ${skip}`);
  return pageOf(rows, limit);
}

/** The address that a table's QR code says. */
export const tableUrl = (publicUrl: string, code: string): string => new URL(`/t/${code}`, publicUrl).href;
