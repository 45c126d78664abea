import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import jsqr from "jsqr";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ApiAnswer } from "../testing/api-client.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import type { TestCafe, TestStaff } from "../testing/people.ts";
import { refused, unknownId } from "../testing/refusal.ts";

const publicUrl = "https://pay.example.org";

let campus: Campus;
let cafe: TestCafe;
let owner: TestStaff;
beforeAll(async () => {
  campus = await startCampus({ env: { PUBLIC_URL: publicUrl } });
  cafe = await campus.cafe({ name: "Café Ångström" });
  owner = await campus.staff("owner", cafe);
});
afterAll(() => campus.end());

interface Table {
  readonly id: string;
  readonly label: string;
  readonly code: string;
  readonly url: string;
}

// A CommonJS module: its types say that the function is the module, Node that it is the module's default.
const readQr = jsqr as unknown as typeof jsqr.default;

async function add(label: string, as = owner): Promise<Table> {
  const added = await as.api<Table>("POST", "/admin/tables", { body: { label } });
  expect(added.status).toBe(201);
  return added.body;
}

async function picture(path: string, as = owner): Promise<Buffer> {
  const answer = await fetch(`${campus.processes[0].url}/api/v1${path}`, { headers: { Authorization: `Bearer ${as.token}` } });
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

/** What a reader of QR codes says about this part of a picture. */
async function decode(image: Sharp): Promise<string | undefined> {
  const { data, info } = await image.ensureAlpha().toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
  return readQr(new Uint8ClampedArray(data), info.width, info.height)?.data;
}

test("a table's drawing holds a QR code that a reader decodes to the table's own address, and nothing that a page would run", async () => {
  const table = await add('Fönster <b>"1"</b>');
  expect(table.url).toBe(`${publicUrl}/t/${table.code}`);
  const answer = await owner.api("GET", `/admin/tables/${table.id}/qr.svg`);
  expect(answer.headers.get("content-type")).toBe("image/svg+xml");
  expect(answer.text).not.toMatch(/<b>|<script|<text|href/);
  expect(await decode(sharp(Buffer.from(answer.text), { density: 200 }))).toBe(table.url);
});

test("the address of a table leads to the web app with café and table set, however the code is typed", async () => {
  const table = await add("Vid dörren");
  for (const code of [table.code, table.code.toUpperCase()]) {
    const answer = await campus.api("GET", `root:/t/${code}`);
    expect([answer.status, answer.headers.get("location")]).toEqual([302, `/?cafe=${cafe.id}&table=${table.code}`]);
  }
});

test("a browser gets the page with café, table and menu inside, and a name that would end the script stays a name", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "campus-web-"));
  await mkdir(path.join(folder, "student"));
  await writeFile(path.join(folder, "student/index.html"), "<html><head><title>Campus Pay</title></head><body></body></html>");
  const other = await startCampus({ env: { WEB_FOLDER: folder } });
  try {
    const owned = await other.cafe({ name: "Café </script><script>alert(1)</script>" });
    const theirs = await other.staff("owner", owned);
    const table = (await theirs.api<{ code: string }>("POST", "/admin/tables", { body: { label: "7" } })).body;
    const answer = await other.api("GET", `root:/t/${table.code}`, { headers: { Accept: "text/html" } });
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-cache"]);
    expect(answer.headers.get("content-security-policy")).toContain("script-src 'self'");
    expect(answer.text.match(/<\/script>/g)).toHaveLength(1);
    const content = JSON.parse(/id="table">(.*)<\/script>/.exec(answer.text)?.[1] ?? "null");
    expect(content).toMatchObject({ cafe: { id: owned.id, table: { code: table.code } }, categories: { items: [] }, items: { items: [] } });
    const unknown = await other.api("GET", "root:/t/nothing0", { headers: { Accept: "text/html" } });
    expect([unknown.status, unknown.text]).toEqual([404, expect.stringContaining('id="table">null<')]);
  } finally {
    await other.end();
    await rm(folder, { recursive: true });
  }
});

test.each(["nothing0", "x", "'%20or%201=1--", "%00", "..%2F..", "x".repeat(3_000)])("the unknown code %s is NOT_FOUND", async (code) => {
  expect(await campus.api("GET", `root:/t/${code}`)).toMatchObject(refused(404, "NOT_FOUND"));
});

