import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { refreshSilentTills } from "./silent-tills.ts";

let campus: Campus;
beforeAll(async () => {
  campus = await startCampus();
});
afterAll(() => campus.end());

const wednesdayNoon = new Date("2026-11-25T11:00:00Z");

async function silentAt(at: Date): Promise<number> {
  campus.worker.metrics.embeddedLines(0);
  await refreshSilentTills(campus.worker, at);
  const line = campus.worker.metrics.embeddedLines(0).find((one) => "TillsSilent" in one);
  return Number(line?.TillsSilent);
}

const sell = (cafeId: string, at: string) => campus.sql`
  insert into orders (id, cafe_id, order_number, order_day, order_type, payment_method, subtotal_minor, total_minor, currency, status)
  values (uuid_from(${at}::timestamptz), ${cafeId}, 'ORD-' || ${at}, ${at}::timestamptz::date, 'pickup', 'cash', 100, 100, 'SEK', 'completed')`;

test("a café is silent that sold at this hour on the last three working days, is open, and has sold nothing for half an hour", async () => {
  const cafe = await campus.cafe();
  for (const day of ["2026-11-24T10:45", "2026-11-23T10:50"]) await sell(cafe.id, `${day}:00Z`);
  expect(await silentAt(wednesdayNoon)).toBe(0);
  await sell(cafe.id, "2026-11-20T10:55:00Z"); // Friday is the third working day before
  expect(await silentAt(wednesdayNoon)).toBe(1);
  expect(await silentAt(new Date("2026-11-28T11:00:00Z")), "a Saturday").toBe(0);
  expect(await silentAt(new Date("2026-11-25T13:00:00Z")), "an hour at which it did not sell").toBe(0);
  await campus.sql`update cafes set holidays = '[{"from": "2026-11-25", "to": "2026-11-25", "name": "Closed"}]' where id = ${cafe.id}`;
  expect(await silentAt(wednesdayNoon), "a holiday").toBe(0);
  await campus.sql`update cafes set holidays = '[]' where id = ${cafe.id}`;
  await sell(cafe.id, "2026-11-25T10:58:00Z");
  expect(await silentAt(wednesdayNoon)).toBe(0);
});
