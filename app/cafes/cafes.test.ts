import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ApiAnswer } from "../testing/api-client.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { moneyOf } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { refused, unknownId } from "../testing/refusal.ts";

let campus: Campus;
let admin: TestStaff;
beforeAll(async () => {
  // Thirty registrations at once are thirty bcrypt hashes one after another: on a busy machine longer than a request may take.
  campus = await startCampus({ env: { REQUEST_TIMEOUT_MS: "60000" } });
  admin = await campus.staff("admin");
});
afterAll(() => campus.end());

const unique = () => randomBytes(4).toString("hex");

interface CafePage {
  readonly id: string;
  readonly is_open: boolean;
}

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}

const application = (more: Readonly<Record<string, unknown>> = {}) => ({
  name: `Café ${unique()}`,
  owner_name: "Frida Ek",
  username: `frida-${unique()}`,
  password: "kanelbulle och kaffe",
  ...more,
});

const register = (more?: Readonly<Record<string, unknown>>) =>
  campus.api<{ id: string; code: string }>("POST", "/cafes", { body: application(more) });

async function logIn(username: string, password: string): Promise<string> {
  const login = await campus.api<{ access_token: string }>("POST", "/admin/auth/login", { body: { username, password } });
  expect(login.status).toBe(200);
  return login.body.access_token;
}

async function ownCafe(options?: Parameters<Campus["cafe"]>[0]) {
  const cafe = await campus.cafe(options);
  return { cafe, owner: await campus.staff("owner", cafe) };
}

test("a registered café waits: its owner logs in and prepares it, and nobody else sees it until an admin approves it", async () => {
  const input = application({ address: "Kungsgatan 1", time_zone: "Europe/Rome" });
  const registered = await campus.api<{ id: string }>("POST", "/cafes", { body: input });
  expect(registered).toMatchObject({ status: 201, body: { name: input.name, status: "pending", created_at: expect.any(String) } });
  expect(registered.text).not.toContain("password");
  const { id } = registered.body;
  const token = await logIn(input.username.toUpperCase(), input.password);
  expect(await campus.api("GET", "/admin/cafe", { token })).toMatchObject({
    status: 200,
    body: {
      id,
      status: "pending",
      address: "Kungsgatan 1",
      time_zone: "Europe/Rome",
      currency: "SEK",
      is_open: false,
      opening_hours: null,
    },
  });
  expect(await campus.api("GET", `/cafes/${id}`)).toMatchObject(refused(404, "NOT_FOUND"));
  expect((await campus.api("GET", "/cafes?limit=100")).text).not.toContain(id);

  expect(await admin.api("POST", `/admin/cafes/${id}/approve`)).toMatchObject({
    status: 200,
    body: { id, status: "approved", is_open: true },
  });
  expect(await campus.api("GET", `/cafes/${id}`)).toMatchObject({ status: 200, body: { id, is_open: true, address: "Kungsgatan 1" } });
  expect((await campus.api("GET", "/cafes?limit=100")).text).toContain(id);
});

test("an admin approves the café that was seen: one that renames itself between the look and the word waits on", async () => {
  const input = application();
  const { id } = (await campus.api<{ id: string }>("POST", "/cafes", { body: input })).body;
  await campus.sql`update cafes set name = ${`Rektorns ${unique()}`} where id = ${id}`;
  const approve = (name: string) =>
    admin.api<{ error: { details: { name: string } } }>("POST", `/admin/cafes/${id}/approve`, { body: { name } });
  const held = await approve(input.name);
  expect(held).toMatchObject(refused(409, "CONFLICT"));
  expect(await campus.api("GET", `/cafes/${id}`)).toMatchObject(refused(404, "NOT_FOUND"));
  const seen = held.body.error.details.name;
  expect(await approve(seen)).toMatchObject({ status: 200, body: { status: "approved", name: seen } });
  // Said again, also by who saw the first name: nothing changes.
  expect((await approve(input.name)).status).toBe(200);
});

