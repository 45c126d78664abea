import { afterAll, beforeAll, expect, test } from "vitest";
import type { Api } from "../testing/api-client.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { refused, unknownId } from "../testing/refusal.ts";

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
  student = await money.fundedStudent({ balanceMinor: 1_000_000, name: "Alva Ek" });
});
afterAll(() => campus.end());

interface SaleBody {
  readonly id: string;
  readonly order_id: string;
  readonly order_number: string;
  readonly amount_minor: number;
  readonly refunded_minor: number;
  readonly payment_method: string;
}

const list = async (api: Api, query = "") =>
  (await api<{ items: SaleBody[]; next_cursor: string | null }>("GET", `/admin/transactions?limit=100${query}`)).body;
const buy = async (totalMinor: number, at = till, who = student) => {
  const charge = await who.scannedOrder({ till: at, totalMinor });
  expect((await who.confirm(charge)).status).toBe(200);
  return charge.order_id;
};

test("a sale shows its items, refunds and the ledger's transaction; unpaid orders are none", async () => {
  const orderId = await buy(5_900);
  await student.placeOrder({ till, totalMinor: 5_000 });
  const reason = { amount_minor: 1_900, reason: "cold soup" };
  await owner.api("POST", `/admin/orders/${orderId}/refund`, { body: reason, headers: { "Idempotency-Key": crypto.randomUUID() } });
  const { items } = await list(owner.api);
  expect(items).toMatchObject([
    {
      order_id: orderId,
      cafe_id: till.cafe.id,
      amount_minor: 5_900,
      refunded_minor: 1_900,
      payment_method: "wallet",
      student_label: "Alva E.",
      currency: "SEK",
    },
  ]);
  const detail = await owner.api<SaleBody>("GET", `/admin/transactions/${items[0]?.id}`);
  expect(detail).toMatchObject({
    status: 200,
    body: {
      ...items[0],
      subtotal_minor: 5_900,
      delivery_charge_minor: 0,
      customer_id: expect.any(String),
      items: [{ item_name: "Dish for 5900", item_price_minor: 5_900, quantity: 1, line_total_minor: 5_900, vat_basis_points: 1_200 }],
      refunds: [{ ...reason, transaction_id: expect.any(String), created_at: expect.stringMatching(/Z$/) }],
    },
  });
  const [entry] = await campus.sql`select kind, amount_minor from ledger_transactions where id = ${detail.body.id}`;
  expect(entry).toEqual({ kind: "debit", amountMinor: 5_900 });
});

test("the list equals the ledger, sale by sale, at the end of a lunch with refunds", async () => {
  const own = await money.till();
  const boss = await campus.staff("owner", own.cafe);
  const orders = await Promise.all([1_000, 2_000, 3_000, 4_000].map((amount) => buy(amount, own)));
  await Promise.all(
    orders.slice(0, 2).map((id) =>
      boss.api("POST", `/admin/orders/${id}/refund`, {
        body: { reason: "all of it" },
        headers: { "Idempotency-Key": crypto.randomUUID() },
      }),
    ),
  );
  const { items } = await list(boss.api);
  const ledger = await campus.sql<{ id: string; amount: number; refunded: number }>`
    select t.id, t.amount_minor as amount, coalesce((select sum(r.amount_minor) from ledger_transactions r where r.corrects_id = t.id and r.kind = 'refund'), 0)::bigint as refunded
    from ledger_transactions t join orders o on o.id = t.order_id where o.cafe_id = ${own.cafe.id} and t.kind = 'debit'`;
  expect(
    items
      .map(({ id, amount_minor, refunded_minor }) => ({ id, amount: amount_minor, refunded: refunded_minor }))
      .toSorted((a, b) => a.amount - b.amount),
  ).toEqual(ledger.toSorted((a, b) => a.amount - b.amount));
});

