import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startRedis } from "../local/redis.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { addDish } from "../testing/menus.ts";
import type { TestCafe, TestStaff } from "../testing/people.ts";
import { refused, unknownId } from "../testing/refusal.ts";
import { settingTable } from "./setting-catalogue.ts";
import { settingsOf } from "./settings.ts";

let campus: Campus;
let admin: TestStaff;
beforeAll(async () => {
  campus = await startCampus();
  admin = await campus.staff("admin");
});
afterAll(() => campus.end());

interface Setting {
  readonly key: string;
  readonly value: unknown;
  readonly source: string;
}

async function ownCafe(on = campus): Promise<{ cafe: TestCafe; owner: TestStaff }> {
  const cafe = await on.cafe();
  return { cafe, owner: await on.staff("owner", cafe) };
}

const put = (as: Pick<TestStaff, "api">, key: string, value: unknown, query = "") =>
  as.api<Setting>("PUT", `/admin/config/${key}${query}`, { body: { value } });

async function settingsFor(as: Pick<TestStaff, "api">, query = ""): Promise<Record<string, unknown>> {
  const answer = await as.api<{ items: Setting[] }>("GET", `/admin/config${query}`);
  expect(answer.status).toBe(200);
  return Object.fromEntries(answer.body.items.map(({ key, value, source }) => [key, { value, source }]));
}

test("the database has a default for every setting of the table and for no other, and each default is one that may be set", async () => {
  const rows = await campus.sql<{ key: keyof typeof settingTable; defaultValue: unknown }>`select key, default_value from setting_keys`;
  expect(rows.map(({ key }) => key).toSorted()).toEqual(Object.keys(settingTable).toSorted());
  for (const { key, defaultValue } of rows) expect([key, settingTable[key].value.safeParse(defaultValue).success]).toEqual([key, true]);
});

test("where nobody set anything the seeds' defaults hold", async () => {
  const { cafe } = await ownCafe();
  expect(await settingsOf(campus.processes[0].platform, cafe.id)).toMatchObject({
    restaurant_open: true,
    delivery_enabled: true,
    delivery_charge: 2_000,
    cash_payment_enabled: true,
    upi_payment_enabled: true,
    max_orders_per_slot: 50,
    time_slots: [
      { name: "breakfast", from: "07:00", to: "10:00" },
      { name: "lunch", from: "12:00", to: "15:00" },
      { name: "dinner", from: "18:00", to: "22:00" },
    ],
  });
});

test("the café's own value goes before the one for all cafés, that before the default, and null takes one back", async () => {
  const { cafe, owner } = await ownCafe();
  const other = await ownCafe();
  const sources = async () =>
    [await settingsFor(owner), await settingsFor(other.owner), await settingsFor(admin)].map((all) => all.undo_seconds);
  expect(await put(admin, "undo_seconds", 60)).toMatchObject({ status: 200, body: { value: 60, source: "campus", default_value: 300 } });
  expect(await put(owner, "undo_seconds", 0)).toMatchObject({ status: 200, body: { value: 0, source: "cafe" } });
  expect(await sources()).toEqual([
    { value: 0, source: "cafe" },
    { value: 60, source: "campus" },
    { value: 60, source: "campus" },
  ]);
  expect(await put(owner, "undo_seconds", null)).toMatchObject({ status: 200, body: { value: 60, source: "campus" } });
  expect(await put(admin, "undo_seconds", null)).toMatchObject({ status: 200, body: { value: 300, source: "default", updated_at: null } });
  expect(await sources()).toEqual(Array.from({ length: 3 }, () => ({ value: 300, source: "default" })));
  expect(await put(admin, "undo_seconds", 90, `?cafe_id=${cafe.id}`)).toMatchObject({ status: 200, body: { value: 90, source: "cafe" } });
  expect((await settingsFor(owner)).undo_seconds).toEqual({ value: 90, source: "cafe" });
});

