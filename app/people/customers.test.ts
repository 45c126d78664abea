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
beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  till = await money.till();
  owner = await campus.staff("owner", till.cafe);
});
afterAll(() => campus.end());

interface CustomerBody {
  readonly id: string;
  readonly label: string;
  readonly is_student: boolean;
  readonly phone: string | null;
  readonly order_count: number;
  readonly version: number;
}

const list = async (api: Api = owner.api, query = "") =>
  (await api<{ items: CustomerBody[]; next_cursor: string | null }>("GET", `/admin/customers?limit=100${query}`)).body;
const buy = async (student: MoneyStudent, totalMinor: number, at = till) => {
  const charge = await student.scannedOrder({ till: at, totalMinor });
  expect((await student.confirm(charge)).status).toBe(200);
  return charge;
};

test("a student who bought here is a customer under a label, with what was bought, paid and given back", async () => {
  const student = await money.fundedStudent({ balanceMinor: 50_000, name: "Gudrun Planterad" });
  const first = await buy(student, 5_900);
  await buy(student, 4_100);
  await student.placeOrder({ till, totalMinor: 7_000 });
  await owner.api("POST", `/admin/orders/${first.order_id}/refund`, {
    body: { amount_minor: 900, reason: "cold" },
    headers: { "Idempotency-Key": crypto.randomUUID() },
  });
  const { items } = await list();
  const customer = items.find(({ label }) => label === "Gudrun P.");
  expect(customer).toMatchObject({
    is_student: true,
    order_count: 2,
    total_spent_minor: 9_100,
    currency: "SEK",
    last_order_at: expect.any(String),
    name: null,
    phone: null,
    email: null,
    address: null,
  });
  expect(await owner.api("GET", `/admin/customers/${customer?.id}`)).toMatchObject({ status: 200, body: customer });
});

test("what a student told the university never reaches a café", async () => {
  const student = await money.fundedStudent({ balanceMinor: 20_000, name: "Gudrun Hemlig" });
  await campus.sql`update students set email = 'hemlig@example.org', address = 'Hemliga gatan 1', student_number = 'HEMLIG-1' where id = ${student.id}`;
  await buy(student, 5_900);
  const text = JSON.stringify([await list(), await owner.api("GET", "/admin/transactions")]);
  expect(text).toContain("Gudrun H.");
  for (const secret of [student.phone, "Hemlig", "hemlig@example.org", "Hemliga gatan", "HEMLIG-1", student.id])
    expect(text).not.toContain(secret);
});

test("a student who only looked, or ordered and never paid, is no customer", async () => {
  const other = await money.till();
  const student = await money.fundedStudent({ balanceMinor: 20_000 });
  await student.placeOrder({ till: other, totalMinor: 5_900 });
  const theirs = await campus.staff("owner", other.cafe);
  expect((await list(theirs.api)).items).toEqual([]);
  await buy(student, 4_000, other);
  expect((await list(theirs.api)).items).toMatchObject([{ is_student: true, order_count: 1 }]);
});

test("two orders at once of a new student make one customer", async () => {
  const other = await money.till();
  const student = await money.fundedStudent({ balanceMinor: 20_000 });
  await Promise.all([1, 2, 3, 4].map((n) => student.placeOrder({ till: other, totalMinor: n * 1_000 })));
  expect(await campus.sql`select id from customers where cafe_id = ${other.cafe.id}`).toHaveLength(1);
});

test("a café enters, changes and forgets customers of its own", async () => {
  const body = { name: "Firma Berg", email: "berg@example.org", phone: "+46700009999", address: "Industrigatan 2" };
  const added = await owner.api<CustomerBody>("POST", "/admin/customers", { body });
  expect(added).toMatchObject({
    status: 201,
    body: { ...body, label: "Firma Berg", is_student: false, order_count: 0, last_order_at: null },
  });
  const { id, version } = added.body;
  expect((await list(owner.api, "&search=BERG@")).items.map((each) => each.id)).toEqual([id]);
  const changed = await owner.api<CustomerBody>("PUT", `/admin/customers/${id}`, {
    body: { name: "Berg & Co", phone: "+46700009998", version },
  });
  expect(changed).toMatchObject({ status: 200, body: { name: "Berg & Co", phone: "+46700009998", email: null, address: null } });
  const stale = await owner.api("PUT", `/admin/customers/${id}`, { body: { name: "Old", version } });
  expect(stale).toMatchObject({ status: 409, body: { error: { code: "CONFLICT", details: { version: changed.body.version } } } });
  const nameless = { name: null, version: changed.body.version };
  expect(await owner.api("PUT", `/admin/customers/${id}`, { body: nameless })).toMatchObject(refused(400, "VALIDATION_ERROR"));
  expect((await owner.api("DELETE", `/admin/customers/${id}`)).status).toBe(204);
  for (const method of ["GET", "DELETE"])
    expect(await owner.api(method, `/admin/customers/${id}`)).toMatchObject(refused(404, "NOT_FOUND"));
  const told = await campus.sql<{ action: string }>`select action from audit_log where object_id = ${id} order by id`;
  expect(told.map(({ action }) => action)).toEqual(["customer.added", "customer.changed", "customer.removed"]);
});

