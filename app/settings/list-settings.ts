import { notFound } from "../platform/errors.ts";
import { type Queryable, sql } from "../platform/postgres.ts";
import type { SettingKey, SettingValue } from "./setting-catalogue.ts";

export interface Setting {
  readonly key: SettingKey;
  readonly value: SettingValue;
  /** Who set the value: the café, the university for all cafés, or nobody. */
  readonly source: "cafe" | "campus" | "default";
  readonly defaultValue: SettingValue;
  readonly updatedAt: Date | null;
}

/** Every setting as it holds at the café, or for all cafés where none is named. */
export async function listSettings(db: Queryable, cafeId: string | null, only?: SettingKey): Promise<Setting[]> {
  if (cafeId !== null && !(await db.row(sql`select id from cafes where id = ${cafeId}`))) throw notFound("The café");
  return db.rows<Setting>(sql`
    select k.key, coalesce(own.value, campus.value, k.default_value) as value,
      case when own.key is not null then 'cafe' when campus.key is not null then 'campus' else 'default' end as source,
      k.default_value, coalesce(own.updated_at, campus.updated_at) as updated_at
    from setting_keys k
      left join settings own on own.key = k.key and own.cafe_id = ${cafeId}
      left join settings campus on campus.key = k.key and campus.cafe_id is null
    where ${only ?? null}::text is null or k.key = ${only ?? null}
    order by k.key`);
}