test("the filters find a sale by label, order number, method, amount and time", async () => {
  const own = await money.till();
  const { api } = await campus.staff("owner", own.cafe);
  const other = await money.fundedStudent({ balanceMinor: 50_000, name: "Nils Öberg" });
  const orders = [await buy(1_000, own), await buy(2_000, own, other), await buy(3_000, own)];
  const found = async (query: string) => (await list(api, query)).items.map(({ order_id }) => orders.indexOf(order_id));
  expect(await found("")).toEqual([2, 1, 0]);
  expect(await found("&search=nils%20%C3%B6")).toEqual([1]);
  const [sale] = (await list(api, "&min_amount_minor=3000")).items;
  expect(await found(`&search=${sale?.order_number}`)).toEqual([2]);
  expect(await found("&min_amount_minor=1500&max_amount_minor=2500")).toEqual([1]);
  expect(await found("&method=wallet")).toEqual([2, 1, 0]);
  expect(await found("&method=cash")).toEqual([]);
  const hour = (hours: number) => encodeURIComponent(new Date(Date.now() + hours * 3_600_000).toISOString());
  expect(await found(`&from=${hour(-1)}&to=${hour(1)}`)).toEqual([2, 1, 0]);
  expect(await found(`&from=${hour(1)}`)).toEqual([]);
  expect(await found(`&to=${hour(-1)}`)).toEqual([]);
});

test("a day is the café's own: what is paid at its midnight belongs to the day that begins, also where the clock changes", async () => {
  const own = await money.till();
  const { api } = await campus.staff("owner", own.cafe);
  // In Stockholm 25 October 2037 has 25 hours and 29 March 23: from 22:00 UTC to 23:00 UTC, and from 23:00 UTC to 22:00 UTC.
  const moments = ["2037-10-24T21:59:59Z", "2037-10-24T22:00:00Z", "2037-10-25T22:59:59Z", "2037-10-25T23:00:00Z"];
  moments.push("2037-03-28T22:59:59Z", "2037-03-28T23:00:00Z", "2037-03-29T21:59:59Z", "2037-03-29T22:00:00Z");
  const orders: string[] = [];
  for (const at of moments) {
    const id = await buy(1_000, own);
    orders.push(id);
    await campus.sql`update orders set paid_at = ${at} where id = ${id}`;
  }
  const paidIn = async (month: string) =>
    (await list(api, `&month=${month}`)).items.map(({ order_id }) => orders.indexOf(order_id)).toSorted();
  const paidOn = async (day: string) => (await list(api, `&day=${day}`)).items.map(({ order_id }) => orders.indexOf(order_id)).toSorted();
  expect([await paidOn("2037-10-24"), await paidOn("2037-10-25"), await paidOn("2037-10-26")]).toEqual([[0], [1, 2], [3]]);
  expect([await paidOn("2037-03-28"), await paidOn("2037-03-29"), await paidOn("2037-03-30")]).toEqual([[4], [5, 6], [7]]);
  expect([await paidIn("2037-10"), await paidIn("2037-03"), await paidIn("2037-11")]).toEqual([[0, 1, 2, 3], [4, 5, 6, 7], []]);
  // The first second of November there is October's last hour in Greenwich.
  await campus.sql`update orders set paid_at = '2037-10-31T23:00:00Z' where id = ${orders[0]}`;
  expect([await paidIn("2037-10"), await paidIn("2037-11")]).toEqual([[1, 2, 3], [0]]);
});

