import { randomInt, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sql } from "../platform/postgres.ts";
import type { Api, ApiAnswer } from "../testing/api-client.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { addDish } from "../testing/menus.ts";
import { expectOk, type Money, moneyOf, newCardUid, type ScannedCharge, type Till } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { until } from "../testing/platform.ts";
import { refused } from "../testing/refusal.ts";
import { peopleJobs } from "./background.ts";

let campus: Campus;
let money: Money;
let till: Till;
let owner: TestStaff;
let admin: TestStaff;
let accountants: readonly [TestStaff, TestStaff];
beforeAll(async () => {
  campus = await startCampus({ env: { LOG_LEVEL: "trace", REFUND_TWO_PEOPLE_ABOVE_MINOR: "5899" } });
  money = moneyOf(campus);
  till = await money.till();
  owner = await campus.staff("owner", till.cafe);
  admin = await campus.staff("admin");
  accountants = [await campus.staff("finance"), await campus.staff("finance")];
});
afterAll(() => campus.end());

const waitsFor = (because: string) => ({ status: 409, body: { error: { code: "CONFLICT", details: { because } } } });
const onceMore = () => ({ "Idempotency-Key": randomUUID() });

let persons = randomInt(1_000_000);

/** Words of one person that nobody else has, to be planted wherever the API takes a text. */
function person() {
  persons = (persons + 1) % 1_000_000;
  const digits = String(persons).padStart(6, "0");
  return {
    phone: `+46709${digits}`,
    name: `Zebulon${digits} Markerstrom`,
    email: `zebulon${digits}@marker.example`,
    address: `Markergatan ${digits}`,
    student_number: `ZM-${digits}`,
    pushToken: `push-token-of-zebulon-${digits}`,
  };
}
type Person = ReturnType<typeof person>;

interface Somebody {
  readonly id: string;
  readonly words: Person;
  readonly api: Api;
  readonly token: string;
  readonly refreshToken: string;
  readonly cardUid: string;
}

async function logIn(phone: string): Promise<{ access_token: string; refresh_token: string; user: { id: string } }> {
  const otp = await campus.requestOtp(phone);
  return expectOk(await campus.api("POST", "/auth/verify-otp", { body: { phone, otp } }));
}

/** Entered by the university and logged in by SMS, with a card and the first money. */
async function somebody(): Promise<Somebody> {
  const words = person();
  const { pushToken, ...fields } = words;
  const { id } = expectOk(await admin.api<{ id: string }>("POST", "/admin/students", { body: fields, headers: onceMore() }));
  const { access_token: token, refresh_token: refreshToken } = await logIn(words.phone);
  const api: Api = (method, path, options = {}) => campus.api(method, path, { token, ...options });
  const cardUid = newCardUid();
  expectOk(await admin.api("POST", `/admin/students/${id}/cards`, { body: { card_uid: cardUid } }));
  expectOk(await api("POST", "/users/device-token", { body: { token: pushToken, platform: "web" }, headers: onceMore() }));
  expectOk(await api("GET", "/wallet"));
  return { id, words, api, token, refreshToken, cardUid };
}

async function adjust({ id, words }: Somebody, amountMinor: number): Promise<void> {
  const note = { reference: words.phone, metadata: { for: words.name } };
  const body = { student_id: id, amount_minor: amountMinor, currency: "SEK", reason: `for ${words.name}, ${words.phone}`, ...note };
  const asked = expectOk(await accountants[0].api<{ id: string }>("POST", "/admin/adjustments", { body, headers: onceMore() }));
  expectOk(await accountants[1].api("POST", `/admin/adjustments/${asked.id}/approve`, { headers: onceMore() }));
}

async function order({ api, words }: Somebody, more: object = {}): Promise<string> {
  const body = {
    cafe_id: till.cafe.id,
    items: [{ menu_item_id: await addDish(campus, till.cafe, { priceMinor: 5_900 }), quantity: 1 }],
    special_instructions: `${words.name} calls ${words.phone}`,
    ...more,
  };
  return expectOk(await api<{ order: { id: string } }>("POST", "/orders", { body, headers: onceMore() })).order.id;
}

async function scan({ api, cardUid }: Somebody, orderId: string): Promise<ScannedCharge> {
  const body = { scan_id: randomUUID(), card_uid: cardUid, order_id: orderId };
  const scanned = expectOk(await till.device.api<{ charge: { id: string }; match_code: string }>("POST", "/pos/scans", { body }));
  return { ...expectOk(await api<ScannedCharge>("GET", `/charges/${scanned.charge.id}`)), match_code: scanned.match_code };
}