test("a password is stored as a bcrypt hash alone", async () => {
  const input = application();
  await campus.api("POST", "/cafes", { body: input });
  const [row] = await campus.sql<{ text: string }>`select s::text as text from staff s where username = ${input.username}`;
  expect(row?.text).toMatch(/\$2[aby]\$10\$/);
  expect(row?.text).not.toContain(input.password);
});

test("a name or a username that is taken is CONFLICT and says which, whatever its case, and leaves nothing behind", async () => {
  const first = application({ name: `Café Månen ${unique()}` });
  expect((await campus.api("POST", "/cafes", { body: first })).status).toBe(201);
  const before = await campus.sql`select count(*) from cafes`;
  expect(await register({ name: first.name.toUpperCase() })).toMatchObject({
    status: 409,
    body: { error: { code: "CONFLICT", details: { field: "name" } } },
  });
  expect(await register({ username: first.username.toUpperCase() })).toMatchObject({
    status: 409,
    body: { error: { code: "CONFLICT", details: { field: "username" } } },
  });
  expect(await campus.sql`select count(*) from cafes`).toEqual(before);
});

test("of twenty registrations of one name at once one gets it, and each café has a code of its own", async () => {
  const name = `Campus ${unique()}`;
  const statuses = await Promise.all(Array.from({ length: 20 }, async (_, turn) => (await register(turn < 10 ? { name } : {})).status));
  expect(statuses.slice(0, 10).toSorted()).toEqual([201, ...Array.from({ length: 9 }, () => 409)]);
  // "Café …" all begin with the same letters, so the codes were fought for.
  expect(statuses.slice(10)).toEqual(Array.from({ length: 10 }, () => 201));
  const [codes] = await campus.sql<{ all: number; different: number }>`
    select count(*) as all, count(distinct code) as different from cafes where registered_at is not null`;
  expect(codes?.different).toBe(codes?.all);
});

test("the code is made of the name's letters, also where it has none", async () => {
  expect((await register({ name: `Ömsom ${unique()}` })).body.code).toMatch(/^OMSO\d*$/);
  expect((await register({ name: `喫茶 ー${String.fromCodePoint(0x4e00 + Math.floor(Math.random() * 5_000))}` })).body.code).toMatch(
    /^CAFE\d*$/,
  );
});

test.each([
  ["no name", { name: undefined }],
  ["a name of blanks", { name: "   " }],
  ["a name of 101 letters", { name: "x".repeat(101) }],
  ["a zone that is none", { time_zone: "Europe/Uppsala" }],
  ["a username with a space", { username: "frida ek" }],
  ["a password of eleven letters", { password: "kanelbullek" }],
  ["a password that everybody tries", { password: "password1234" }],
  ["a password of 73 bytes", { password: "å".repeat(37) }],
  ["a status", { status: "approved" }],
  ["a code", { code: "AULA" }],
])("a registration with %s is refused", async (_, more) => {
  expect(await register(more)).toMatchObject(refused(400, "VALIDATION_ERROR"));
});

test("registrations are limited for all together, and say when to come again", async () => {
  const small = await startCampus({ env: { RATE_LIMIT_SCALE: "1", RATE_CAFE_REGISTRATIONS_PER_HOUR: "4" } });
  const answers: ApiAnswer<unknown>[] = [];
  for (let turn = 0; turn < 5; turn += 1)
    answers.push(await small.api("POST", "/cafes", { body: application(), process: turn % 2 === 0 ? 0 : 1 }));
  await small.sql`update cafes set registered_at = registered_at - interval '1 hour'`;
  const taken = application();
  const failed = { ...application(), username: taken.username };
  expect((await small.api("POST", "/cafes", { body: taken })).status).toBe(201);
  for (let turn = 0; turn < 3; turn += 1) expect((await small.api("POST", "/cafes", { body: failed })).status).toBe(409);
  expect((await small.api("POST", "/cafes", { body: application() })).status).toBe(201);
  await small.end();
  expect(answers.slice(0, 2).map(({ status }) => status)).toEqual([201, 201]);
  const limited = answers.find(({ status }) => status !== 201);
  expect(limited).toMatchObject(refused(429, "RATE_LIMITED"));
  expect(Number(limited?.headers.get("retry-after"))).toBeGreaterThan(0);
});

