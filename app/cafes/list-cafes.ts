import { type Page, type PageInput, pageOf } from "../platform/page.ts";
import { type Queryable, sql } from "../platform/postgres.ts";
import type { Cafe } from "./cafe.ts";

export type ListedCafe = Pick<
  Cafe,
  "id" | "code" | "name" | "address" | "timeZone" | "currency" | "isOpen" | "pausedUntil" | "pauseReason"
>;

/** The approved cafés in the order of their names, and whether each takes orders at this moment. */
export async function listCafes(db: Queryable, { limit, after }: PageInput): Promise<Page<ListedCafe>> {
  const rows = await db.rows<ListedCafe>(sql`
    select id, code, name, address, time_zone, currency, paused_until, pause_reason, cafe_takes_orders_at(id, now()) as is_open from cafes
    where status = 'approved'
      and (${after ?? null}::uuid is null or (lower(name), id) > (select lower(name), id from cafes where id = ${after ?? null}::uuid))
    order by lower(name), id limit ${limit + 1}`);
  return pageOf(rows, limit);
}

export type RegisteredCafe = Omit<Cafe, "openingHours" | "holidays" | "pausedUntil" | "pauseReason" | "isOpen" | "hasTables"> & {
  /** Names of other cafés that look like this one's, or like the one that it wants. */
  readonly looksLike: readonly string[];
  readonly owners: readonly { readonly id: string; readonly username: string; readonly name: string }[];
};

/** Every café, newest first, with those who run it: for whoever approves them. `waits`: those alone that wait for a word of the university. */
export async function listRegistrations(
  db: Queryable,
  { limit, after, status, waits }: PageInput & { readonly status: Cafe["status"] | undefined; readonly waits: boolean },
): Promise<Page<RegisteredCafe>> {
  const rows = await db.rows<RegisteredCafe>(sql`
    with looks as materialized (select id, name, name_look(name) as look from cafes)
    select f.id, f.code, f.name, f.wanted_name, f.status, f.address, f.time_zone, f.currency, f.number_match_required, f.created_at, f.updated_at,
      coalesce((select jsonb_agg(jsonb_build_object('id', s.id, 'username', s.username, 'name', s.name) order by s.id)
        from staff s where s.cafe_id = f.id and s.role = 'owner' and s.is_active), '[]') as owners,
      array(select l.name from looks l where l.id <> f.id and l.look = name_look(coalesce(f.wanted_name, f.name)) order by l.name) as looks_like
    from cafes f
    where (${status ?? null}::text is null or f.status = ${status ?? null})
      and (not ${waits} or f.status = 'pending' or f.wanted_name is not null) and (${after ?? null}::uuid is null or f.id < ${after ?? null}::uuid)
    order by f.id desc limit ${limit + 1}`);
  return pageOf(rows, limit);
}
