import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { addDish } from "../testing/menus.ts";
import type { TestCafe, TestStudent } from "../testing/people.ts";

let campus: Campus;
let student: TestStudent;

beforeAll(async () => {
  campus = await startCampus();
  student = await campus.student();
});
afterAll(() => campus.end());

interface Slot {
  readonly starts_at: string;
  readonly ends_at: string;
  readonly time_slot: string;
  readonly remaining: number;
}

const set = (cafe: TestCafe, key: string, value: unknown) =>
  campus.sql`insert into settings (cafe_id, key, value) values (${cafe.id}, ${key}, ${JSON.stringify(value)})
    on conflict (cafe_id, key) do update set value = excluded.value`;

const dayFrom = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const slotsOf = async (cafe: TestCafe, day: string) =>
  (await campus.api<{ items: Slot[] }>("GET", `/cafes/${cafe.id}/slots?date=${day}`)).body.items;

async function book(cafe: TestCafe, startsAt: string | undefined) {
  const body = { cafe_id: cafe.id, items: [{ menu_item_id: await addDish(campus, cafe), quantity: 1 }], scheduled_for: startsAt };
  return student.api<{ order?: { id: string; scheduled_for: string; estimated_ready_time: string }; error?: { code: string } }>(
    "POST",
    "/orders",
    { body },
  );
}

/** The wall clock of a zone, by the tables of the JavaScript engine and not of the database. */
const clockOf = (at: string, timeZone: string) =>
  new Intl.DateTimeFormat("sv-SE", { timeZone, hour: "2-digit", minute: "2-digit" }).format(new Date(at));

describe("the slots of a day", () => {
  test("are quarters of an hour of the café's own time slots, by its own clock", async () => {
    for (const timeZone of ["Europe/Stockholm", "Europe/Rome", "Europe/Helsinki"]) {
      const cafe = await campus.cafe({ timeZone });
      const slots = await slotsOf(cafe, dayFrom(2));
      expect(slots).toHaveLength(4 * (3 + 3 + 4));
      expect(clockOf(slots[0]?.starts_at ?? "", timeZone)).toBe("07:00");
      expect(clockOf(slots.at(-1)?.ends_at ?? "", timeZone)).toBe("22:00");
      expect(new Set(slots.map(({ time_slot }) => time_slot))).toEqual(new Set(["breakfast", "lunch", "dinner"]));
    }
  });

  test("follow the café's settings, its hours and its holidays", async () => {
    const cafe = await campus.cafe();
    await set(cafe, "time_slots", [{ name: "late", from: "22:00", to: "01:00" }]);
    await set(cafe, "slot_minutes", 30);
    expect((await slotsOf(cafe, dayFrom(2))).map(({ starts_at }) => clockOf(starts_at, "Europe/Stockholm"))).toEqual([
      "22:00",
      "22:30",
      "23:00",
      "23:30",
      "00:00",
      "00:30",
    ]);
    await campus.sql`update cafes set holidays = ${JSON.stringify([{ from: dayFrom(2), to: dayFrom(2) }])} where id = ${cafe.id}`;
    expect((await slotsOf(cafe, dayFrom(2))).length).toBeLessThan(6);
  });

  test.each(["Europe/Stockholm", "Europe/Rome"])(
    "on the days of 23 and 25 hours in %s are as many as the night has quarters",
    async (timeZone) => {
      const cafe = await campus.cafe({ timeZone });
      await set(cafe, "time_slots", [{ name: "night", from: "01:00", to: "05:00" }]);
      const counted = async (day: string) => {
        const rows = await campus.sql<{ clock: string; gapSeconds: number | null }>`
        select to_char(starts_at at time zone ${timeZone}, 'HH24:MI') as clock,
          extract(epoch from starts_at - lag(starts_at) over (order by starts_at))::integer as gap_seconds
        from order_slots(${cafe.id}, ${day}::date) order by starts_at`;
        return { clocks: rows.map(({ clock }) => clock), gaps: new Set(rows.slice(1).map(({ gapSeconds }) => gapSeconds)) };
      };
      const [usual, short, long] = [await counted("2027-03-27"), await counted("2027-03-28"), await counted("2026-10-25")];
      expect([usual.clocks.length, short.clocks.length, long.clocks.length]).toEqual([16, 12, 20]);
      for (const { gaps } of [usual, short, long]) expect(gaps).toEqual(new Set([900]));
      expect(short.clocks.some((clock) => clock.startsWith("02:"))).toBe(false);
      expect(long.clocks.filter((clock) => clock.startsWith("02:"))).toHaveLength(8);
    },
  );

  test("are none of a café that is not there, and need a day", async () => {
    expect((await campus.api("GET", `/cafes/${student.id}/slots?date=${dayFrom(1)}`)).status).toBe(404);
    const cafe = await campus.cafe();
    for (const query of ["", "?date=monday", "?date=2027-02-30", "?date=0000-01-01"])
      expect((await campus.api("GET", `/cafes/${cafe.id}/slots${query}`)).status).toBe(400);
  });
});

describe("booking a slot", () => {
  test("keeps the place until the order is cancelled, and is ready at its time", async () => {
    const cafe = await campus.cafe();
    await set(cafe, "max_orders_per_slot", 1);
    const [slot] = await slotsOf(cafe, dayFrom(2));
    const placed = await book(cafe, slot?.starts_at);
    expect(placed.body.order).toMatchObject({ scheduled_for: slot?.starts_at, estimated_ready_time: slot?.starts_at });
    expect((await slotsOf(cafe, dayFrom(2)))[0]?.remaining).toBe(0);
    expect((await book(cafe, slot?.starts_at)).body.error?.code).toBe("ORDER_LIMIT_REACHED");
    await student.api("POST", `/orders/${placed.body.order?.id}/cancel`);
    expect((await slotsOf(cafe, dayFrom(2)))[0]?.remaining).toBe(1);
    expect((await book(cafe, slot?.starts_at)).status).toBe(201);
  });

  test("is for a beginning in the next seven days, while the café is open then", async () => {
    const cafe = await campus.cafe();
    const [slot] = await slotsOf(cafe, dayFrom(2));
    const startMs = Date.parse(slot?.starts_at ?? "");
    for (const wrongMs of [startMs + 60_000, startMs - 3 * 86_400_000, startMs + 7 * 86_400_000])
      expect((await book(cafe, new Date(wrongMs).toISOString())).status).toBe(400);
    await campus.sql`update cafes set paused_until = now() + interval '5 minutes' where id = ${cafe.id}`;
    expect((await book(cafe, slot?.starts_at)).status).toBe(201);
    await campus.sql`update cafes set opening_hours = '{}' where id = ${cafe.id}`;
    expect((await book(cafe, slot?.starts_at)).body.error?.code).toBe("RESTAURANT_CLOSED");
  });

  test("takes what belongs to that part of the day, and nothing else", async () => {
    const cafe = await campus.cafe();
    const dish = await addDish(campus, cafe, { name: "Porridge" });
    await campus.sql`update menu_items set time_slots = '{breakfast}' where id = ${dish}`;
    const slots = await slotsOf(cafe, dayFrom(2));
    const at = (name: string) => ({
      cafe_id: cafe.id,
      items: [{ menu_item_id: dish, quantity: 1 }],
      scheduled_for: slots.find(({ time_slot }) => time_slot === name)?.starts_at,
    });
    expect((await student.api("POST", "/orders", { body: at("breakfast") })).status).toBe(201);
    expect((await student.api<{ error: { code: string } }>("POST", "/orders", { body: at("lunch") })).body.error.code).toBe(
      "ITEM_UNAVAILABLE",
    );
  });
});
