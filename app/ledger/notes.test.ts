import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { grantJobs } from "../grants/background.ts";
import type { Job } from "../platform/jobs.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf } from "../testing/gateway.ts";
import { addDish } from "../testing/menus.ts";
import { expectOk, type Money, moneyOf, type Till } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { violations } from "../testing/proof/books.ts";
import { refused } from "../testing/refusal.ts";
import { metadataCell } from "./note.ts";

let campus: Campus;
let money: Money;
let till: Till;
let owner: TestStaff;
let finance: TestStaff;
let second: TestStaff;
let dish: string;
beforeAll(async () => {
  campus = await startCampus({ env: { REFUND_TWO_PEOPLE_ABOVE_MINOR: "5000", BULK_CREDIT_TWO_PEOPLE_ABOVE_MINOR: "100000" } });
  money = moneyOf(campus);
  till = await money.till();
  [owner, finance, second] = [await campus.staff("owner", till.cafe), await campus.staff("finance"), await campus.staff("finance")];
  dish = await addDish(campus, till.cafe, { stock: 1_000 });
});
afterAll(async () => {
  expect(await violations(campus.owner)).toEqual({});
  await campus.end();
});

interface Found {
  readonly id: string;
  readonly kind: string;
  readonly amount_minor: number;
  readonly cafe_id: string | null;
  readonly order_id: string | null;
  readonly reference: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}
interface Id {
  readonly id: string;
}

const keyed = () => ({ "Idempotency-Key": randomUUID() });
const nameOf = (kind: string) => `${kind}-${randomUUID().slice(0, 8)}`;
const find = async (query: string, staff = finance) =>
  expectOk(await staff.api<{ items: Found[]; next_cursor: string | null }>("GET", `/admin/ledger/transactions?${query}`));
const byReference = async (reference: string, staff = finance) => (await find(`reference=${encodeURIComponent(reference)}`, staff)).items;
const sellForCash = (note: object) =>
  till.device.api<{ order: Id }>("POST", "/pos/sales", {
    body: { items: [{ menu_item_id: dish, quantity: 1 }], payment: "cash", ...note },
    headers: keyed(),
  });
/** The students' view. */
const referencesOf = async (student: { api: TestStaff["api"] }) =>
  expectOk(await student.api<{ items: { kind: string; reference: string | null }[] }>("GET", "/wallet/statement")).items.map(
    ({ kind, reference }) => [kind, reference],
  );

test("a sale for cash is found by the till's own number and by each word beside it, by its café and by finance", async () => {
  const [reference, shift] = [nameOf("till"), nameOf("shift")];
  const { order } = expectOk(await sellForCash({ reference, metadata: { shift, lane: "2" } }));
  const expected = [{ kind: "cash_sale", order_id: order.id, cafe_id: till.cafe.id, reference, metadata: { shift, lane: "2" } }];
  for (const staff of [owner, finance]) {
    expect(await byReference(reference, staff)).toMatchObject(expected);
    expect((await find(`metadata[shift]=${shift}`, staff)).items).toMatchObject(expected);
    expect((await find(`reference=${reference}&metadata[shift]=${shift}&metadata[lane]=2`, staff)).items).toMatchObject(expected);
    expect((await find(`reference=${reference}&metadata[lane]=3`, staff)).items).toEqual([]);
  }
  const [found] = await byReference(reference);
  const sale = expectOk(await owner.api<Found>("GET", `/admin/transactions/${found?.id}`));
  expect(sale).toMatchObject({ reference, metadata: { shift, lane: "2" } });
  const csv = await owner.api("GET", "/admin/transactions?format=csv");
  expect(csv.text).toContain(reference);
});

test("nobody of another café finds it, also not by naming the café", async () => {
  const reference = nameOf("till");
  expectOk(await sellForCash({ reference, metadata: { secret: reference } }));
  const elsewhere = await campus.staff("owner", await campus.cafe());
  expect(await byReference(reference, elsewhere)).toEqual([]);
  expect((await find(`metadata[secret]=${reference}`, elsewhere)).items).toEqual([]);
  expect(await elsewhere.api("GET", `/admin/ledger/transactions?reference=${reference}&cafe_id=${till.cafe.id}`)).toMatchObject(
    refused(403, "INSUFFICIENT_ROLE"),
  );
  expect((await find(`reference=${reference}&cafe_id=${till.cafe.id}`)).items).toHaveLength(1);
  expect((await find(`reference=${reference}&cafe_id=${randomUUID()}`)).items).toEqual([]);
});