async function pay(who: Somebody, orderId: string): Promise<void> {
  const charge = await scan(who, orderId);
  expectOk(await who.api("POST", `/charges/${charge.id}/confirm`, { body: { digest: charge.digest, number_match: charge.match_code } }));
}

const move = async (orderId: string, status: string, reason?: string) =>
  expectOk(await owner.api("PATCH", `/admin/orders/${orderId}/status`, { body: { status, ...(reason === undefined ? {} : { reason }) } }));

/** All that a student and those around leave behind in a month, with the person's words in every text. Ends without money. */
async function aMonth(who: Somebody): Promise<void> {
  const { id, words, api } = who;
  await adjust(who, 50_000);
  expectOk(await api("PUT", "/users/me", { body: { name: words.name, language: "sv", notifications: { orders: true, payments: true } } }));
  const eaten = await order(who);
  await pay(who, eaten);
  for (const status of ["preparing", "ready", "completed"]) await move(eaten, status);
  const cold = { amount_minor: 900, reason: `${words.name} of ${words.address} got it cold` };
  expectOk(await owner.api("POST", `/admin/orders/${eaten}/refund`, { body: cold, headers: onceMore() }));
  const all = { reason: `${words.name} of ${words.address} wants all of it` };
  const wanted = expectOk(await owner.api<{ id: string }>("POST", `/admin/orders/${eaten}/refund`, { body: all, headers: onceMore() }));
  expect(await admin.api("DELETE", `/admin/students/${id}`)).toMatchObject({
    body: { error: { details: { obstacles: expect.arrayContaining(["pending_refund"]) } } },
  });
  expectOk(await accountants[0].api("POST", `/admin/refund-proposals/${wanted.id}/reject`, { headers: onceMore() }));

  // Of so little that one person may cancel it.
  const cheap = [{ menu_item_id: await addDish(campus, till.cafe, { priceMinor: 900 }), quantity: 1 }];
  const brought = await order(who, { items: cheap, order_type: "delivery", delivery_address: words.address });
  await pay(who, brought);
  await move(brought, "cancelled", `${words.phone} did not answer`);
  const regretted = await order(who);
  const charge = await scan(who, regretted);
  expectOk(await api("POST", `/charges/${charge.id}/decline`, { body: {} }));
  expectOk(await api("POST", `/orders/${regretted}/cancel`, { headers: onceMore() }));

  // As it was posted to the café's own till system.
  await campus.sql`
    with endpoint as (
      insert into webhook_endpoints (cafe_id, url, sealed_secret) values (${till.cafe.id}, 'https://till.example', 'sealed') returning id)
    insert into webhook_deliveries (endpoint_id, event_id, event, order_id, body)
    select id, uuidv7(), 'order.received', ${eaten}, ${JSON.stringify({ special_instructions: words.name })} from endpoint`;
  const { items } = expectOk(await owner.api<{ items: { id: string; version: number }[] }>("GET", "/admin/customers"));
  const { phone, name, email, address } = words;
  const known = items[0];
  const written = { name, phone, email, address, version: known?.version };
  expectOk(await owner.api("PUT", `/admin/customers/${known?.id}`, { body: written }));
  expectOk(await owner.api("POST", "/admin/customers", { body: { name, phone, email: null, address }, headers: onceMore() }));
  expectOk(await owner.api("POST", "/admin/customers", { body: { name, email: email.toUpperCase() }, headers: onceMore() }));
  const file = `student_number,name,phone,email,address\n${words.student_number},${name},${phone},${email},${address}\n`;
  const headers = { "Content-Type": "text/csv", ...onceMore() };
  expectOk(await admin.api("POST", "/admin/students/import", { body: file, headers }));
  await campus.setFaults({ sms: "500" });
  await campus.api("POST", "/auth/request-otp", { body: { phone } });
  await campus.drainOutbox();
  await campus.setFaults({ sms: "ok" });
  const gift = { body: { limit_minor: 10_000 }, headers: onceMore() };
  await api("POST", "/wallet/gift-link", gift);
  await admin.api("GET", `/admin/students?search=${encodeURIComponent(name)}`);
  await admin.api("GET", `/admin/students/${id}?phone=${encodeURIComponent(phone)}`);
  await adjust(who, -(await balanceOf(who)));
}