test.each([
  ["restaurant_open", "true"],
  ["restaurant_open", 1],
  ["delivery_charge", -1],
  ["delivery_charge", 1.5],
  ["delivery_charge", true],
  ["max_orders_per_slot", 0],
  ["slot_minutes", 7],
  ["time_slots", true],
  ["time_slots", [{ name: "lunch", from: "12:00", to: "12:00" }]],
  ["time_slots", [{ name: "Lunch!", from: "12:00", to: "13:00" }]],
  [
    "time_slots",
    [
      { name: "lunch", from: "12:00", to: "15:00" },
      { name: "fika", from: "14:59", to: "16:00" },
    ],
  ],
  [
    "time_slots",
    [
      { name: "night", from: "22:00", to: "02:00" },
      { name: "early", from: "01:00", to: "05:00" },
    ],
  ],
  [
    "time_slots",
    [
      { name: "lunch", from: "12:00", to: "13:00" },
      { name: "lunch", from: "14:00", to: "15:00" },
    ],
  ],
])("%s does not take %j", async (key, value) => {
  const { owner } = await ownCafe();
  expect(await put(owner, key, value)).toMatchObject(refused(400, "VALIDATION_ERROR"));
  expect((await settingsFor(owner))[key]).toMatchObject({ source: "default" });
});

test("of a number the list says what may be set, and both ends are taken", async () => {
  const { owner } = await ownCafe();
  const { items } = (await owner.api<{ items: (Setting & { numbers: unknown })[] }>("GET", "/admin/config")).body;
  const numbers = Object.fromEntries(items.map((each) => [each.key, each.numbers]));
  expect(numbers).toMatchObject({
    restaurant_open: null,
    time_slots: null,
    delivery_charge: { least: 0, most: 1_000_000, one_of: [] },
    slot_minutes: { least: 5, most: 60, one_of: [5, 10, 15, 20, 30, 60] },
    max_orders_per_slot: { least: 1, most: 1_000, one_of: [] },
  });
  for (const value of [0, 1_000_000]) expect((await put(owner, "delivery_charge", value)).status).toBe(200);
  expect(await put(owner, "delivery_charge", 1_000_001)).toMatchObject(refused(400, "VALIDATION_ERROR"));
});

test("slots may meet, pass midnight and be none at all", async () => {
  const { owner } = await ownCafe();
  const slots = [
    { name: "evening", from: "18:00", to: "22:00" },
    { name: "night", from: "22:00", to: "02:00" },
    { name: "morning", from: "02:00", to: "18:00" },
  ];
  expect(await put(owner, "time_slots", slots)).toMatchObject({ status: 200, body: { value: slots } });
  expect(await put(owner, "time_slots", [])).toMatchObject({ status: 200, body: { value: [] } });
});

test("a setting that is not in the table is NOT_FOUND, a body without a value or with more is refused", async () => {
  const { owner } = await ownCafe();
  for (const key of ["password", "__proto__", "constructor", unknownId])
    expect(await put(owner, key, true)).toMatchObject(refused(404, "NOT_FOUND"));
  expect(await owner.api("PUT", "/admin/config/restaurant_open", { body: {} })).toMatchObject(refused(400, "VALIDATION_ERROR"));
  expect(await owner.api("PUT", "/admin/config/restaurant_open", { body: { value: true, cafe_id: unknownId } })).toMatchObject(
    refused(400, "VALIDATION_ERROR"),
  );
});

test("each change is audited with who, where, before and after; what changes nothing is not", async () => {
  const { cafe, owner } = await ownCafe();
  for (const value of [false, false, true, null, null]) expect((await put(owner, "delivery_enabled", value)).status).toBe(200);
  const trail = await campus.sql<{ details: unknown }>`
    select actor_id, action, details, request_id is not null as has_request from audit_log where cafe_id = ${cafe.id} order by id`;
  expect(trail).toEqual(
    [
      { before: null, after: false },
      { before: false, after: true },
      { before: true, after: null },
    ].map((change) => ({
      actorId: owner.id,
      action: "setting.changed",
      details: { key: "delivery_enabled", ...change },
      hasRequest: true,
    })),
  );
});

test("of fifty changes at once one is the last, and the trail holds each with the one before it", async () => {
  const { cafe, owner } = await ownCafe();
  const wanted = Array.from({ length: 50 }, (_, index) => index + 1);
  const statuses = await Promise.all(
    wanted.map(async (value) => {
      const answer = await owner.api("PUT", "/admin/config/delivery_charge", { body: { value }, process: value % 2 === 0 ? 0 : 1 });
      return answer.status;
    }),
  );
  expect(new Set(statuses)).toEqual(new Set([200]));
  const trail = await campus.sql<{
    details: { before: number | null; after: number };
  }>`select details from audit_log where cafe_id = ${cafe.id}`;
  const followers = new Map(trail.map(({ details }) => [details.before, details.after]));
  let last: number | null = null;
  for (let step = 0; step < wanted.length; step += 1) last = followers.get(last) ?? last;
  expect(followers.size).toBe(wanted.length);
  expect((await settingsOf(campus.processes[0].platform, cafe.id)).delivery_charge).toBe(last);
});