test("the CSV holds every sale of the filters, and no name runs as a formula", async () => {
  const own = await money.till();
  const { api } = await campus.staff("owner", own.cafe);
  const formula = await money.fundedStudent({ balanceMinor: 20_000, name: "=HYPERLINK(1)" });
  await buy(5_900, own, formula);
  await buy(1_000, own);
  const answer = await api<string>("GET", "/admin/transactions?format=csv&min_amount_minor=5000");
  expect(answer.headers.get("content-type")).toContain("text/csv");
  const [head, line, ...rest] = answer.text.split("\r\n");
  expect(head).toBe(
    "id,order_id,order_number,cafe_id,cafe_name,paid_at,payment_method,student_label,amount_minor,refunded_minor,currency,reference,metadata",
  );
  expect(line).toMatch(/,wallet,'=HYPERLINK\(1\),5900,0,SEK,,$/);
  expect(rest).toEqual([""]);
  const kronor = await api<string>("GET", "/admin/transactions?format=csv&amounts=major&min_amount_minor=5000");
  expect(kronor.text.split("\r\n")[0]).toBe(head?.replaceAll("_minor", ""));
  expect(kronor.text).toContain(",59,0,SEK,");
});

test("finance sees all cafés or the one that it names; another café's sale does not exist; nobody else sees any", async () => {
  await buy(1_000);
  const [sale] = (await list(owner.api)).items;
  const path = `/admin/transactions/${sale?.id}`;
  const finance = await campus.staff("finance");
  expect((await list(finance.api)).items.map(({ id }) => id)).toContain(sale?.id);
  expect((await list(finance.api, `&cafe_id=${till.cafe.id}`)).items.length).toBe((await list(owner.api)).items.length);
  expect((await finance.api("GET", path)).status).toBe(200);
  expect(await finance.api("GET", `/admin/transactions/${unknownId}`)).toMatchObject(refused(404, "NOT_FOUND"));
  const stranger = await campus.staff("owner", await campus.cafe());
  for (const foreign of ["/admin/transactions", path])
    expect(await stranger.api("GET", `${foreign}?cafe_id=${till.cafe.id}`)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  expect((await list(stranger.api)).items).toEqual([]);
  expect(await stranger.api("GET", path)).toMatchObject(refused(404, "NOT_FOUND"));
  for (const { api } of [await campus.staff("cashier", till.cafe), await campus.staff("kitchen", till.cafe), student]) {
    expect(await api("GET", "/admin/transactions")).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("GET", path)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  }
});

test("admin and finance find a student's sales by name, phone, number and id, and see who paid; a café knows the label alone", async () => {
  const own = await money.till();
  const { api } = await campus.staff("owner", own.cafe);
  const payer = await money.fundedStudent({ balanceMinor: 20_000, name: "Elsa Sandström" });
  await campus.sql`update students set student_number = 'S-20417' where id = ${payer.id}`;
  const orderId = await buy(1_000, own, payer);
  await buy(2_000, own);
  const [sale] = (await list(api, "&max_amount_minor=1000")).items;
  const words = ["elsa sand", payer.phone, `0${payer.phone.slice(3, 5)} ${payer.phone.slice(5)}`, "s-20417"].map(
    (word) => `&cafe_id=${own.cafe.id}&search=${encodeURIComponent(word)}`,
  );
  for (const role of ["admin", "finance"] as const) {
    const someone = await campus.staff(role);
    for (const query of [...words, `&student_id=${payer.id}`])
      expect((await list(someone.api, query)).items.map(({ order_id }) => order_id)).toEqual([orderId]);
    expect(await someone.api("GET", `/admin/transactions/${sale?.id}`)).toMatchObject({
      status: 200,
      body: { student: { id: payer.id, name: "Elsa Sandström", phone: payer.phone, student_number: "S-20417" } },
    });
  }
  for (const query of words) expect((await list(api, query)).items).toEqual([]);
  expect(await api("GET", `/admin/transactions/${sale?.id}`)).toMatchObject({ status: 200, body: { student: null } });
  expect(await api("GET", `/admin/transactions?student_id=${payer.id}`)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
});

test("the pages hold every sale once", async () => {
  const own = await money.till();
  const { api } = await campus.staff("owner", own.cafe);
  const orders = [await buy(1_000, own), await buy(2_000, own), await buy(3_000, own)];
  const page = async (query: string) =>
    (await api<{ items: SaleBody[]; next_cursor: string | null }>("GET", `/admin/transactions?limit=2${query}`)).body;
  const first = await page("");
  const second = await page(`&cursor=${first.next_cursor}`);
  expect([...first.items, ...second.items].map(({ order_id }) => order_id)).toEqual(orders.toReversed());
  expect(second.next_cursor).toBeNull();
});