test("a café's own words about a student stay with it, and a forgotten student comes back with the next order, without them", async () => {
  const student = await money.fundedStudent({ balanceMinor: 20_000, name: "Nils Berg" });
  const other = await money.till();
  const [mine, theirs] = [await campus.staff("owner", other.cafe), owner];
  await buy(student, 1_000, other);
  await buy(student, 1_000);
  const [customer] = (await list(mine.api)).items;
  const body = { name: "Nils, allergic", phone: "+46700009997", version: customer?.version };
  expect(await mine.api("PUT", `/admin/customers/${customer?.id}`, { body })).toMatchObject({ body: { label: "Nils, allergic" } });
  expect(JSON.stringify(await list(theirs.api))).not.toContain("allergic");
  await mine.api("DELETE", `/admin/customers/${customer?.id}`);
  expect((await list(mine.api)).items).toEqual([]);
  await buy(student, 2_000, other);
  expect((await list(mine.api)).items).toMatchObject([{ label: "Nils B.", name: null, phone: null, order_count: 2 }]);
});

test("a customer whom the café enters is never matched with a student, so nobody learns who is one", async () => {
  const student = await campus.student();
  const answer = await owner.api("POST", "/admin/customers", { body: { name: "Maybe", phone: student.phone } });
  expect(answer).toMatchObject({ status: 201, body: { is_student: false, label: "Maybe" } });
});

test("the pages of the list hold every customer once", async () => {
  const { cafe } = await money.till();
  const { api } = await campus.staff("owner", cafe);
  for (const n of [1, 2, 3]) await api("POST", "/admin/customers", { body: { name: `Customer ${n}` } });
  const first = (await api<{ items: CustomerBody[]; next_cursor: string }>("GET", "/admin/customers?limit=2")).body;
  const second = (await api<{ items: CustomerBody[]; next_cursor: null }>("GET", `/admin/customers?limit=2&cursor=${first.next_cursor}`))
    .body;
  expect([...first.items, ...second.items].map(({ label }) => label)).toEqual(["Customer 3", "Customer 2", "Customer 1"]);
  expect(second.next_cursor).toBeNull();
});

test("finance names the café; another café's customers do not exist; nobody else sees any", async () => {
  const { body: customer } = await owner.api<CustomerBody>("POST", "/admin/customers", { body: { name: "Ours" } });
  const path = `/admin/customers/${customer.id}`;
  const change = { body: { name: "Theirs", version: customer.version } };
  const finance = await campus.staff("finance");
  expect(await finance.api("GET", "/admin/customers")).toMatchObject(refused(400, "VALIDATION_ERROR"));
  expect((await list(finance.api, `&cafe_id=${till.cafe.id}`)).items.map(({ id }) => id)).toContain(customer.id);
  expect(await finance.api("POST", `/admin/customers?cafe_id=${unknownId}`, { body: { name: "x" } })).toMatchObject(
    refused(404, "NOT_FOUND"),
  );
  const stranger = await campus.staff("owner", await campus.cafe());
  for (const [query, refusal] of [
    ["", refused(404, "NOT_FOUND")],
    [`?cafe_id=${till.cafe.id}`, refused(403, "INSUFFICIENT_ROLE")],
  ] as const) {
    expect(await stranger.api("GET", path + query)).toMatchObject(refusal);
    expect(await stranger.api("PUT", path + query, change)).toMatchObject(refusal);
    expect(await stranger.api("DELETE", path + query)).toMatchObject(refusal);
  }
  for (const { api } of [await campus.staff("cashier", till.cafe), await campus.staff("kitchen", till.cafe), await campus.student()]) {
    expect(await api("GET", "/admin/customers")).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("GET", path)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("POST", "/admin/customers", { body: { name: "x" } })).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("PUT", path, change)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("DELETE", path)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  }
});
