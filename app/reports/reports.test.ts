import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sql } from "../platform/postgres.ts";
import { type Api, createApi } from "../testing/api-client.ts";
import { type ApiProcess, startApiProcess } from "../testing/api-process.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { addDish } from "../testing/menus.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { refused } from "../testing/refusal.ts";

const names = ["daily-sales", "item-performance", "order-volume", "peak-hours"] as const;

let campus: Campus;
let money: Money;
let till: Till;
let owner: TestStaff;
let student: MoneyStudent;
beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  till = await money.till();
  owner = await campus.staff("owner", till.cafe);
  student = await money.fundedStudent({ balanceMinor: 10_000_000 });
});
afterAll(() => campus.end());

interface Takings {
  readonly quantity: number;
  readonly gross_minor: number;
  readonly refunds_minor: number;
  readonly net_minor: number;
}
interface SalesTotals {
  readonly sales_count: number;
  readonly gross_minor: number;
  readonly refunds_minor: number;
  readonly net_minor: number;
  readonly vat: readonly { readonly gross_minor: number }[];
}
interface VolumeTotals {
  readonly orders_count: number;
  readonly paid_count: number;
  readonly paid_minor: number;
}
interface Report<Totals> {
  readonly cafe_id: string;
  readonly from: string;
  readonly to: string;
  readonly snapshot: string;
  readonly totals: Totals;
  readonly items?: readonly (Takings & { readonly item_name: string })[];
  readonly delivery?: Takings;
}

const localDay = (atMs: number) => new Intl.DateTimeFormat("en-CA", { timeZone: "Europe/Stockholm" }).format(atMs);
const dayMs = 86_400_000;
// A test may run across a midnight: two days hold it in any case.
const around = () => `from=${localDay(Date.now() - dayMs)}&to=${localDay(Date.now() + dayMs)}`;
const ask = async <Totals>(api: Api, name: string, more = "") =>
  expectOk(await api<Report<Totals>>("GET", `/admin/reports/${name}?${around()}${more}`));
const pay = async (at: Till, totalMinor: number) => {
  const charge = await student.scannedOrder({ till: at, totalMinor });
  expectOk(await student.confirm(charge));
  return charge.order_id;
};
const refund = (api: Api, orderId: string, amountMinor: number, process: 0 | 1 = 0) =>
  api("POST", `/admin/orders/${orderId}/refund`, {
    process,
    body: { amount_minor: amountMinor, reason: "cold" },
    headers: { "Idempotency-Key": randomUUID() },
  });

