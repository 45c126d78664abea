import type { Platform } from "../../platform/context.ts";
import { sql } from "../../platform/postgres.ts";
import { settingTable } from "../../settings/setting-catalogue.ts";
import type { DemoPart } from "./demo.ts";

const ordinary = 50;

/** Where the sandbox multiplies its limits, a script may order without paying as it may ask without end: as much as any café may allow, and in every café that says nothing else. */
export const widenUnpaidPortions: DemoPart = async ({ db, config }: Platform, demo) => {
  const portions = Math.min(settingTable.max_unpaid_portions.value.maxValue ?? ordinary, ordinary * config.RATE_LIMIT_SCALE);
  if (portions === ordinary) return demo;
  await db.run(sql`
    insert into settings (cafe_id, key, value) values (null, 'max_unpaid_portions', to_jsonb(${portions}::integer)) on conflict do nothing`);
  return demo;
};