async function balanceOf({ api }: Somebody): Promise<number> {
  return expectOk(await api<{ balance_minor: number }>("GET", "/wallet")).balance_minor;
}

/** Where a word stands in any column of any table, whatever its type. */
async function tablesWith(words: readonly string[]): Promise<string[]> {
  const columns = await campus.database.query<{ table: string; column: string; type: string }>(`
    select c.relname as table, a.attname as column, a.atttypid::regtype::text as type
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'm')`);
  const found: string[] = [];
  for (const { table, column, type } of columns) {
    const text = type === "bytea" ? `encode("${column}", 'escape')` : `"${column}"::text`;
    const rows = await campus.database.query<{ text: string }>(
      `select ${text} as text from "${table}" where ${text} ilike any ($1) limit 1`,
      [words.map((word) => `%${word}%`)],
    );
    found.push(...rows.map((row) => `${table}.${column}: ${row.text.slice(0, 200)}`));
  }
  return found;
}

async function redisWith(words: readonly string[]): Promise<string[]> {
  const keys = await campus.redis.keys("*");
  const dumps = await Promise.all(keys.map(async (key) => `${key} ${(await campus.redis.dumpBuffer(key))?.toString("latin1") ?? ""}`));
  return dumps.filter((dump) => words.some((word) => dump.includes(word)));
}

const wordsOf = ({ name, phone, ...others }: Person) => [...name.split(" ").slice(0, 1), phone.slice(1), ...Object.values(others)];

const eraseMyself = async ({ api, words }: Somebody): Promise<ApiAnswer<unknown>> => {
  const otp = await campus.requestOtp(words.phone);
  return api("DELETE", "/users/me", { body: { otp } });
};

const ledger = () => campus.sql`select count(*) as rows, sum(amount_minor)::bigint as sum from ledger_transactions`;
const check = async () => {
  const { body } = await accountants[0].api<{ ok: boolean; invariants: { ok: boolean }[] }>("GET", "/admin/ledger/check");
  return body.ok ? "the books balance" : body.invariants.filter(({ ok }) => !ok);
};

test("after an erasure no table, Redis key or log line holds the person, and the books still balance", async () => {
  const who = await somebody();
  await aMonth(who);
  const words = wordsOf(who.words);
  // The search finds what was planted, or it would find nothing afterwards either.
  const planted = (await tablesWith(words)).map((found) => found.split(":")[0]).toSorted();
  expect(planted).toEqual(
    expect.arrayContaining([
      "adjustments.reason",
      "customers.phone",
      "idempotency_answers.body",
      "orders.cancel_reason",
      "orders.delivery_address",
      "orders.special_instructions",
      "otps.phone",
      "push_tokens.token",
      "refund_proposals.reason",
      "refunds.reason",
      "students.phone",
      "transaction_notes.metadata",
      "transaction_notes.reference",
      "webhook_deliveries.body",
    ]),
  );
  const before = await ledger();

  expect(await eraseMyself(who)).toMatchObject({ status: 204 });
  await campus.drainOutbox();
  expect(await tablesWith(words)).toEqual([]);
  expect(await redisWith(words)).toEqual([]);
  await until("the last request is logged", () => campus.logLines.some((line) => line.includes("DELETE /api/v1/users/me")));
  expect(campus.logLines.filter((line) => words.some((word) => line.includes(word)))).toEqual([]);

  expect(await ledger()).toEqual(before);
  expect(await check()).toBe("the books balance");
  const kept = await campus.sql`
    select o.status, r.payload::jsonb ->> 'student_id' as student from orders o join receipts r on r.order_id = o.id where o.student_id = ${who.id} order by o.id`;
  expect(kept).toEqual([
    { status: "completed", student: who.id },
    { status: "cancelled", student: who.id },
  ]);
  const sales = JSON.stringify((await owner.api("GET", "/admin/transactions")).body);
  expect(sales).toContain("Former student");
});

