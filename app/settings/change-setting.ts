import { type Actor, auditActor } from "../identity/actor.ts";
import { notFound } from "../platform/errors.ts";
import { sql, type Transaction, violatedConstraint } from "../platform/postgres.ts";
import { listSettings, type Setting } from "./list-settings.ts";
import type { SettingKey, SettingValue } from "./setting-catalogue.ts";

interface Input extends Actor {
  /** null: for all cafés that have no value of their own. */
  readonly cafeId: string | null;
  readonly key: SettingKey;
  /** null: take back what was set. */
  readonly value: SettingValue | null;
}

interface Change {
  readonly before: SettingValue | null;
  readonly after: SettingValue | null;
}

/** Sets one value or takes it back, with what stood there before in the audit trail. */
export async function changeSetting(tx: Transaction, input: Input): Promise<Setting> {
  const { cafeId, key, value } = input;
  const change = (await (value === null ? takeBack(tx, input) : write(tx, input))) ?? { before: null, after: null };
  if (JSON.stringify(change.before) !== JSON.stringify(change.after))
    await auditActor(tx, input, { action: "setting.changed", objectKind: "setting", objectId: null, details: { key, ...change } });
  const [setting] = await listSettings(tx, cafeId, key);
  if (!setting) throw new Error(`The setting ${key} is not in setting_keys.`);
  return setting;
}

async function write(tx: Transaction, { cafeId, key, value }: Input): Promise<Change | undefined> {
  try {
    return await tx.row<Change>(sql`
      insert into settings (cafe_id, key, value) values (${cafeId}, ${key}, ${JSON.stringify(value)}::jsonb)
      on conflict (cafe_id, key) do update set value = excluded.value, updated_at = now()
      returning old.value as before, new.value as after`);
  } catch (error) {
    if (violatedConstraint(error) === "settings_cafe_id_fkey") throw notFound("The café");
    throw error;
  }
}

const takeBack = (tx: Transaction, { cafeId, key }: Input): Promise<Change | undefined> =>
  tx.row<Change>(
    sql`delete from settings where cafe_id is not distinct from ${cafeId}::uuid and key = ${key} returning value as before, null as after`,
  );
