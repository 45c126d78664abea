import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../../testing/campus.ts";
import type { Demo } from "./demo.ts";

let campus: Campus;

beforeAll(async () => {
  campus = await startCampus();
});
afterAll(() => campus.end());

async function seed(): Promise<Demo> {
  const script = new URL("./seed.ts", import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [script], { env: { PATH: process.env.PATH, ...campus.env } });
  return JSON.parse(stdout) as Demo;
}

test("each demo café is open at any hour and has six tables whose codes lead to it; a second start adds none", async () => {
  const demo = await seed();
  await seed();
  for (const { id } of demo.cafes) {
    const tables = await campus.sql<{
      code: string;
      label: string;
    }>`select code, label from cafe_tables where cafe_id = ${id} order by label`;
    expect(tables.map(({ label }) => label)).toEqual(["Bord 1", "Bord 2", "Bord 3", "Bord 4", "Bord 5", "Bord 6"]);
    const opened = await campus.api("GET", `root:/t/${tables[0]?.code}`);
    expect([opened.status, opened.headers.get("location")]).toEqual([302, `/?cafe=${id}&table=${tables[0]?.code}`]);
    expect((await campus.api("GET", `/cafes/${id}`)).body).toMatchObject({ is_open: true, opening_hours: null });
  }
});

test("a table that the owner took away or renamed stays so", async () => {
  const [cafe] = (await seed()).cafes;
  await campus.sql`update cafe_tables set is_active = false where cafe_id = ${cafe?.id} and label = 'Bord 1'`;
  await campus.sql`update cafe_tables set label = 'Soffan' where cafe_id = ${cafe?.id} and label = 'Bord 2'`;
  await seed();
  const labels = await campus.sql<{
    label: string;
  }>`select label from cafe_tables where cafe_id = ${cafe?.id} and is_active order by label`;
  expect(labels.map(({ label }) => label)).toEqual(["Bord 3", "Bord 4", "Bord 5", "Bord 6", "Soffan"]);
});