describe("each report", () => {
  test("says whose it is, of which days and as of which moment, and is empty where nothing happened", async () => {
    const cafe = await campus.cafe();
    const { api } = await campus.staff("owner", cafe);
    for (const name of names) {
      const answer = await api("GET", `/admin/reports/${name}?from=2026-02-01&to=2026-02-28`);
      expect(answer).toMatchObject({
        status: 200,
        body: {
          cafe_id: cafe.id,
          cafe_name: cafe.name,
          from: "2026-02-01",
          to: "2026-02-28",
          time_zone: "Europe/Stockholm",
          currency: "SEK",
        },
      });
      expect(answer.body).toMatchObject({ as_of: expect.stringMatching(/Z$/), snapshot: expect.stringMatching(/^\d+:\d+:/) });
    }
    const sales = expectOk(
      await api<{ days: { day: string; average_minor: number | null }[] }>(
        "GET",
        "/admin/reports/daily-sales?from=2024-02-28&to=2024-03-01",
      ),
    );
    expect(sales.days.map(({ day, average_minor }) => [day, average_minor])).toEqual([
      ["2024-02-28", null],
      ["2024-02-29", null],
      ["2024-03-01", null],
    ]);
  });

  test("is the café's own: its owner sees no other, admin sees the one that is named, and one that is not there is 404", async () => {
    const own = await money.till();
    const boss = await campus.staff("owner", own.cafe);
    const admin = await campus.staff("admin");
    await pay(own, 5_900);
    for (const name of names) {
      expect((await ask(boss.api, name)).cafe_id).toBe(own.cafe.id);
      expect((await ask(boss.api, name, `&cafe_id=${own.cafe.id}`)).cafe_id).toBe(own.cafe.id);
      expect(await boss.api("GET", `/admin/reports/${name}?${around()}&cafe_id=${till.cafe.id}`)).toMatchObject(
        refused(403, "INSUFFICIENT_ROLE"),
      );
      expect((await ask(admin.api, name, `&cafe_id=${own.cafe.id}`)).cafe_id).toBe(own.cafe.id);
      expect(await admin.api("GET", `/admin/reports/${name}?${around()}&cafe_id=${randomUUID()}`)).toMatchObject(refused(404, "NOT_FOUND"));
    }
    const seen = await ask<SalesTotals>((await campus.staff("owner", await campus.cafe())).api, "daily-sales");
    expect(seen.totals).toMatchObject({ sales_count: 0, gross_minor: 0 });
  });

  test("is for owners and admins alone", async () => {
    const others = [await campus.staff("finance"), await campus.staff("cashier", till.cafe), await campus.staff("kitchen", till.cafe)];
    for (const { api } of [...others, await campus.staff("delivery", till.cafe), student])
      for (const name of names)
        expect(await api("GET", `/admin/reports/${name}?${around()}&cafe_id=${till.cafe.id}`)).toMatchObject(
          refused(403, "INSUFFICIENT_ROLE"),
        );
    for (const name of names)
      expect(await campus.api("GET", `/admin/reports/${name}?${around()}`)).toMatchObject(refused(401, "INVALID_TOKEN"));
  });

  test("refuses days that are none, in the wrong order, too many or missing, and names the field", async () => {
    const admin = await campus.staff("admin");
    const wrong = [
      ["from=2026-02-30&to=2026-03-01", "from"],
      ["from=2026-03-02&to=2026-03-01", "to"],
      ["from=2025-01-01&to=2026-01-02", "to"],
      ["from=0000-01-01&to=0000-01-01", "from"],
      ["to=2026-03-01", "from"],
      ["from=2026-03-01", "to"],
      ["from=2026-03-01&to=2026-03-01&format=xml", "format"],
    ];
    for (const name of names) {
      for (const [query, field] of wrong) {
        const answer = await owner.api<{ error: { details: { fields: { field: string }[] } } }>("GET", `/admin/reports/${name}?${query}`);
        expect(answer).toMatchObject(refused(400, "VALIDATION_ERROR"));
        expect(answer.body.error.details.fields.map((each) => each.field)).toContain(field);
      }
      expect((await owner.api("GET", `/admin/reports/${name}?from=2025-01-01&to=2026-01-01`)).status).toBe(200);
      expect(await admin.api("GET", `/admin/reports/${name}?${around()}`)).toMatchObject(refused(400, "VALIDATION_ERROR"));
    }
  });

  test("comes as CSV when asked by format or by Accept, with the same figures, and no name in it runs as a formula", async () => {
    const own = await money.till();
    const { api } = await campus.staff("owner", own.cafe);
    const size = { name: "@Size", min: 1, choices: [{ name: "Large", priceMinor: 100 }] };
    const dish = await addDish(campus, own.cafe, { name: '=1+1, "hot"', priceMinor: 5_900, options: [size] });
    const [choice] = await campus.sql<{ id: string }>`
      select c.id from menu_option_choices c join menu_option_groups g on g.id = c.group_id where g.item_id = ${dish}`;
    const body = { payment: "cash", items: [{ menu_item_id: dish, quantity: 2, choice_ids: [choice?.id] }] };
    expectOk(await own.device.api("POST", "/pos/sales", { body, headers: { "Idempotency-Key": randomUUID() } }));

    const csv = async (name: string) => {
      const asked = await api<string>("GET", `/admin/reports/${name}?${around()}&format=csv`);
      const accepted = await api<string>("GET", `/admin/reports/${name}?${around()}`, { headers: { Accept: "text/csv" } });
      expect(asked.headers.get("content-type")).toContain("text/csv");
      expect(asked.headers.get("content-disposition")).toMatch(new RegExp(`^attachment; filename="${name}-[0-9-]{21}\\.csv"$`));
      const lines = (text: string) => text.replaceAll(/\d{4}-\d\d-\d\dT[^,\r]+Z/g, "").split("\r\n");
      expect(lines(accepted.text)).toEqual(lines(asked.text));
      return lines(asked.text);
    };
    const items = await csv("item-performance");
    expect(items).toEqual([
      "menu_item_id,item_name,quantity,gross_minor,refunds_minor,net_minor,options,currency,as_of",
      `${dish},"'=1+1, ""hot""",2,12000,0,12000,'@Size: Large × 2,SEK,`,
      ",Delivery,0,0,0,0,,SEK,",
      "",
    ]);
    const sales = await csv("daily-sales");
    expect(sales[0]).toBe(
      "day,sales_count,gross_minor,refunds_count,refunds_minor,disputes_minor,net_minor,average_minor,cash_sales_minor,cash_refunds_minor,wallet_sales_minor,wallet_refunds_minor,upi_sales_minor,upi_refunds_minor,vat_1200_gross_minor,vat_1200_vat_minor,currency,as_of",
    );
    expect(sales).toHaveLength(5);
    expect(sales.filter((line) => line.includes(",1,12000,0,0,0,12000,12000,12000,0,0,0,0,0,12000,1286,SEK,"))).toHaveLength(1);
    const kronor = (await api<string>("GET", `/admin/reports/daily-sales?${around()}&format=csv&amounts=major`)).text.split("\r\n");
    expect(kronor[0]).toBe(sales[0]?.replaceAll("_minor", ""));
    expect(kronor.filter((line) => line.includes(",1,120,0,0,0,120,120,120,0,0,0,0,0,120,12.86,SEK,"))).toHaveLength(1);
    const volume = await csv("order-volume");
    expect(volume[0]).toBe(
      "day,orders_count,portions_count,ordered_minor,paid_count,paid_minor,no_shows_count,status_received,status_preparing,status_ready,status_out_for_delivery,status_completed,status_cancelled,type_pickup,type_delivery,type_table,currency,as_of",
    );
    expect(volume.filter((line) => line.includes(",1,2,12000,1,12000,0,0,0,0,0,1,0,1,0,0,SEK,"))).toHaveLength(1);
    const hours = await csv("peak-hours");
    expect(hours[0]).toBe("weekday,hour,hours_count,orders_count,portions_count,cancelled_count,paid_minor,currency,as_of");
    expect(hours.filter((line) => line.includes(",1,1,2,0,12000,SEK,"))).toHaveLength(1);
  });
});

