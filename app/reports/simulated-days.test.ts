import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf } from "../testing/gateway.ts";
import { expectOk, type Money, moneyOf } from "../testing/money.ts";
import {
  type CafeBooks,
  type Days,
  readBooks,
  recomputedHours,
  recomputedItems,
  recomputedSales,
  recomputedVolume,
} from "../testing/recomputed-reports.ts";
import { type SimulatedCafe, simulateDays } from "../testing/simulated-days.ts";
import { daysOf } from "./report.ts";

let campus: Campus;
let money: Money;
beforeAll(async () => {
  campus = await startCampus({ env: { GATEWAY_TIMEOUT_MS: "2000" } });
  money = moneyOf(campus);
  await gatewayOf(campus).connect();
});
afterAll(() => campus.end());

/** Thirty days each. The edges are a second before and after midnights, and both turns of an hour that is read twice. */
const months = [
  {
    timeZone: "Europe/Stockholm",
    change: "an hour that is read twice, at night",
    from: "2026-10-05",
    to: "2026-11-03",
    changeDay: { day: "2026-10-25", hours: 25 },
    edges: [
      "2026-10-24T21:59:59Z",
      "2026-10-24T22:00:00Z",
      "2026-10-25T00:30:00Z",
      "2026-10-25T01:30:00Z",
      "2026-10-25T22:59:59Z",
      "2026-10-25T23:00:00Z",
    ],
  },
  {
    timeZone: "Europe/Rome",
    change: "an hour that is skipped, at night",
    from: "2026-03-15",
    to: "2026-04-13",
    changeDay: { day: "2026-03-29", hours: 23 },
    edges: [
      "2026-03-28T22:59:59Z",
      "2026-03-28T23:00:00Z",
      "2026-03-29T00:59:59Z",
      "2026-03-29T01:00:00Z",
      "2026-03-29T21:59:59Z",
      "2026-03-29T22:00:00Z",
    ],
  },
  {
    timeZone: "America/Havana",
    change: "a midnight that is read twice",
    from: "2026-10-10",
    to: "2026-11-08",
    changeDay: { day: "2026-11-01", hours: 25 },
    edges: [
      "2026-11-01T03:59:59Z",
      "2026-11-01T04:00:00Z",
      "2026-11-01T04:30:00Z",
      "2026-11-01T05:30:00Z",
      "2026-11-02T04:59:59Z",
      "2026-11-02T05:00:00Z",
    ],
  },
] as const;

type Body = Readonly<Record<string, unknown>>;
interface SalesBody {
  readonly totals: Body;
  readonly days: readonly ({ readonly day: string } & Body)[];
}
interface ItemsBody {
  readonly totals: Body;
  readonly delivery: Body;
  readonly items: readonly (Body & {
    readonly menu_item_id: string;
    readonly options: readonly { readonly group_name: string; readonly name: string }[];
  })[];
}
interface HoursBody {
  readonly totals: Body;
  readonly hours: readonly (Body & { readonly hours_count: number })[];
}

const ask = async <Answer>({ owner }: SimulatedCafe, name: string, { from, to }: Days): Promise<Answer> =>
  expectOk(await owner.api<Answer>("GET", `/admin/reports/${name}?from=${from}&to=${to}`));

const byId = <Item extends { readonly menu_item_id: string }>(items: readonly Item[]) =>
  items.toSorted((a, b) => a.menu_item_id.localeCompare(b.menu_item_id));

async function expectItems(cafe: SimulatedCafe, books: CafeBooks, days: Days): Promise<void> {
  const found = await ask<ItemsBody>(cafe, "item-performance", days);
  const wanted = recomputedItems(books, days);
  expect({ totals: found.totals, delivery: found.delivery }).toEqual({ totals: wanted.totals, delivery: wanted.delivery });
  const named = found.items.map(({ item_name: _, options, ...item }) => ({
    ...item,
    options: options.map(({ group_name, name, ...option }) => ({ name: `${group_name}: ${name}`, ...option })).toSorted(byName),
  }));
  expect(byId(named)).toEqual(byId(wanted.items.map((item) => ({ ...item, options: item.options.toSorted(byName) }))));
}
const byName = (a: { readonly name: string }, b: { readonly name: string }) => a.name.localeCompare(b.name);

test.each(months)(
  "thirty days in $timeZone, with $change: every report equals what the entries say, to the minor unit",
  async (month) => {
    const { timeZone, from, to, edges, changeDay } = month;
    const cafe = await simulateDays(campus, money, { timeZone, from, days: 30, edges, seed: 7 });
    const books = await readBooks(campus, cafe.till.cafe.id);
    const all = { from, to };
    const days = daysOf(all);
    expect(days).toHaveLength(30);

    const sales = await ask<SalesBody>(cafe, "daily-sales", all);
    expect(sales.days).toEqual(days.map((day) => ({ day, ...recomputedSales(books, { from: day, to: day }) })));
    expect(sales.totals).toEqual(recomputedSales(books, all));
    const volume = await ask<SalesBody>(cafe, "order-volume", all);
    expect(volume.days).toEqual(days.map((day) => ({ day, ...recomputedVolume(books, { from: day, to: day }) })));
    expect(volume.totals).toEqual(recomputedVolume(books, all));
    await expectItems(cafe, books, all);
    expect((await ask<HoursBody>(cafe, "peak-hours", all)).hours).toEqual(recomputedHours(books, all));
    for (const day of days) {
      const only = { from: day, to: day };
      await expectItems(cafe, books, only);
      expect((await ask<HoursBody>(cafe, "peak-hours", only)).hours).toEqual(recomputedHours(books, only));
    }
    // A longer time is asked of the database in pieces of a month.
    const longer = { from: new Date(Date.parse(from) - 20 * 86_400_000).toISOString().slice(0, 10), to };
    expect((await ask<SalesBody>(cafe, "daily-sales", longer)).totals).toEqual(recomputedSales(books, longer));
    await expectItems(cafe, books, longer);
    // What the simulation is worth: money of each kind moved, and the clock did change.
    expect(sales.totals).toMatchObject({ methods: [{ method: "cash" }, { method: "wallet" }, { method: "upi" }] });
    for (const kind of ["sales_count", "refunds_minor", "disputes_minor"]) expect(sales.totals[kind]).toBeGreaterThan(0);
    const changed = await ask<HoursBody>(cafe, "peak-hours", { from: changeDay.day, to: changeDay.day });
    expect(changed.totals.hours_count).toBe(changeDay.hours);
  },
  120_000,
);
