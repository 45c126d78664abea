import { afterAll, beforeAll, expect, test } from "vitest";
import { readPages } from "../../../scripts/runbooks/page.ts";
import { runChange } from "../../../scripts/runbooks/run-check.ts";
import { checkLedger } from "../../ledger/check-ledger.ts";
import { projectRoot } from "../../local/home.ts";
import { type Campus, startCampus } from "../campus.ts";
import { expectOk, type Money, moneyOf } from "../money.ts";

let campus: Campus;
let money: Money;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
});
afterAll(async () => {
  await campus.end();
});

const stop = readPages()
  .find(({ name }) => name === "wallet-ledger-mismatch")
  ?.blocks.find(({ kind, command }) => kind === "change" && command.includes("default_transaction_read_only"));
const undo = stop && { ...stop, command: stop.expected.replace(/^`|`$/g, "") };

/** As whoever is on call types it, as the database's master user. */
async function type(block: typeof stop): Promise<void> {
  if (!block) throw new Error("runbooks/wallet-ledger-mismatch.md does not say how to stop money.");
  const address = new URL(campus.database.superuserUrl);
  const DATABASE_PASSWORD = decodeURIComponent(address.password);
  address.password = "";
  const { ok, why } = await runChange(block, { cwd: projectRoot, env: { ...process.env, DATABASE_URL: address.href, DATABASE_PASSWORD } });
  if (!ok) throw new Error(why);
}

test("the page's command stops money on every process and leaves reading on; its undo lets what was sent again be debited, once", async () => {
  const till = await money.till();
  const student = await money.fundedStudent({ balanceMinor: 10_000 });
  const charge = await student.scannedOrder({ till, totalMinor: 5_900 });
  await type(stop);
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
  await type(undo);
  await expect.poll(async () => (await fetch(`${campus.processes[0].url}/ready`)).status).toBe(200);
  expectOk(await student.confirm(charge));
  expect(await student.balanceMinor()).toBe(4_100);
  expect((await checkLedger(campus.worker.db)).invariants.filter(({ ok }) => !ok)).toEqual([]);
});
