import { afterAll, beforeAll, expect, test } from "vitest";
import { checkLedger } from "../../ledger/check-ledger.ts";
import { type Campus, startCampus } from "../campus.ts";
import { expectOk, type Money, moneyOf } from "../money.ts";
import { changeHere, runAsMaster } from "./faults.ts";

let campus: Campus;
let money: Money;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
});
afterAll(async () => {
  await campus.end();
});

const stop = changeHere("wallet-ledger-mismatch", "default_transaction_read_only");
const undo = { ...stop, command: stop.expected.replace(/^`|`$/g, "") };

test("the page's command stops money on every process and leaves reading on; its undo lets what was sent again be debited, once", async () => {
  const till = await money.till();
  const student = await money.fundedStudent({ balanceMinor: 10_000 });
  const charge = await student.scannedOrder({ till, totalMinor: 5_900 });
  await runAsMaster(campus, stop);
  for (const { url } of campus.processes) {
    const ready = await fetch(`${url}/ready`);
    expect(ready.status).toBe(503);
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ database: "read_only" });
    expect((await fetch(`${url}/api/v1/cafes`)).status).toBe(200);
  }
  const refused = await student.confirm(charge);
  expect(refused).toMatchObject({ status: 503, body: { error: { code: "READ_ONLY_REGION" } } });
  expect((await till.device.api("POST", "/pos/scans", { body: { scan_id: crypto.randomUUID(), card_uid: student.cardUid } })).status).toBe(
    503,
  );
  expect(await student.balanceMinor()).toBe(10_000);
  await runAsMaster(campus, undo);
  await expect.poll(async () => (await fetch(`${campus.processes[0].url}/ready`)).status).toBe(200);
  expectOk(await student.confirm(charge));
  expect(await student.balanceMinor()).toBe(4_100);
  expect((await checkLedger(campus.worker.db)).invariants.filter(({ ok }) => !ok)).toEqual([]);
});