test("one network uses up half of the registrations that everybody shares, unless its cafés are approved", async () => {
  const small = await startCampus({ env: { RATE_LIMIT_SCALE: "1", TRUSTED_PROXIES: "1", RATE_CAFE_REGISTRATIONS_PER_HOUR: "6" } });
  const from = async (address: string) =>
    (await small.api("POST", "/cafes", { body: application(), headers: { "X-Forwarded-For": address } })).status;
  for (const status of [201, 201, 201, 429]) expect(await from("192.0.2.9")).toBe(status);
  expect(await from("198.51.100.7")).toBe(201);
  await small.sql`update cafes set status = 'approved'`;
  for (const status of [201, 429]) expect(await from("192.0.2.10")).toBe(status);
  await small.end();
});

test("the public list is by name, page by page, each approved café once", async () => {
  const prefix = `Åå ${unique()}`;
  const names = [`${prefix} a`, `${prefix} B`, `${prefix} b`, `${prefix} C`, `${prefix} d`];
  const ids: string[] = [];
  for (const name of names.toReversed()) ids.unshift((await campus.cafe({ name })).id);
  await campus.cafe({ name: `${prefix} e`, status: "suspended" });
  const seen: { id: string; name: string }[] = [];
  let cursor: string | null = null;
  do {
    const page: { body: Page<{ id: string; name: string }> } = await campus.api(
      "GET",
      `/cafes?limit=2${cursor ? `&cursor=${cursor}` : ""}`,
    );
    seen.push(...page.body.items);
    cursor = page.body.next_cursor;
  } while (cursor !== null);
  const own = seen.filter(({ name }) => name.startsWith(prefix)).map(({ id }) => id);
  expect(own).toHaveLength(5);
  // The two that differ by case alone may stand either way round.
  expect([own[0], new Set(own.slice(1, 3)), own[3], own[4]]).toEqual([ids[0], new Set([ids[1], ids[2]]), ids[3], ids[4]]);
  expect(await campus.api("GET", "/cafes?limit=0")).toMatchObject(refused(400, "VALIDATION_ERROR"));
  expect(await campus.api("GET", "/cafes?page=2")).toMatchObject(refused(400, "VALIDATION_ERROR"));
});

test("the owner's hours, holidays, zone and pause decide whether the café is open, for everybody at once on every process", async () => {
  const { cafe, owner } = await ownCafe();
  const isOpen = async () => (await campus.api<CafePage>("GET", `/cafes/${cafe.id}`, { process: 1 })).body.is_open;
  const change = (body: object) => owner.api("PATCH", "/admin/cafe", { body, process: 0 });
  expect(await isOpen()).toBe(true);
  expect(await change({ opening_hours: {} })).toMatchObject({ status: 200, body: { is_open: false } });
  expect(await isOpen()).toBe(false);
  const always = Object.fromEntries(
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"].map((weekday) => [
      weekday,
      [{ from: "00:00", to: "24:00" }],
    ]),
  );
  expect(await change({ opening_hours: always })).toMatchObject({ status: 200, body: { is_open: true, opening_hours: always } });
  expect(await isOpen()).toBe(true);
  expect(await change({ holidays: [{ from: "2020-01-01", to: "2099-12-31", name: "Closed for good" }] })).toMatchObject({ status: 200 });
  expect(await isOpen()).toBe(false);
  await change({ holidays: [] });
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  expect(await change({ paused_until: inAnHour })).toMatchObject({ status: 200, body: { is_open: false, paused_until: inAnHour } });
  expect(await change({ pause_reason: "The oven rests" })).toMatchObject({
    body: { paused_until: inAnHour, pause_reason: "The oven rests" },
  });
  expect(await isOpen()).toBe(false);
  const shown = await campus.api<{ pause_reason: string | null }>("GET", `/cafes/${cafe.id}`);
  expect(shown.body.pause_reason).toBe("The oven rests");
  // The reason goes with the pause: the next one begins without it.
  expect(await change({ paused_until: null, opening_hours: null })).toMatchObject({
    status: 200,
    body: { is_open: true, opening_hours: null, pause_reason: null },
  });
  expect(await isOpen()).toBe(true);
});

