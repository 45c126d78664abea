import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkLedger } from "../../ledger/check-ledger.ts";
import { type Campus, startCampus } from "../../testing/campus.ts";
import type { Demo } from "./demo.ts";

let campus: Campus;
let demo: Demo;

beforeAll(async () => {
  campus = await startCampus();
  demo = await seed();
});
afterAll(() => campus.end());

async function seed(): Promise<Demo> {
  const script = new URL("./seed.ts", import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [script], { env: { PATH: process.env.PATH, ...campus.env } });
  return JSON.parse(stdout) as Demo;
}

test("each demo student has a card of eight hexadecimal digits of his own and money in the wallet", async () => {
  expect(new Set(demo.students.map(({ card_uid }) => card_uid)).size).toBe(demo.students.length);
  for (const student of demo.students)
    expect(student).toMatchObject({ card_uid: expect.stringMatching(/^[0-9a-f]{8}$/), balance_minor: 50_000 });
});

test("each demo café has a menu of six to eight dishes that can be ordered", async () => {
  for (const cafe of demo.cafes) {
    expect(cafe.items.length).toBeGreaterThanOrEqual(6);
    expect(cafe.items.length).toBeLessThanOrEqual(8);
    for (const item of cafe.items) expect(item.price_minor).toBeGreaterThan(0);
  }
});

test("a demo card at a demo terminal pays a demo order, with nothing but what the started system prints", async () => {
  const [student, cafe] = [demo.students[0], demo.cafes[0]];
  const device = demo.devices.find(({ cafe_id }) => cafe_id === cafe?.id);
  const [session] = await campus.sql<{ id: string }>`insert into sessions (student_id) values (${student?.id}) returning id`;
  const token = campus.processes[0].identity.signAccessToken({ kind: "student", id: student?.id ?? "", sessionId: session?.id ?? "" });
  const placed = await campus.api<{ order: { total_minor: number } }>("POST", "/orders", {
    token,
    body: { cafe_id: cafe?.id, items: [{ menu_item_id: cafe?.items[0]?.id, quantity: 2 }] },
  });
  const scan = await campus.api<{ charge: { id: string }; match_code: string }>("POST", "/pos/scans", {
    authorization: `Device ${device?.id}.${device?.key}`,
    body: { scan_id: crypto.randomUUID(), card_uid: student?.card_uid },
  });
  const charge = await campus.api<{ digest: string }>("GET", `/charges/${scan.body.charge.id}`, { token });
  const confirmed = await campus.api("POST", `/charges/${scan.body.charge.id}/confirm`, {
    token,
    body: { digest: charge.body.digest, number_match: scan.body.match_code },
  });
  expect(confirmed).toMatchObject({ status: 200, body: { balance_minor_after: 50_000 - placed.body.order.total_minor } });
});

test("a second start gives nobody money or cards again, and prints what is left", async () => {
  const [before] = await campus.sql`select (select count(*) from ledger_transactions) as moved, (select count(*) from cards) as cards`;
  const again = await seed();
  expect(await campus.sql`select (select count(*) from ledger_transactions) as moved, (select count(*) from cards) as cards`).toEqual([
    before,
  ]);
  expect(again.students[0]?.balance_minor).toBeLessThan(50_000);
  expect(again.students.slice(1)).toEqual(demo.students.slice(1));
  expect(again.cafes).toEqual(demo.cafes);
});

test("a demo card that was replaced is not printed any more, and stays replaced", async () => {
  await campus.sql`update cards set status = 'revoked' where student_id = ${demo.students[1]?.id}`;
  expect((await seed()).students[1]).toMatchObject({ card_uid: null });
});

test("the books of the demo campus are sound", async () => {
  expect((await checkLedger(campus.worker.db)).invariants.filter((invariant) => !invariant.ok)).toEqual([]);
});