test("a removed table's code leads nowhere, its label is free again and gets a new code", async () => {
  const table = await add("Hörnan");
  expect((await owner.api("DELETE", `/admin/tables/${table.id}`)).status).toBe(204);
  expect(await campus.api("GET", `root:/t/${table.code}`)).toMatchObject(refused(404, "NOT_FOUND"));
  expect(await owner.api("GET", `/admin/tables/${table.id}/qr.svg`)).toMatchObject(refused(404, "NOT_FOUND"));
  expect(await owner.api("DELETE", `/admin/tables/${table.id}`)).toMatchObject(refused(404, "NOT_FOUND"));
  expect((await owner.api("GET", "/admin/tables?limit=100")).text).not.toContain(table.id);
  expect((await add("Hörnan")).code).not.toBe(table.code);
  expect(await campus.sql`select action, actor_id, cafe_id, details from audit_log where object_id = ${table.id} order by id`).toEqual(
    ["table.added", "table.removed"].map((action) => ({ action, actorId: owner.id, cafeId: cafe.id, details: { label: "Hörnan" } })),
  );
});

test("a table of a café that is not approved leads nowhere", async () => {
  const closed = await campus.cafe();
  const table = await add("1", await campus.staff("owner", closed));
  await campus.sql`update cafes set status = 'suspended' where id = ${closed.id}`;
  expect(await campus.api("GET", `root:/t/${table.code}`)).toMatchObject(refused(404, "NOT_FOUND"));
});

test("a café that waits for its approval makes tables, and its sheet is drawn when it is approved", async () => {
  const waiting = await campus.cafe({ status: "pending" });
  const manager = await campus.staff("owner", waiting);
  await add("1", manager);
  expect(await manager.api("GET", "/admin/tables/qr-sheet.png")).toMatchObject(refused(409, "RESTAURANT_CLOSED"));
  await campus.sql`update cafes set status = 'approved' where id = ${waiting.id}`;
  expect((await manager.api("GET", "/admin/tables/qr-sheet.png")).status).toBe(200);
});

test("two tables of a café do not share a label, also when they are added at once; those of two cafés may", async () => {
  const other = await campus.staff("owner", await campus.cafe());
  const answers = await Promise.all(Array.from({ length: 10 }, () => owner.api("POST", "/admin/tables", { body: { label: "Samma" } })));
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array.from({ length: 9 }, () => 409)]);
  expect(answers.find(({ status }) => status === 409)).toMatchObject(refused(409, "CONFLICT"));
  await add("Samma", other);
});

test("the same Idempotency-Key adds one table, and refuses another one", async () => {
  const headers = { "Idempotency-Key": crypto.randomUUID() };
  const once = () => owner.api<Table>("POST", "/admin/tables", { body: { label: "En gång" }, headers });
  const [first, second] = [await once(), await once()];
  expect([first.status, second.text, second.headers.get("idempotency-hit")]).toEqual([201, first.text, "true"]);
  expect(await owner.api("POST", "/admin/tables", { body: { label: "Två" }, headers })).toMatchObject(refused(422, "IDEMPOTENCY_MISMATCH"));
});

test("a café has 500 tables at most", async () => {
  const full = await campus.cafe();
  await campus.sql`insert into cafe_tables (cafe_id, code, label) select ${full.id}, 'full' || lpad(n::text, 4, '0'), n::text from generate_series(1, 500) n`;
  const answer = await (await campus.staff("owner", full)).api("POST", "/admin/tables", { body: { label: "501" } });
  expect(answer).toMatchObject(refused(409, "CONFLICT"));
});

test.each([
  ["no label", {}],
  ["a label of blanks", { label: "  " }],
  ["a label of 31 letters", { label: "x".repeat(31) }],
  ["a control character", { label: "1\u0000" }],
  ["a code of one's own", { label: "1", code: "aaaaaaaa" }],
])("a table with %s is refused", async (_, body) => {
  expect(await owner.api("POST", "/admin/tables", { body })).toMatchObject(refused(400, "VALIDATION_ERROR"));
});

