import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import type { TestCafe } from "../testing/people.ts";
import { randomOf } from "../testing/proof/random.ts";
import { type Holidays, type Interval, type OpeningHours, weekdays } from "./field-schemas.ts";

let campus: Campus;
beforeAll(async () => {
  campus = await startCampus();
});
afterAll(() => campus.end());

const zones = ["Europe/Stockholm", "Europe/Rome", "Asia/Kolkata", "Australia/Lord_Howe"];
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

// 29 March 2026 has 23 hours in Europe, 25 October 25; Lord Howe changes by half an hour, on 5 April and 4 October.
const changes = ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"].map((at) =>
  Date.parse(at),
);

interface Wall {
  readonly date: string;
  readonly weekday: (typeof weekdays)[number];
  readonly minute: number;
}

const clockOf = (timeZone: string) =>
  new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  });
const clocks = new Map(zones.map((timeZone) => [timeZone, clockOf(timeZone)]));

/** What a clock on the wall shows, by ICU and not by PostgreSQL. */
function wallOf(at: Date, timeZone: string): Wall {
  const parts = (clocks.get(timeZone) ?? clockOf(timeZone)).formatToParts(at);
  const get = (type: string) => parts.find((each) => each.type === type)?.value ?? "";
  return { ...dayOf(`${get("year")}-${get("month")}-${get("day")}`, 0), minute: Number(get("hour")) * 60 + Number(get("minute")) };
}

function dayOf(date: string, daysLater: number): Pick<Wall, "date" | "weekday"> {
  const noon = new Date(Date.parse(`${date}T12:00:00Z`) + daysLater * 24 * hourMs);
  return { date: noon.toISOString().slice(0, 10), weekday: weekdays[(noon.getUTCDay() + 6) % 7] ?? "monday" };
}

const minuteOf = (time: string) => {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
};

/** The same rule written a second time: minutes of a day, and those that spill over from the day before. */
function isOpen(hours: OpeningHours | null, holidays: Holidays, at: Date, timeZone: string): boolean {
  const wall = wallOf(at, timeZone);
  const intervalsOf = ({ date, weekday }: Pick<Wall, "date" | "weekday">): readonly Interval[] => {
    if (holidays.some(({ from, to }) => from <= date && date <= to)) return [];
    return hours === null ? [{ from: "00:00", to: "24:00" }] : (hours[weekday] ?? []);
  };
  const endOf = ({ from, to }: Interval) => minuteOf(to) + (minuteOf(to) <= minuteOf(from) ? 1_440 : 0);
  return (
    intervalsOf(wall).some((interval) => wall.minute >= minuteOf(interval.from) && wall.minute < endOf(interval)) ||
    intervalsOf(dayOf(wall.date, -1)).some((interval) => wall.minute < endOf(interval) - 1_440)
  );
}

async function setHours(cafe: TestCafe, hours: OpeningHours | null, holidays: Holidays = []): Promise<void> {
  await campus.sql`update cafes set opening_hours = ${hours === null ? null : JSON.stringify(hours)}::jsonb, holidays = ${JSON.stringify(holidays)}::jsonb where id = ${cafe.id}`;
}

async function openInstants(cafe: TestCafe, instants: readonly Date[]): Promise<boolean[]> {
  const rows = await campus.sql<{ open: boolean }>`
    select cafe_takes_orders_at(${cafe.id}, at) as open from unnest(${instants.map((at) => at.toISOString())}::timestamptz[]) with ordinality w (at, n) order by n`;
  return rows.map(({ open }) => open);
}

const around = (centreMs: number, hours: number, stepMinutes: number): Date[] =>
  Array.from(
    { length: (2 * hours * 60) / stepMinutes + 1 },
    (_, index) => new Date(centreMs - hours * hourMs + index * stepMinutes * minuteMs),
  );

const { below: whole } = randomOf(2_026);
const time = () => `${String(whole(24)).padStart(2, "0")}:${["00", "15", "30", "59"][whole(4)]}`;

function someInterval(): Interval {
  const from = time();
  const to = whole(6) === 0 ? "24:00" : time();
  return from === to ? { from: "00:00", to: "24:00" } : { from, to };
}

const someHours = (): OpeningHours =>
  Object.fromEntries(weekdays.map((weekday) => [weekday, Array.from({ length: whole(4) }, someInterval)]).filter(() => whole(8) > 0));

function someHolidays(): Holidays {
  if (whole(2) === 0) return [];
  const from = dayOf(new Date(changes[whole(changes.length)] ?? 0).toISOString().slice(0, 10), whole(3) - 1).date;
  return [{ from, to: dayOf(from, whole(2)).date }];
}

test.each(zones)(
  "in %s the database opens and closes at each minute as ICU's clock says, around every change of the clocks",
  async (timeZone) => {
    const cafe = await campus.cafe({ timeZone });
    const instants = changes.flatMap((centre) => around(centre, 30, 11));
    const found = { open: 0, closed: 0 };
    for (let round = 0; round < 12; round += 1) {
      const [hours, holidays] = [round === 0 ? null : someHours(), someHolidays()];
      await setHours(cafe, hours, holidays);
      const answers = await openInstants(cafe, instants);
      const wrong = instants.filter((at, index) => answers[index] !== isOpen(hours, holidays, at, timeZone));
      expect(wrong.map((at) => ({ at, hours, holidays }))).toEqual([]);
      for (const answer of answers) found[answer ? "open" : "closed"] += 1;
    }
    // A generator that only ever made closed cafés would agree with anything.
    expect(Math.min(found.open, found.closed)).toBeGreaterThan(instants.length);
  },
);