test("an owner sets the own café's values and may name no other; only an admin names one or sets them for all", async () => {
  const [first, second] = [await ownCafe(), await ownCafe()];
  expect(await put(second.owner, "slot_minutes", 30, `?cafe_id=${first.cafe.id}`)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  await put(second.owner, "slot_minutes", 30, `?cafe_id=${second.cafe.id}`);
  expect((await settingsFor(second.owner)).slot_minutes).toEqual({ value: 30, source: "cafe" });
  expect((await settingsFor(first.owner)).slot_minutes).toEqual({ value: 15, source: "default" });
  expect(await put(admin, "slot_minutes", 30, `?cafe_id=${unknownId}`)).toMatchObject(refused(404, "NOT_FOUND"));
  expect(await put(admin, "slot_minutes", null, `?cafe_id=${unknownId}`)).toMatchObject(refused(404, "NOT_FOUND"));
  expect(await admin.api("GET", `/admin/config?cafe_id=${unknownId}`)).toMatchObject(refused(404, "NOT_FOUND"));
});

test("nobody but owner and admin reads or sets them", async () => {
  const { cafe } = await ownCafe();
  const others = [
    ...(await Promise.all((["cashier", "kitchen", "delivery"] as const).map((role) => campus.staff(role, cafe)))),
    await campus.staff("finance"),
    await campus.student(),
  ];
  for (const someone of others) {
    expect(await someone.api("GET", "/admin/config")).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await put(someone, "restaurant_open", false)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  }
  expect(await campus.api("PUT", "/admin/config/restaurant_open", { body: { value: false } })).toMatchObject(refused(401, "INVALID_TOKEN"));
});

/** Switches the café off and on through one process and asks the other one within a second of each answer. */
async function seesEveryChange(on: Campus): Promise<void> {
  const { cafe, owner } = await ownCafe(on);
  const [student, dish] = [await on.student(), await addDish(on, cafe)];
  const order = { cafe_id: cafe.id, items: [{ menu_item_id: dish, quantity: 1 }] };
  for (const value of [false, true, false]) {
    expect((await owner.api("PUT", "/admin/config/restaurant_open", { body: { value }, process: 0 })).status).toBe(200);
    const answeredAtMs = performance.now();
    const page = await on.api<{ is_open: boolean }>("GET", `/cafes/${cafe.id}`, { process: 1 });
    const direct = await settingsOf(on.processes[1].platform, cafe.id);
    const placed = await student.api("POST", "/orders", { body: order, process: 1 });
    expect([page.body.is_open, direct.restaurant_open]).toEqual([value, value]);
    expect(placed).toMatchObject(value ? { status: 201 } : refused(409, "RESTAURANT_CLOSED"));
    expect(performance.now() - answeredAtMs).toBeLessThan(1_000);
  }
}

test("what is set on one process holds on the other as soon as it is answered", () => seesEveryChange(campus));

test("the same without Redis", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "campus-settings-"));
  const redis = await startRedis({ logFile: path.join(folder, "redis.log") });
  const alone = await startCampus({ env: { REDIS_URL: redis.url } });
  await redis.stop();
  await seesEveryChange(alone);
  await alone.end();
  await rm(folder, { recursive: true, force: true });
});

test("the page about settings names every key with its default and what it means", async () => {
  const page = await readFile(path.join(import.meta.dirname, "../../docs/settings.md"), "utf8");
  const rows = await campus.sql<{ key: keyof typeof settingTable; defaultValue: unknown }>`select key, default_value from setting_keys`;
  for (const { key, defaultValue } of rows) {
    const line = page.split("\n").find((each) => each.startsWith(`| \`${key}\` |`));
    expect(line, key).toContain(settingTable[key].about);
    if (key !== "time_slots") expect(line, key).toContain(`| ${JSON.stringify(defaultValue)} |`);
  }
});