test("an erased student is nobody: no token, card, phone or search leads there, and the phone begins anew", async () => {
  const who = await somebody();
  await who.api("GET", "/users/me", { process: 1 });
  expect(await eraseMyself(who)).toMatchObject({ status: 204 });
  expect(await who.api("GET", "/users/me")).toMatchObject(refused(401, "INVALID_TOKEN"));
  await expect.poll(async () => (await who.api("GET", "/users/me", { process: 1 })).status).toBe(401);
  expect(await campus.api("POST", "/auth/refresh", { body: { refresh_token: who.refreshToken } })).toMatchObject(
    refused(401, "INVALID_TOKEN"),
  );
  const scanned = await till.device.api("POST", "/pos/scans", { body: { scan_id: randomUUID(), card_uid: who.cardUid } });
  expect(scanned).toMatchObject(refused(403, "CARD_NOT_ACCEPTED"));
  for (const method of ["GET", "DELETE"])
    expect(await admin.api(method, `/admin/students/${who.id}`)).toMatchObject(refused(404, "NOT_FOUND"));
  expect(await admin.api("GET", `/admin/students?search=${who.words.student_number}`)).toMatchObject({ body: { items: [] } });
  const anew = await logIn(who.words.phone);
  expect(anew.user).toMatchObject({ name: null });
  expect(anew.user.id).not.toBe(who.id);
});

test("an erasure is refused while money, a payment, an order or an adjustment waits, says how to mend it, and changes nothing", async () => {
  const who = await somebody();
  await adjust(who, 10_000);
  expect(await eraseMyself(who)).toMatchObject({
    ...waitsFor("balance"),
    body: { error: { details: { balance_minor: 10_000, currency: "SEK" } } },
  });
  expect(await admin.api("DELETE", `/admin/students/${who.id}`)).toMatchObject(waitsFor("balance"));
  await adjust(who, -10_000);
  const placed = await order(who);
  const charge = await scan(who, placed);
  expect(await eraseMyself(who)).toMatchObject(waitsFor("open_charge"));
  expectOk(await who.api("POST", `/charges/${charge.id}/decline`, { body: {} }));
  expect(await eraseMyself(who)).toMatchObject(waitsFor("unfinished_order"));
  expectOk(await who.api("POST", `/orders/${placed}/cancel`));
  const asked = { student_id: who.id, amount_minor: 100, currency: "SEK", reason: "a gift" };
  const pending = expectOk(await accountants[0].api<{ id: string }>("POST", "/admin/adjustments", { body: asked, headers: onceMore() }));
  expect(await eraseMyself(who)).toMatchObject(waitsFor("pending_adjustment"));
  expect(await who.api("GET", "/users/me")).toMatchObject({ status: 200, body: { phone: who.words.phone, name: who.words.name } });
  expectOk(await accountants[1].api("POST", `/admin/adjustments/${pending.id}/reject`, { headers: onceMore() }));
  expect(await admin.api("DELETE", `/admin/students/${who.id}`)).toMatchObject({ status: 204 });
  expect(await tablesWith(wordsOf(who.words))).toEqual([]);
});

test("an erasure names all that stands in its way at once", async () => {
  const who = await somebody();
  await adjust(who, 10_000);
  await scan(who, await order(who));
  const asked = { student_id: who.id, amount_minor: 100, currency: "SEK", reason: "a gift" };
  expectOk(await accountants[0].api("POST", "/admin/adjustments", { body: asked, headers: onceMore() }));
  const refused = await admin.api<{ error: { message: string; details: unknown } }>("DELETE", `/admin/students/${who.id}`);
  expect([refused.status, refused.body.error.details]).toEqual([
    409,
    {
      because: "open_charge",
      obstacles: ["open_charge", "unfinished_order", "pending_adjustment", "balance"],
      balance_minor: 10_000,
      currency: "SEK",
    },
  ]);
  for (const word of ["decline it", "cancel it", "approves or rejects", "close-out"]) expect(refused.body.error.message).toContain(word);
});

test("a token alone erases nobody: it takes a fresh one-time password of the own phone, which a refusal does not spend", async () => {
  const [who, other] = [await somebody(), await somebody()];
  expect(await who.api("DELETE", "/users/me")).toMatchObject({ status: 400 });
  expect(await who.api("DELETE", "/users/me", { body: { otp: await campus.requestOtp(other.words.phone) } })).toMatchObject(
    refused(400, "INVALID_OTP"),
  );
  await adjust(who, 500);
  const otp = await campus.requestOtp(who.words.phone);
  expect(await who.api("DELETE", "/users/me", { body: { otp } })).toMatchObject(waitsFor("balance"));
  await adjust(who, -500);
  expect(await who.api("DELETE", "/users/me", { body: { otp } })).toMatchObject({ status: 204 });
});