test("what a full refund gives back is shared so that no dish keeps a minor unit, whatever parts it came in", async () => {
  const own = await money.till();
  const { api } = await campus.staff("owner", own.cafe);
  const dishes = await Promise.all(
    [333, 334, 1_000].map((priceMinor) => addDish(campus, own.cafe, { name: `Dish ${priceMinor}`, priceMinor })),
  );
  const body = {
    cafe_id: own.cafe.id,
    items: dishes.map((menu_item_id) => ({ menu_item_id, quantity: 1 })),
    order_type: "delivery",
    delivery_address: "Dorm 4",
  };
  const order = expectOk(await student.api<{ order: { id: string; total_minor: number } }>("POST", "/orders", { body })).order;
  const scanned = expectOk(await student.scan(own, { orderId: order.id }));
  expectOk(await student.confirm({ ...(await student.readCharge(scanned.charge.id)), match_code: scanned.match_code }));
  let leftMinor = order.total_minor;
  for (const amountMinor of [1, 7, 100, 1_111, 1, leftMinor - 1_220]) {
    expectOk(await refund(api, order.id, amountMinor));
    leftMinor -= amountMinor;
    const { totals } = await ask<Takings>(api, "item-performance");
    expect(totals.net_minor).toBe(leftMinor);
  }
  const report = await ask<Takings>(api, "item-performance");
  expect(report.items?.map(({ net_minor }) => net_minor)).toEqual([0, 0, 0]);
  expect(report.delivery).toEqual({ quantity: 1, gross_minor: 2_000, refunds_minor: 2_000, net_minor: 0 });
});

test("the day's VAT and totals are those of the Z-reports of the same sales", async () => {
  const own = await money.till();
  const { api } = await campus.staff("owner", own.cafe);
  expectOk(
    await own.device.api("POST", "/pos/shifts/open", { body: { opening_float_minor: 0 }, headers: { "Idempotency-Key": randomUUID() } }),
  );
  const orders: string[] = [];
  for (const totalMinor of [5_901, 4_703, 1_999]) orders.push(await pay(own, totalMinor));
  expectOk(await refund(api, orders[0] ?? "", 1_777));
  const closed = expectOk(
    await own.device.api<SalesTotals & { sales_minor: number }>("POST", "/pos/shifts/close", {
      body: { counted_cash_minor: 0 },
      headers: { "Idempotency-Key": randomUUID() },
    }),
  );
  const { totals } = await ask<SalesTotals>(api, "daily-sales");
  expect(totals.gross_minor).toBe(5_901 + 4_703 + 1_999);
  expect({ vat: totals.vat, net: totals.net_minor, gross: totals.gross_minor }).toEqual({
    vat: closed.vat,
    net: closed.net_minor,
    gross: closed.sales_minor,
  });
});

