import { type Queryable, sql } from "../platform/postgres.ts";
import type { SettingKey, Settings, SettingValue } from "./setting-catalogue.ts";

/**
 * What holds at a café now (null: where a café has nothing of its own). One read of a few small rows, and no memory in
 * between: a change counts on every process from its commit on, also without Redis.
 */
export async function settingsOf({ db }: { readonly db: Queryable }, cafeId: string | null): Promise<Settings> {
  const rows = await db.rows<{ key: SettingKey; value: SettingValue }>(
    sql`select key, setting_of(${cafeId}::uuid, key) as value from setting_keys`,
  );
  return Object.fromEntries(rows.map(({ key, value }) => [key, value])) as Settings;
}