test("a sale to a card keeps its note until it is paid, and then the debit has it", async () => {
  const student = await money.fundedStudent({ balanceMinor: 20_000 });
  const reference = nameOf("till");
  const sold = expectOk(
    await till.device.api<{ order: Id; charge: Id; match_code: string }>("POST", "/pos/sales", {
      body: { items: [{ menu_item_id: dish, quantity: 1 }], payment: "card", card_uid: student.cardUid, reference },
      headers: keyed(),
    }),
  );
  expect(await byReference(reference)).toEqual([]);
  const charge = expectOk(await student.api<{ digest: string }>("GET", `/charges/${sold.charge.id}`));
  expectOk(
    await student.api("POST", `/charges/${sold.charge.id}/confirm`, { body: { digest: charge.digest, number_match: sold.match_code } }),
  );
  expect(await byReference(reference, owner)).toMatchObject([{ kind: "debit", order_id: sold.order.id, reference, metadata: {} }]);
  expect((await referencesOf(student))[0]).toEqual(["debit", reference]);
  const csv = await student.api("GET", "/wallet/statement?format=csv");
  expect(csv.text).toContain(`,${reference},`);
});

test("an order keeps what it was placed with until it is paid, and what the till says as it scans stands in its place, field by field", async () => {
  const student = await money.fundedStudent({ balanceMinor: 20_000 });
  const [own, mine, tills, room] = [nameOf("own"), nameOf("mine"), nameOf("till"), nameOf("room")];
  const place = async (note: object, key = randomUUID()) =>
    expectOk(
      await student.api<{ order: Id }>("POST", "/orders", {
        body: { cafe_id: till.cafe.id, items: [{ menu_item_id: dish, quantity: 1 }], ...note },
        headers: { "Idempotency-Key": key },
      }),
    ).order.id;
  const scan = async (orderId: string, note: object, scan_id = randomUUID()) =>
    expectOk(
      await till.device.api<{ charge: Id; match_code: string }>("POST", "/pos/scans", {
        body: { scan_id, card_uid: student.cardUid, order_id: orderId, ...note },
      }),
    );
  const pay = async ({ charge: { id }, match_code }: { charge: Id; match_code: string }) => {
    const { digest } = expectOk(await student.api<{ digest: string }>("GET", `/charges/${id}`));
    expectOk(await student.api("POST", `/charges/${id}/confirm`, { body: { digest, number_match: match_code } }));
  };
  const key = randomUUID();
  const ordered = { reference: own, metadata: { room } };
  const placed = await place(ordered, key);
  expect(await place(ordered, key)).toBe(placed);
  expect(await byReference(own)).toEqual([]);
  await pay(await scan(placed, {}));
  expect(await byReference(own, owner)).toMatchObject([{ kind: "debit", order_id: placed, metadata: { room } }]);
  expect((await referencesOf(student))[0]).toEqual(["debit", own]);

  const both = await place({ reference: mine, metadata: { room } });
  const scanId = randomUUID();
  await scan(both, { reference: tills }, scanId);
  // A scan that is sent again, or another one of a request that waits, says nothing new.
  await scan(both, { reference: nameOf("again") }, scanId);
  await pay(await scan(both, { reference: nameOf("again") }));
  expect(await byReference(mine)).toEqual([]);
  expect(await byReference(tills, owner)).toMatchObject([{ kind: "debit", order_id: both, metadata: { room } }]);
  expect((await find(`metadata[room]=${room}`, owner)).items.map(({ order_id }) => order_id)).toEqual([both, placed]);

  const counted = await campus.sql`select count(*) from transaction_notes`;
  await pay(await scan(await place({}), {}));
  expect(await campus.sql`select count(*) from transaction_notes`).toEqual(counted);
  for (const [door, body] of [
    [student.api, { cafe_id: till.cafe.id, items: [{ menu_item_id: dish, quantity: 1 }] }],
    [till.device.api, { scan_id: randomUUID(), card_uid: student.cardUid }],
  ] as const)
    expect(
      await door("POST", door === student.api ? "/orders" : "/pos/scans", { body: { ...body, reference: "x".repeat(65) } }),
    ).toMatchObject(refused(400, "VALIDATION_ERROR"));
});

test("the most that may be noted is kept as it was written, quotes and backslashes too", async () => {
  const reference = nameOf("full");
  const metadata = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [String(index).padStart(40, "k"), '"\\'.repeat(100)]));
  expectOk(await sellForCash({ reference, metadata }));
  expect(await byReference(reference)).toMatchObject([{ metadata }]);
});