test("what a request wrote that was under way at the erasure is swept away afterwards", async () => {
  const who = await somebody();
  await order(who).then((id) => who.api("POST", `/orders/${id}/cancel`));
  expect(await eraseMyself(who)).toMatchObject({ status: 204 });
  await campus.sql`update orders set special_instructions = ${who.words.name} where student_id = ${who.id}`;
  await campus.sql`insert into push_tokens (token, student_id, platform) values (${who.words.pushToken}, ${who.id}, 'web')`;
  for (const job of peopleJobs) await campus.worker.db.transaction((tx) => job.run(tx));
  expect(await tablesWith(wordsOf(who.words))).toEqual([]);
});

test("a payment that is confirmed while the student is erased is either paid before or not at all", async () => {
  for (let round = 0; round < 5; round += 1) {
    const who = await somebody();
    await adjust(who, 5_900);
    const charge = await scan(who, await order(who));
    const body = { digest: charge.digest, number_match: charge.match_code };
    const [paid, erased] = await Promise.all([
      who.api("POST", `/charges/${charge.id}/confirm`, { body }),
      admin.api("DELETE", `/admin/students/${who.id}`, { process: 1 }),
    ]);
    // There is money, or the order that it paid is not finished: an erasure never wins here.
    expect([paid.status, erased.status]).toEqual([200, 409]);
  }
  expect(await check()).toBe("the books balance");
});

test("a refund and an erasure at once: the money is in the wallet and the person stays, or the person is gone and the money stays", async () => {
  for (let round = 0; round < 6; round += 1) {
    const who = await somebody();
    await adjust(who, 5_900);
    const eaten = await order(who);
    await pay(who, eaten);
    for (const status of ["preparing", "ready", "completed"]) await move(eaten, status);
    const [refund, erased] = await Promise.all([
      owner.api("POST", `/admin/orders/${eaten}/refund`, { body: { amount_minor: 5_000, reason: "cold" }, headers: onceMore() }),
      admin.api("DELETE", `/admin/students/${who.id}`, { process: 1 }),
    ]);
    expect([
      [201, 409],
      [409, 204],
    ]).toContainEqual([refund.status, erased.status]);
  }
  expect(await check()).toBe("the books balance");
});

test("the door to written words opens for nobody who is not erased", async () => {
  const who = await somebody();
  await adjust(who, 100);
  const asked = campus.processes[0].platform.db.row(sql`select redact_student_texts(${who.id})`);
  await expect(asked).rejects.toThrow("is not erased");
});

test("the export holds what is kept about the student, and nothing of another one or that opens anything", async () => {
  const [who, other] = [await somebody(), await somebody()];
  await aMonth(who);
  await order(other);
  const answer = await who.api<Record<string, unknown[]>>("GET", "/users/me/export", { process: 1 });
  expect(answer.status).toBe(200);
  const { pushToken, ...fields } = who.words;
  expect(answer.body).toMatchObject({
    profile: { id: who.id, ...fields, language: "sv" },
    wallet: { balance_minor: 0, currency: "SEK" },
    cards: [{ issue_number: 1, status: "active" }],
    push_tokens: [{ platform: "web", ends_with: pushToken.slice(-4) }],
    kept_by_cafes: [{ phone: fields.phone, address: fields.address }],
    refunds: [{ reason: expect.stringContaining(fields.name) }, { reason: expect.any(String) }],
    refund_proposals: [{ reason: expect.stringContaining(fields.name), status: "rejected" }],
  });
  expect(answer.body.statement?.[0]).toMatchObject({ kind: "adjustment", reference: fields.phone, metadata: { for: fields.name } });
  const counts = Object.fromEntries(
    ["orders", "receipts", "statement", "adjustments", "charges"].map((name) => [name, answer.body[name]?.length]),
  );
  expect(counts).toEqual({ orders: 3, receipts: 2, statement: 6, adjustments: 2, charges: 3 });
  const audited = (answer.body.audit as { action: string }[]).map(({ action }) => action);
  expect(audited).toEqual(expect.arrayContaining(["student.added", "card.issued"]));
  for (const secret of [pushToken, who.refreshToken, who.cardUid, other.id, other.words.name]) expect(answer.text).not.toContain(secret);
});

test("nobody but a student exports or erases the own data", async () => {
  for (const { api } of [owner, admin]) {
    expect(await api("GET", "/users/me/export")).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("DELETE", "/users/me", { body: { otp: "123456" } })).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  }
});
