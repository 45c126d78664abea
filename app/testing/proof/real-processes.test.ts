import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { MoneyStudent, ScannedCharge, Till } from "../money.ts";
import { until } from "../platform.ts";
import { debitsOf, expireIn, times, violations } from "./books.ts";
import { confirmStatement, judgeOnce } from "./commit-cutter.ts";
import { type RealCampus, startRealCampus } from "./real-campus.ts";

const totalMinor = 5_900;
const funds = 20_000;
// The contract says 5 s after the database accepts connections; asserted with three times the room.
const recoveryMs = 15_000;

let campus: RealCampus;
let till: Till;

beforeAll(async () => {
  const clockAhead = `--import ${pathToFileURL(path.join(import.meta.dirname, "clock-ahead.ts")).href}`;
  campus = await startRealCampus({ nodeOptions: ["", clockAhead] });
  till = await campus.till();
});

afterEach(async () => {
  campus.cutter.judge(undefined);
  campus.cutter.onCutAfter(undefined);
  expect(await violations(campus.owner)).toEqual({});
});

afterAll(() => campus.end());

interface Waiting {
  readonly student: MoneyStudent;
  readonly charge: ScannedCharge;
}

async function scanned(): Promise<Waiting> {
  const student = await campus.fundedStudent({ balanceMinor: funds });
  return { student, charge: await student.scannedOrder({ till, totalMinor }) };
}

test("row 5: a process killed after the commit and before the answer: the other one gives the receipt, and the counter learns of it", async () => {
  const { student, charge } = await scanned();
  let killed: Promise<void> | undefined;
  campus.cutter.judge(judgeOnce(confirmStatement, "cut after"));
  campus.cutter.onCutAfter(() => {
    killed = campus.processes[0].kill();
  });
  await expect(student.confirm(charge)).rejects.toThrow();
  await killed;
  try {
    expect(await debitsOf(campus.owner, charge.id)).toBe(1);
    const [first, again] = [await student.confirm(charge, { process: 1 }), await student.confirm(charge, { process: 1 })];
    expect([first.status, again.text]).toEqual([200, first.text]);
    expect(await till.device.api("GET", `/pos/charges/${charge.id}`, { process: 1 })).toMatchObject({ body: { state: "confirmed" } });
    expect(await toldOf(charge)).toEqual({ counter: 1, outbox: 1 });
  } finally {
    await campus.processes[0].start();
  }
  expect((await student.confirm(charge)).status).toBe(200);
});

test("row 6: PostgreSQL killed among confirms: 503 with Retry-After meanwhile, nothing acknowledged is lost, and it works again by itself", async () => {
  const waiting = await Promise.all(times(16, scanned));
  const early = waiting.map(({ student, charge }, index) => student.confirm(charge, { process: (index % 2) as 0 | 1 }));
  await Promise.any(early);
  await campus.killPostgres();
  const meanwhile = await Promise.all(waiting.map(({ student, charge }) => student.confirm(charge)));
  const answers = [...(await Promise.all(early)), ...meanwhile];
  await campus.startPostgres();
  const startedAtMs = performance.now();
  const receipts = await Promise.all(waiting.map(({ student, charge }) => settle(student, charge)));
  expect(performance.now() - startedAtMs).toBeLessThan(recoveryMs);
  expect(answers.every(({ status }) => status === 200 || status === 202 || status === 503)).toBe(true);
  expect(meanwhile.every(({ status, headers }) => status === 503 && headers.get("retry-after") === "1")).toBe(true);
  for (const { status, body } of answers) if (status === 200) expect(receipts).toContain(body.receipt);
  for (const { student } of waiting) expect(await student.balanceMinor()).toBe(funds - totalMinor);
});

test("row 6: one session of PostgreSQL killed with -9 restarts all of them; confirms under way are paid once or not at all, and then once", async () => {
  const waiting = await Promise.all(times(8, scanned));
  const under = waiting.map(({ student, charge }, index) => student.confirm(charge, { process: (index % 2) as 0 | 1 }));
  await Promise.any(under);
  expect(await campus.killSession(() => 0)).toBe(true);
  const answers = await Promise.all(under);
  const receipts = await Promise.all(waiting.map(({ student, charge }) => settle(student, charge)));
  for (const { status, body } of answers) if (status === 200) expect(receipts).toContain(body.receipt);
  for (const { charge } of waiting) expect(await debitsOf(campus.owner, charge.id)).toBe(1);
});

test("a hundred confirms of one charge over two processes debit the wallet once and all get the same bytes", async () => {
  const student = await campus.fundedStudent({ balanceMinor: funds });
  const charge = await student.scannedOrder({ till, totalMinor: totalMinor });
  const answers = await Promise.all(times(100, (index) => student.confirm(charge, { process: (index % 2) as 0 | 1 })));
  expect(answers.map(({ status }) => status)).toEqual(times(100, () => 200));
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  expect(await debitsOf(campus.owner, charge.id)).toBe(1);
  expect(await student.statement()).toEqual([
    { kind: "debit", amountMinor: -totalMinor },
    { kind: "adjustment", amountMinor: funds },
  ]);
});

test("row 21: a node whose clock is five minutes ahead opens, shows and confirms charges like the other one", async () => {
  const health = await campus.api<{ timestamp: string }>("GET", "root:/health", { process: 1 });
  expect(Date.parse(health.body.timestamp) - Date.now()).toBeGreaterThan(240_000);
  const student = await campus.fundedStudent({ balanceMinor: funds });
  await student.placeOrder({ till, totalMinor });
  const { body } = await student.scan(till, { process: 1 });
  expect(body.charge.expires_in).toBeGreaterThan(50);
  const shown = await student.api<ScannedCharge>("GET", `/charges/${body.charge.id}`, { process: 1 });
  expect(shown.body).toMatchObject({ state: "open" });
  expect(Math.abs(shown.body.expires_in - (await student.readCharge(body.charge.id)).expires_in)).toBeLessThanOrEqual(2);
  expect((await student.confirm({ ...shown.body, match_code: body.match_code }, { process: 1 })).status).toBe(200);
});

test("row 21: what the database's clock says has expired is 410 on every node, whatever their clocks say", async () => {
  for (const process of [0, 1] as const) {
    const { student, charge } = await scanned();
    const digest = await expireIn(campus.owner, charge.id, 0);
    expect((await student.confirm(charge, { digest, process })).status).toBe(410);
  }
});

const settle = (student: MoneyStudent, charge: ScannedCharge): Promise<string> =>
  until("a confirm is answered with its receipt", async () => (await student.confirm(charge, { process: 1 })).body.receipt, recoveryMs);

async function toldOf(charge: ScannedCharge): Promise<unknown> {
  const counter = await campus.asSuperuser(
    "select id from events where event = 'charge_ended' and data ->> 'charge_id' = $1 and $2 = any(channels)",
    [charge.id, `device:${till.device.id}`],
  );
  const outbox = await campus.asSuperuser("select id from outbox where topic = 'order.paid' and payload ->> 'order_id' = $1", [
    charge.order_id,
  ]);
  return { counter: counter.length, outbox: outbox.length };
}