test("a sale under one key is sold and noted once, and one that is refused leaves no note", async () => {
  const reference = nameOf("till");
  const request = {
    body: { items: [{ menu_item_id: dish, quantity: 1 }], payment: "cash", reference },
    headers: keyed(),
  };
  const [first, again] = [await till.device.api("POST", "/pos/sales", request), await till.device.api("POST", "/pos/sales", request)];
  expect([first.status, again.text]).toEqual([201, first.text]);
  expect(await byReference(reference)).toHaveLength(1);
  const tooLittle = await sellForCash({ cash_tendered_minor: 1, reference: nameOf("refused") });
  expect(tooLittle.status).toBe(400);
  expect(await campus.sql`select reference from transaction_notes where reference like 'refused-%'`).toEqual([]);
});

test("refunds at the counter, in the portal and by two people carry theirs", async () => {
  const student = await money.fundedStudent({ balanceMinor: 60_000 });
  const pay = async (totalMinor: number) => {
    const charge = await student.scannedOrder({ till, totalMinor });
    expectOk(await student.confirm(charge));
    return charge.order_id;
  };
  const refund = (orderId: string, part: object) =>
    owner.api<Id>("POST", `/admin/orders/${orderId}/refund`, { body: { reason: "cold", ...part }, headers: keyed() });
  const [counter, portal, large] = [nameOf("counter"), nameOf("portal"), nameOf("large")];
  const cashier = await campus.staff("cashier", till.cafe);
  expectOk(
    await till.device.api("POST", "/pos/refunds", {
      body: { scan_id: randomUUID(), order_id: await pay(3_000), card_uid: student.cardUid, reason: "cold", reference: counter },
      headers: { "X-Staff-Authorization": `Bearer ${cashier.token}` },
    }),
  );
  expectOk(await refund(await pay(3_000), { reference: portal, metadata: { case: portal } }));
  const proposal = expectOk(await refund(await pay(30_000), { reference: large }));
  expect(await byReference(large)).toEqual([]);
  expectOk(await finance.api("POST", `/admin/refund-proposals/${proposal.id}/approve`, { headers: keyed() }));
  for (const reference of [counter, portal, large])
    expect(await byReference(reference, owner)).toMatchObject([{ kind: "refund", cafe_id: till.cafe.id, reference }]);
  expect((await find(`metadata[case]=${portal}`, owner)).items).toMatchObject([{ reference: portal }]);
  const shown = await referencesOf(student);
  for (const reference of [counter, portal, large]) expect(shown).toContainEqual(["refund", reference]);
});

test("top-ups, corrections and bulk credits carry theirs, found by finance and by no café", async () => {
  const student = await money.fundedStudent({ balanceMinor: 0 });
  const [topUp, correction, grant, term] = [nameOf("top-up"), nameOf("correction"), nameOf("grant"), nameOf("term")];
  const opened = expectOk(
    await student.api<{ gateway_order_id: string }>("POST", "/wallet/top-ups", {
      body: { amount_minor: 20_000, reference: topUp, metadata: { from: "mum" } },
      headers: keyed(),
    }),
  );
  const paid = await gatewayOf(campus).pay(opened.gateway_order_id);
  expectOk(await student.api("POST", "/payments/verify", { body: paid }));
  const asked = expectOk(
    await finance.api<Id>("POST", "/admin/adjustments", {
      body: { student_id: student.id, amount_minor: 500, currency: "SEK", reason: "lost", reference: correction },
      headers: keyed(),
    }),
  );
  expectOk(await second.api("POST", `/admin/adjustments/${asked.id}/approve`, { headers: keyed() }));
  const file = expectOk(
    await finance.api<Id & { metadata: object }>("POST", `/admin/bulk-credits?title=Meals&metadata[term]=${term}`, {
      body: `student_id,amount_minor,reference\n${student.id},700,${grant}`,
      headers: { "Content-Type": "text/csv", ...keyed() },
    }),
  );
  expect(file.metadata).toEqual({ term });
  await campus.drainOutbox();
  const [credit] = grantJobs as readonly [Job, Job];
  for (let outcome: unknown = "more"; outcome === "more"; ) outcome = await campus.worker.db.transaction((tx) => credit.run(tx));
  expect(await byReference(topUp)).toMatchObject([{ kind: "top_up", amount_minor: 20_000, cafe_id: null, metadata: { from: "mum" } }]);
  expect(await byReference(correction)).toMatchObject([{ kind: "adjustment", amount_minor: 500 }]);
  expect(await byReference(grant)).toMatchObject([{ kind: "grant", amount_minor: 700, metadata: { term } }]);
  expect((await find(`metadata[term]=${term}`)).items).toMatchObject([{ reference: grant }]);
  for (const reference of [topUp, correction, grant]) expect(await byReference(reference, owner)).toEqual([]);
  expect(await referencesOf(student)).toEqual(
    expect.arrayContaining([
      ["top_up", topUp],
      ["adjustment", correction],
      ["grant", grant],
    ]),
  );
});

