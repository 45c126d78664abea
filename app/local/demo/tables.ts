import type { Platform } from "../../platform/context.ts";
import { sql } from "../../platform/postgres.ts";
import { type DemoPart, idOf } from "./demo.ts";

const tablesPerCafe = 6;

/** A few tables in each demo café. Their codes are the same everywhere, so a sheet that was printed once stays good. */
export const addTables: DemoPart = async ({ db }: Platform, demo) => {
  const tables = demo.cafes.flatMap((cafe) =>
    Array.from({ length: tablesPerCafe }, (_, index) => {
      const id = idOf(`table ${cafe.id} ${index + 1}`);
      return { id, cafeId: cafe.id, code: id.replaceAll("-", "").slice(-8), label: `Bord ${index + 1}` };
    }),
  );
  await db.run(sql`
    insert into cafe_tables (id, cafe_id, code, label)
    select id, "cafeId", code, label from jsonb_to_recordset(${JSON.stringify(tables)}::jsonb) w (id uuid, "cafeId" uuid, code text, label text)
    on conflict do nothing`);
  return demo;
};