test("a debit writes no index of the orders: what reports search by costs it nothing", async () => {
  const { id, digest, match_code } = await student.scannedOrder({ till, totalMinor: 5_900 });
  const updates = await campus.owner.transaction(async (tx) => {
    await tx.row(
      sql`select outcome from confirm_charge(${id}, ${student.id}, ${digest}, ${match_code}, null, 'test', 1, 'a-key', 'Europe/Stockholm')`,
    );
    return tx.row(sql`
      select pg_stat_get_xact_tuples_updated('orders'::regclass) as updates, pg_stat_get_xact_tuples_hot_updated('orders'::regclass) as hot_updates`);
  });
  expect(updates).toEqual({ updates: 1, hotUpdates: 1 });
});

test("while two processes take orders and give money back, each report equals the ledger at its own snapshot", async () => {
  const own = await money.till();
  const { api, token } = await campus.staff("owner", own.cafe);
  const processes: ApiProcess[] = await Promise.all([startApiProcess(campus.env), startApiProcess(campus.env)]);
  try {
    const outside = createApi(processes.map(({ url }) => url));
    const dish = await addDish(campus, own.cafe, { priceMinor: 1_237 });
    const done = { sales: [0, 0], refunds: 0 };
    let isOver = false;
    const sell = async (process: 0 | 1) => {
      while (!isOver) {
        const body = { payment: "cash", items: [{ menu_item_id: dish, quantity: 1 + ((done.sales[process] ?? 0) % 3) }] };
        const headers = { "Idempotency-Key": randomUUID() };
        expectOk(await outside("POST", "/pos/sales", { process, authorization: own.device.authorization, body, headers }));
        done.sales[process] = (done.sales[process] ?? 0) + 1;
      }
    };
    const buyAndRefund = async () => {
      while (!isOver) {
        const orderId = await pay(own, 5_900);
        const body = { amount_minor: 1_999, reason: "cold" };
        const headers = { "Idempotency-Key": randomUUID() };
        expectOk(await outside("POST", `/admin/orders/${orderId}/refund`, { process: 1, token, body, headers }));
        done.refunds += 1;
      }
    };
    const watch = async () => {
      try {
        for (let round = 0; round < 15 || Math.min(...done.sales, done.refunds) < 10; round += 1) await compareAll(api, own.cafe.id);
      } finally {
        isOver = true;
      }
    };
    await Promise.all([sell(0), sell(1), buyAndRefund(), watch()]);
    await compareAll(api, own.cafe.id);
  } finally {
    for (const each of processes) each.signal("SIGTERM");
    await Promise.all(processes.map(({ exited }) => exited));
  }
}, 60_000);

/** The report's totals against what a sum over the rows gives for the very transactions that the report says it saw. */
async function compareAll(api: Api, cafeId: string): Promise<void> {
  const [sales, items, volume, hours] = await Promise.all([
    ask<SalesTotals>(api, "daily-sales"),
    ask<Takings>(api, "item-performance"),
    ask<VolumeTotals>(api, "order-volume"),
    ask<{ orders_count: number; paid_minor: number }>(api, "peak-hours"),
  ]);
  const soldBy = async (snapshot: string) => {
    const [row] = await campus.sql<{ count: number; gross: number; net: number; orders: number }>`
      select count(*) filter (where e.amount_minor > 0), coalesce(sum(e.amount_minor) filter (where e.amount_minor > 0), 0)::bigint as gross,
        coalesce(sum(e.amount_minor), 0)::bigint as net,
        (select count(*) from events v where v.event = 'order_placed' and v.channels @> array['cafe:' || ${cafeId}::text]
          and pg_visible_in_snapshot(v.xid, ${snapshot}::pg_snapshot)) as orders
      from ledger_entries e join accounts a on a.id = e.account_id
      where a.kind = 'cafe_payable' and a.cafe_id = ${cafeId} and pg_visible_in_snapshot(e.xid, ${snapshot}::pg_snapshot)`;
    return row;
  };
  const { totals } = sales;
  expect(await soldBy(sales.snapshot)).toMatchObject({ count: totals.sales_count, gross: totals.gross_minor, net: totals.net_minor });
  expect(totals.vat.reduce((left, { gross_minor }) => left + gross_minor, 0)).toBe(totals.net_minor);
  expect(await soldBy(items.snapshot)).toMatchObject({ gross: items.totals.gross_minor, net: items.totals.net_minor });
  const { orders_count, paid_count, paid_minor } = volume.totals;
  expect(await soldBy(volume.snapshot)).toMatchObject({ count: paid_count, gross: paid_minor, orders: orders_count });
  expect(await soldBy(hours.snapshot)).toMatchObject({ gross: hours.totals.paid_minor, orders: hours.totals.orders_count });
}