test("the sheet is a page of A4 on which each of twelve codes is read as its table's address, and a second page holds the rest", async () => {
  const big = await campus.cafe({ name: "Norra Matsalen, våning två" });
  const manager = await campus.staff("owner", big);
  const tables: Table[] = [];
  for (let number = 1; number <= 13; number += 1) tables.push(await add(`Bord ${number}`, manager));
  const page = sharp(await picture("/admin/tables/qr-sheet.png", manager));
  const { format, width, height } = await page.metadata();
  expect([format, width, height]).toEqual(["png", 1_654, 2_339]);
  const dots = (millimetres: number) => Math.round((millimetres / 25.4) * 200);
  const found: (string | undefined)[] = [];
  for (let index = 0; index < 12; index += 1) {
    const [left, top] = [dots(15 + (index % 3) * 60), dots(24 + Math.floor(index / 3) * 66)];
    found.push(await decode(page.clone().extract({ left, top, width: dots(60), height: dots(52) })));
  }
  expect(found).toEqual(tables.slice(0, 12).map(({ url }) => url));
  const second = sharp(await picture("/admin/tables/qr-sheet.png?page=2", manager));
  expect(await decode(second.clone().extract({ left: dots(15), top: dots(24), width: dots(60), height: dots(52) }))).toBe(tables[12]?.url);
  expect(await manager.api("GET", "/admin/tables/qr-sheet.png?page=3")).toMatchObject(refused(404, "NOT_FOUND"));
  expect(await manager.api("GET", "/admin/tables/qr-sheet.png?page=0")).toMatchObject(refused(400, "VALIDATION_ERROR"));
});

test("the sheet writes name, labels and codes as outlines, so they are there on a machine without fonts", async () => {
  const [ink, other] = await Promise.all(
    ["Å", "WWW"].map(async (label) => {
      const place = await campus.cafe({ name: "Bibliotekskaféet" });
      const manager = await campus.staff("owner", place);
      await add(label, manager);
      const page = sharp(await picture("/admin/tables/qr-sheet.png", manager));
      const dots = (millimetres: number) => Math.round((millimetres / 25.4) * 200);
      const darkIn = async (top: number, height: number) => {
        const { data } = await page
          .clone()
          .extract({ left: dots(15), top: dots(top), width: dots(60), height: dots(height) })
          .raw()
          .toBuffer({ resolveWithObject: true });
        return data.filter((value) => value < 128).length;
      };
      return { label: await darkIn(24 + 51, 6), code: await darkIn(24 + 59, 5) };
    }),
  );
  expect(ink?.label).toBeGreaterThan(50);
  expect(ink?.code).toBeGreaterThan(200);
  expect(other?.label).toBeGreaterThan(2 * (ink?.label ?? 0));
});

test("the list is oldest first, page by page, each table once", async () => {
  const manager = await campus.staff("owner", await campus.cafe());
  const ids: string[] = [];
  for (let number = 1; number <= 5; number += 1) ids.push((await add(String(number), manager)).id);
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page: ApiAnswer<{ items: Table[]; next_cursor: string | null }> = await manager.api(
      "GET",
      `/admin/tables?limit=2${cursor ? `&cursor=${cursor}` : ""}`,
    );
    seen.push(...page.body.items.map(({ id }) => id));
    cursor = page.body.next_cursor;
  } while (cursor !== null);
  expect(seen).toEqual(ids);
});

test("another café's owner finds none of it, an admin who names the café all of it", async () => {
  const table = await add("Hemlig");
  const stranger = await campus.staff("owner", await campus.cafe());
  expect(await stranger.api("GET", `/admin/tables/${table.id}/qr.svg`)).toMatchObject(refused(404, "NOT_FOUND"));
  for (const path of [`/admin/tables/${table.id}/qr.svg?cafe_id=${cafe.id}`, `/admin/tables?cafe_id=${cafe.id}`])
    expect(await stranger.api("GET", path)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  expect(await stranger.api("DELETE", `/admin/tables/${table.id}`)).toMatchObject(refused(404, "NOT_FOUND"));
  const admin = await campus.staff("admin");
  expect((await admin.api("GET", `/admin/tables?limit=100&cafe_id=${cafe.id}`)).text).toContain(table.id);
  expect(await admin.api("POST", `/admin/tables?cafe_id=${unknownId}`, { body: { label: "1" } })).toMatchObject(refused(404, "NOT_FOUND"));
  expect(await admin.api("GET", "/admin/tables")).toMatchObject(refused(400, "VALIDATION_ERROR"));
});

test("nobody but owner and admin touches tables", async () => {
  const table = await add("Vår");
  const others = [
    ...(await Promise.all((["cashier", "kitchen", "delivery"] as const).map((role) => campus.staff(role, cafe)))),
    await campus.staff("finance"),
    await campus.student(),
  ];
  for (const { api } of others) {
    expect(await api("GET", "/admin/tables")).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("POST", "/admin/tables", { body: { label: "Min" } })).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("DELETE", `/admin/tables/${table.id}`)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("GET", `/admin/tables/${table.id}/qr.svg`)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("GET", "/admin/tables/qr-sheet.png")).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  }
  expect(await campus.api("GET", "/admin/tables")).toMatchObject(refused(401, "INVALID_TOKEN"));
});