async function openMinutes(cafe: TestCafe, fromMs: number, hours: number): Promise<number> {
  const instants = Array.from({ length: hours * 60 }, (_, minute) => new Date(fromMs + minute * minuteMs));
  return (await openInstants(cafe, instants)).filter(Boolean).length;
}

test.each(["Europe/Stockholm", "Europe/Rome"])(
  "in %s an hour that the clock reads twice is open twice, and one that it skips never",
  async (timeZone) => {
    const cafe = await campus.cafe({ timeZone });
    await setHours(cafe, { sunday: [{ from: "02:00", to: "03:00" }] });
    expect(await openMinutes(cafe, Date.parse("2026-10-24T22:00:00Z"), 25)).toBe(120);
    expect(await openMinutes(cafe, Date.parse("2026-03-28T23:00:00Z"), 23)).toBe(0);
    await setHours(cafe, { sunday: [{ from: "00:00", to: "24:00" }] });
    expect(await openMinutes(cafe, Date.parse("2026-10-24T20:00:00Z"), 30)).toBe(25 * 60);
    expect(await openMinutes(cafe, Date.parse("2026-03-28T21:00:00Z"), 30)).toBe(23 * 60);
  },
);

test("a night belongs to the day on which it begins, so a holiday after it does not end it and a holiday on it does", async () => {
  const cafe = await campus.cafe();
  const hours: OpeningHours = { friday: [{ from: "22:00", to: "03:00" }] };
  const night = [new Date("2026-11-20T22:30:00Z"), new Date("2026-11-21T01:30:00Z"), new Date("2026-11-21T02:00:00Z")];
  await setHours(cafe, hours);
  expect(await openInstants(cafe, night)).toEqual([true, true, false]);
  await setHours(cafe, hours, [{ from: "2026-11-21", to: "2026-11-21" }]);
  expect(await openInstants(cafe, night)).toEqual([true, true, false]);
  await setHours(cafe, hours, [{ from: "2026-11-20", to: "2026-11-20" }]);
  expect(await openInstants(cafe, night)).toEqual([false, false, false]);
});

test("a café takes orders only when approved, switched on and not paused, and never where nobody knows it", async () => {
  const cafe = await campus.cafe();
  const now = new Date();
  const isTaking = async () => (await openInstants(cafe, [now]))[0];
  expect(await isTaking()).toBe(true);
  for (const status of ["pending", "suspended"]) {
    await campus.sql`update cafes set status = ${status} where id = ${cafe.id}`;
    expect([status, await isTaking()]).toEqual([status, false]);
  }
  await campus.sql`update cafes set status = 'approved', paused_until = ${new Date(now.getTime() + 1)} where id = ${cafe.id}`;
  expect(await isTaking()).toBe(false);
  await campus.sql`update cafes set paused_until = ${now} where id = ${cafe.id}`;
  expect(await isTaking()).toBe(true);
  await campus.sql`insert into settings (cafe_id, key, value) values (${cafe.id}, 'restaurant_open', 'false')`;
  expect(await isTaking()).toBe(false);
  expect(await openInstants({ ...cafe, id: "0192f0c1-0000-7000-8000-000000000000" }, [now])).toEqual([false]);
});

async function slotsAt(cafe: TestCafe, instants: readonly Date[]): Promise<(string | null)[]> {
  const rows = await campus.sql<{ slot: string | null }>`
    select slot_of(${cafe.id}, at) as slot from unnest(${instants.map((at) => at.toISOString())}::timestamptz[]) with ordinality w (at, n) order by n`;
  return rows.map(({ slot }) => slot);
}

test.each(zones)("in %s the time slot is the one that ICU's clock reads, around every change of the clocks", async (timeZone) => {
  const cafe = await campus.cafe({ timeZone });
  const slots = [
    { name: "breakfast", from: "07:00", to: "10:00" },
    { name: "lunch", from: "12:00", to: "15:00" },
    { name: "dinner", from: "18:00", to: "22:00" },
    { name: "night", from: "23:30", to: "02:30" },
  ];
  await campus.sql`insert into settings (cafe_id, key, value) values (${cafe.id}, 'time_slots', ${JSON.stringify(slots)}::jsonb)`;
  const slotAt = (at: Date) => {
    const { minute } = wallOf(at, timeZone);
    const covers = ({ from, to }: Interval) =>
      minuteOf(from) < minuteOf(to) ? minute >= minuteOf(from) && minute < minuteOf(to) : minute >= minuteOf(from) || minute < minuteOf(to);
    return slots.find(covers)?.name ?? null;
  };
  const instants = changes.flatMap((centre) => around(centre, 30, 7));
  expect(await slotsAt(cafe, instants)).toEqual(instants.map(slotAt));
  expect(new Set(instants.map(slotAt)).size).toBe(slots.length + 1);
});

test("without a setting the slots are breakfast 07:00–10:00, lunch 12:00–15:00 and dinner 18:00–22:00", async () => {
  const cafe = await campus.cafe();
  const at = (clock: string) => new Date(`2026-11-20T${clock}:00+01:00`);
  const clocks = ["06:59", "07:00", "09:59", "10:00", "12:00", "14:59", "15:00", "18:00", "21:59", "22:00"];
  expect(await slotsAt(cafe, clocks.map(at))).toEqual([
    null,
    "breakfast",
    "breakfast",
    null,
    "lunch",
    "lunch",
    null,
    "dinner",
    "dinner",
    null,
  ]);
});

test("PostgreSQL knows every time zone that a café may be given", async () => {
  const unknown = await campus.sql`
    select zone from unnest(${Intl.supportedValuesOf("timeZone")}::text[]) as wanted (zone)
    where not exists (select from pg_timezone_names where name = zone)`;
  expect(unknown).toEqual([]);
});