test("opening hours that overlap on a day are refused and the day is named; those that meet, or go past midnight, are taken", async () => {
  const { owner } = await ownCafe();
  const change = (monday: readonly { from: string; to: string }[]) =>
    owner.api("PATCH", "/admin/cafe", { body: { opening_hours: { monday } } });
  for (const monday of [
    [
      { from: "08:00", to: "12:00" },
      { from: "11:59", to: "17:00" },
    ],
    [
      { from: "18:00", to: "02:00" },
      { from: "23:00", to: "23:30" },
    ],
  ])
    expect(await change(monday)).toMatchObject({
      status: 400,
      body: { error: { details: { fields: [{ field: "opening_hours.monday", problem: "must not overlap" }] } } },
    });
  const fit = [
    { from: "08:00", to: "12:00" },
    { from: "12:00", to: "24:00" },
  ];
  expect(await change(fit)).toMatchObject({ status: 200, body: { opening_hours: { monday: fit } } });
});

test("the café's page tells its hours, slots and what it offers as the settings say, and the table of a code", async () => {
  const { cafe, owner } = await ownCafe();
  const page = (query = "") => campus.api("GET", `/cafes/${cafe.id}${query}`);
  expect(await page()).toMatchObject({
    status: 200,
    body: {
      time_slots: [{ name: "breakfast", from: "07:00", to: "10:00" }, { name: "lunch" }, { name: "dinner" }],
      slot_minutes: 15,
      order_types: ["pickup", "delivery"],
      payment_methods: ["wallet", "cash", "upi"],
      delivery_charge_minor: 2_000,
      table: null,
    },
  });
  for (const key of ["delivery_enabled", "cash_payment_enabled", "upi_payment_enabled"])
    await owner.api("PUT", `/admin/config/${key}`, { body: { value: false } });
  const table = (await owner.api<{ id: string; code: string }>("POST", "/admin/tables", { body: { label: "Fönster 1" } })).body;
  expect(await page(`?table=${table.code}`)).toMatchObject({
    body: { order_types: ["pickup", "table"], payment_methods: ["wallet"], table: { id: table.id, label: "Fönster 1" } },
  });
  const other = await ownCafe();
  const strange = (await other.owner.api<{ code: string }>("POST", "/admin/tables", { body: { label: "1" } })).body;
  expect(await page(`?table=${strange.code}`)).toMatchObject({ status: 200, body: { table: null } });
});

test("a change names only what changes, and the trail holds what stood there before and after", async () => {
  const { cafe, owner } = await ownCafe({ name: `Före ${unique()}` });
  const name = `Efter ${unique()}`;
  expect(await owner.api("PATCH", "/admin/cafe", { body: { name, address: "Torget 2", number_match_required: false } })).toMatchObject({
    status: 200,
    body: {
      id: cafe.id,
      name: cafe.name,
      wanted_name: name,
      address: "Torget 2",
      number_match_required: false,
      time_zone: "Europe/Stockholm",
    },
  });
  // Nothing that differs: nothing to tell.
  await owner.api("PATCH", "/admin/cafe", { body: { name } });
  await owner.api("PATCH", "/admin/cafe", { body: {} });
  expect(
    await campus.sql`select actor_id, action, details from audit_log where object_id = ${cafe.id} and action = 'cafe.changed'`,
  ).toEqual([
    {
      actorId: owner.id,
      action: "cafe.changed",
      details: {
        wanted_name: { before: null, after: name },
        address: { before: null, after: "Torget 2" },
        number_match_required: { before: true, after: false },
      },
    },
  ]);
});

test("of two changes at once both hold", async () => {
  const { owner } = await ownCafe();
  await Promise.all([
    owner.api("PATCH", "/admin/cafe", { body: { address: "Hörnet" } }),
    owner.api("PATCH", "/admin/cafe", { body: { number_match_required: false }, process: 1 }),
  ]);
  expect((await owner.api("GET", "/admin/cafe")).body).toMatchObject({ address: "Hörnet", number_match_required: false });
});