test("the journal names them, and a cell that a spreadsheet would run is none", async () => {
  const reference = nameOf("=cmd");
  const { order } = expectOk(await sellForCash({ reference, metadata: { a: '"quoted", and more' } }));
  const [{ day } = { day: "" }] = await campus.sql<{ day: string }>`
    update ledger_transactions set at = at - interval '2 days' where order_id = ${order.id}
    returning to_char(at at time zone 'Europe/Stockholm', 'YYYY-MM-DD') as day`;
  const journal = await finance.api("GET", `/admin/journal?from=${day}&until=${day}&format=csv`);
  expect(journal.status).toBe(200);
  const line = journal.text.split("\r\n").find((text) => text.includes(order.id)) ?? "";
  const cell = metadataCell({ a: '"quoted", and more' })?.replaceAll('"', '""');
  expect(line.endsWith(`,'${reference},"${cell}"`)).toBe(true);
  await campus.sql`update ledger_transactions set at = at + interval '2 days' where order_id = ${order.id}`;
});

test("pages of one reference follow each other, newest first", async () => {
  const reference = nameOf("invoice");
  for (const _ of Array.from({ length: 3 })) expectOk(await sellForCash({ reference }));
  const first = await find(`reference=${reference}&limit=2`);
  const rest = await find(`reference=${reference}&limit=2&cursor=${first.next_cursor}`);
  const ids = [...first.items, ...rest.items].map(({ id }) => id);
  expect([ids.length, rest.next_cursor]).toEqual([3, null]);
  expect(ids).toEqual([...ids].sort().reverse());
});

test.each([
  ["a reference of 65 characters", { reference: "x".repeat(65) }],
  ["an empty reference", { reference: "" }],
  ["a value that is no text", { metadata: { a: 1 } }],
  ["a value of 201 characters", { metadata: { a: "x".repeat(201) } }],
  ["a key with a space", { metadata: { "a b": "x" } }],
  ["21 keys", { metadata: Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`k${index}`, "x"])) }],
])("%s is refused, and nothing is sold", async (_, note) => {
  expect(await sellForCash(note)).toMatchObject(refused(400, "VALIDATION_ERROR"));
});

test.each(["", "limit=5", "metadata=x", "metadata[a b]=x", "metadata[a]=", "other=x", `reference=${"x".repeat(65)}`])(
  "a search by '%s' is refused",
  async (query) => {
    expect(await finance.api("GET", `/admin/ledger/transactions?${query}`)).toMatchObject(refused(400, "VALIDATION_ERROR"));
  },
);

test("what a student had and owed at a moment is told, and what came later is not in it", async () => {
  const student = await money.fundedStudent({ balanceMinor: 1_000 });
  interface Balance {
    readonly kind: string;
    readonly balance_minor: number;
  }
  const balances = async (query: string) =>
    expectOk(await finance.api<{ items: Balance[] }>("GET", `/admin/balances?student_id=${student.id}${query}`)).items.map(
      ({ kind, balance_minor }) => [kind, balance_minor],
    );
  const [{ now } = { now: "" }] = await campus.sql<{
    now: string;
  }>`select to_json(clock_timestamp() at time zone 'UTC')#>>'{}' || 'Z' as now`;
  const charge = await student.scannedOrder({ till, totalMinor: 400 });
  expectOk(await student.confirm(charge));
  expect(await balances("")).toEqual([["wallet", 600]]);
  expect(await balances(`&at=${now}`)).toEqual([["wallet", 1_000]]);
  expect(await balances("&at=2020-01-01T00:00:00Z")).toEqual([["wallet", 0]]);
});

test("a student who is erased takes the words along", async () => {
  const student = await money.fundedStudent({ balanceMinor: 3_000 });
  const reference = nameOf("gone");
  const charge = await student.scannedOrder({ till, totalMinor: 3_000 });
  expectOk(await student.confirm(charge));
  await campus.sql`insert into transaction_notes (document, document_id, cafe_id, reference) values ('orders', ${charge.order_id}, ${till.cafe.id}, ${reference})`;
  expect(await byReference(reference)).toHaveLength(1);
  await campus.sql`select forget_student_notes(array[${student.id}]::uuid[])`;
  expect(await byReference(reference)).toEqual([]);
});