test("an owner takes no name that another café has", async () => {
  const [first, second] = [await ownCafe({ name: `Ett ${unique()}` }), await ownCafe({ name: `Två ${unique()}` })];
  expect(await second.owner.api("PATCH", "/admin/cafe", { body: { name: first.cafe.name.toLowerCase() } })).toMatchObject(
    refused(409, "CONFLICT"),
  );
  expect(await second.owner.api("PATCH", "/admin/cafe", { body: { name: second.cafe.name.toUpperCase() } })).toMatchObject({ status: 200 });
});

const nameOf = async (cafeId: string) => (await campus.api<{ name: string }>("GET", `/cafes/${cafeId}`)).body.name;
const decideName = (cafeId: string, word: "approve" | "reject", name: string, as = admin) =>
  as.api("POST", `/admin/cafes/${cafeId}/${word}-name`, { body: { name } });
interface Waiting {
  readonly id: string;
  readonly wanted_name: string | null;
  readonly looks_like: readonly string[];
}
const waiting = async (cafeId: string) =>
  (await admin.api<Page<Waiting>>("GET", "/admin/cafes?waits=true&limit=100")).body.items.find(({ id }) => id === cafeId);

test("an approved café has another name only once the university agrees, to the very name that it saw", async () => {
  const { cafe, owner } = await ownCafe({ name: `Gamla ${unique()}` });
  const [first, second] = [`Nya ${unique()}`, `Nyare ${unique()}`];
  const want = (name: string) => owner.api<{ wanted_name: string | null }>("PATCH", "/admin/cafe", { body: { name } });
  expect((await want(first)).body).toMatchObject({ name: cafe.name, wanted_name: first });
  expect(await waiting(cafe.id)).toMatchObject({ wanted_name: first, looks_like: [] });
  expect(await nameOf(cafe.id)).toBe(cafe.name);
  await want(second);
  expect(await decideName(cafe.id, "approve", first)).toMatchObject(refused(409, "CONFLICT"));
  expect(await decideName(cafe.id, "approve", second, owner)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  expect(await decideName(cafe.id, "reject", second)).toMatchObject({ status: 200, body: { name: cafe.name, wanted_name: null } });
  await want(second);
  expect(await decideName(cafe.id, "approve", second)).toMatchObject({ status: 200, body: { name: second, wanted_name: null } });
  expect([await nameOf(cafe.id), await waiting(cafe.id)]).toEqual([second, undefined]);
  await want(first);
  expect((await want(second)).body.wanted_name).toBeNull();
  expect(
    await campus.sql`select action, details from audit_log where object_id = ${cafe.id} and actor_id = ${admin.id} order by id`,
  ).toEqual([
    { action: "cafe.name_rejected", details: { before: cafe.name, wanted: second } },
    { action: "cafe.renamed", details: { before: cafe.name, wanted: second } },
  ]);
});

test("a name that looks like another café's, in Cyrillic or Greek letters too, is told to who approves", async () => {
  const mark = unique();
  const neighbour = await ownCafe({ name: `Nordic Caffe ${mark}` });
  const { cafe, owner } = await ownCafe({ name: `Annat ${unique()}` });
  for (const name of [`Nоrdiс Сaffе ${mark}`, `ΝORDIC CAFFE ${mark}!`, `Nord1c-Caffé ${mark}`]) {
    expect(name.toLowerCase()).not.toBe(neighbour.cafe.name.toLowerCase());
    expect((await owner.api("PATCH", "/admin/cafe", { body: { name } })).status).toBe(200);
    expect(await waiting(cafe.id)).toMatchObject({ wanted_name: name, looks_like: [neighbour.cafe.name] });
  }
  const input = { ...application(), name: `Nordіc Caffe ${mark}` };
  const { id } = (await campus.api<{ id: string }>("POST", "/cafes", { body: input })).body;
  expect((await waiting(id))?.looks_like).toContain(neighbour.cafe.name);
});

test("a café that waits for its approval changes its name itself, and an admin any café's", async () => {
  const pending = await ownCafe({ status: "pending" });
  const [first, second] = [`Ett ${unique()}`, `Två ${unique()}`];
  expect((await pending.owner.api("PATCH", "/admin/cafe", { body: { name: first } })).body).toMatchObject({
    name: first,
    wanted_name: null,
  });
  const { cafe } = await ownCafe();
  const changed = await admin.api("PATCH", `/admin/cafe?cafe_id=${cafe.id}`, { body: { name: second } });
  expect(changed.body).toMatchObject({ name: second, wanted_name: null });
});

test.each([
  ["an interval without a length", { opening_hours: { monday: [{ from: "07:00", to: "07:00" }] } }],
  ["an hour that no clock shows", { opening_hours: { monday: [{ from: "24:00", to: "25:00" }] } }],
  ["a day that no week has", { opening_hours: { someday: [] } }],
  ["seven intervals", { opening_hours: { monday: Array.from({ length: 7 }, () => ({ from: "07:00", to: "08:00" })) } }],
  ["a holiday that ends before it begins", { holidays: [{ from: "2026-12-26", to: "2026-12-24" }] }],
  ["a day that no year has", { holidays: [{ from: "2026-02-30", to: "2026-03-01" }] }],
  ["a year that no date has", { holidays: [{ from: "0000-01-01", to: "2026-03-01" }] }],
  ["a pause without an end that is a time", { paused_until: "tomorrow" }],
  ["a pause of a thousand years", { paused_until: "3026-01-01T00:00:00Z" }],
  ["a zone that is none", { time_zone: "Mars/Olympus" }],
  ["a status", { status: "approved" }],
  ["a currency", { currency: "EUR" }],
])("a change with %s is refused", async (_, body) => {
  const { owner } = await ownCafe();
  expect(await owner.api("PATCH", "/admin/cafe", { body })).toMatchObject(refused(400, "VALIDATION_ERROR"));
});

test("an admin names the café, an owner cannot: the token's own counts", async () => {
  const [first, second] = [await ownCafe(), await ownCafe()];
  expect(await admin.api("GET", `/admin/cafe?cafe_id=${first.cafe.id}`)).toMatchObject({ status: 200, body: { id: first.cafe.id } });
  expect(await admin.api("PATCH", `/admin/cafe?cafe_id=${first.cafe.id}`, { body: { address: "Här" } })).toMatchObject({ status: 200 });
  expect(await admin.api("GET", "/admin/cafe")).toMatchObject(refused(400, "VALIDATION_ERROR"));
  expect(await admin.api("GET", `/admin/cafe?cafe_id=${unknownId}`)).toMatchObject(refused(404, "NOT_FOUND"));
  expect(await admin.api("PATCH", `/admin/cafe?cafe_id=${unknownId}`, { body: { address: "Här" } })).toMatchObject(
    refused(404, "NOT_FOUND"),
  );
  expect(await second.owner.api("PATCH", `/admin/cafe?cafe_id=${first.cafe.id}`, { body: { address: "Där" } })).toMatchObject(
    refused(403, "INSUFFICIENT_ROLE"),
  );
  expect((await first.owner.api("GET", "/admin/cafe")).body).toMatchObject({ address: "Här" });
});

test("a suspended café sells nothing from the answer on and reads on, and comes back by an approval", async () => {
  const money = moneyOf(campus);
  const till = await money.till();
  const { cafe } = till;
  const owner = await campus.staff("owner", cafe);
  const student = await money.fundedStudent({ balanceMinor: 50_000 });
  const charge = await student.scannedOrder({ till, totalMinor: 5_900 });
  const next = await money.fundedStudent({ balanceMinor: 50_000 });
  await next.placeOrder({ till, totalMinor: 2_800 });
  expect(await admin.api("POST", `/admin/cafes/${cafe.id}/suspend`, { body: { reason: "The hygiene inspection" } })).toMatchObject({
    status: 200,
    body: { status: "suspended", is_open: false },
  });
  expect(await campus.api("GET", `/cafes/${cafe.id}`)).toMatchObject(refused(404, "NOT_FOUND"));
  expect(await owner.api("GET", "/admin/cafe")).toMatchObject({ status: 200, body: { status: "suspended" } });
  expect(await student.confirm(charge)).toMatchObject(refused(409, "RESTAURANT_CLOSED"));
  expect(await next.scan(till)).toMatchObject(refused(409, "RESTAURANT_CLOSED"));
  expect(await student.balanceMinor()).toBe(50_000);
  expect(await admin.api("POST", `/admin/cafes/${cafe.id}/approve`)).toMatchObject({
    status: 200,
    body: { status: "approved", is_open: true },
  });
  expect((await student.confirm(charge)).status).toBe(200);
  expect(await campus.sql`select action, details from audit_log where object_id = ${cafe.id} order by id`).toEqual([
    { action: "cafe.suspended", details: { before: "approved", after: "suspended", reason: "The hygiene inspection" } },
    { action: "cafe.approved", details: { before: "suspended", after: "approved" } },
  ]);
});

test("deciding the same again changes nothing and is told once in the trail", async () => {
  const cafe = await campus.cafe({ status: "pending" });
  for (let turn = 0; turn < 2; turn += 1) expect((await admin.api("POST", `/admin/cafes/${cafe.id}/approve`)).status).toBe(200);
  expect(await campus.sql`select action from audit_log where object_id = ${cafe.id}`).toHaveLength(1);
  expect(await admin.api("POST", `/admin/cafes/${unknownId}/approve`)).toMatchObject(refused(404, "NOT_FOUND"));
  expect(await admin.api("POST", `/admin/cafes/${unknownId}/suspend`, { body: { reason: "Nobody" } })).toMatchObject(
    refused(404, "NOT_FOUND"),
  );
  expect(await admin.api("POST", `/admin/cafes/${cafe.id}/suspend`, { body: {} })).toMatchObject(refused(400, "VALIDATION_ERROR"));
});

test("the university lists every café with its owners, newest first, by status", async () => {
  const input = application();
  const { id } = (await campus.api<{ id: string }>("POST", "/cafes", { body: input })).body;
  const finance = await campus.staff("finance");
  const [newest] = (await finance.api<Page<{ id: string }>>("GET", "/admin/cafes?status=pending&limit=1")).body.items;
  expect(newest).toMatchObject({ id, status: "pending", owners: [{ username: input.username, name: "Frida Ek" }] });
  const next = await admin.api<Page<{ id: string }>>("GET", `/admin/cafes?limit=1&cursor=${id}`);
  expect(next.body.items[0]?.id).not.toBe(id);
  expect((await admin.api<Page<object>>("GET", "/admin/cafes?status=approved&limit=100")).text).not.toContain(id);
  expect(await admin.api("GET", "/admin/cafes?status=open")).toMatchObject(refused(400, "VALIDATION_ERROR"));
});

test("nobody else changes a café, approves one or lists them", async () => {
  const { cafe, owner } = await ownCafe();
  const others = await Promise.all((["cashier", "kitchen", "delivery"] as const).map((role) => campus.staff(role, cafe)));
  const people = [...others, await campus.staff("finance"), await campus.student()];
  for (const { api } of people) {
    expect(await api("GET", "/admin/cafe")).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("PATCH", "/admin/cafe", { body: { name: "Min" } })).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  }
  for (const { api } of [...people, owner]) {
    expect(await api("POST", `/admin/cafes/${cafe.id}/approve`)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("POST", `/admin/cafes/${cafe.id}/suspend`, { body: { reason: "Mine" } })).toMatchObject(
      refused(403, "INSUFFICIENT_ROLE"),
    );
  }
  for (const { api } of [...others, owner, await campus.student()])
    expect(await api("GET", "/admin/cafes")).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  expect(await campus.api("GET", "/admin/cafe")).toMatchObject(refused(401, "INVALID_TOKEN"));
});
