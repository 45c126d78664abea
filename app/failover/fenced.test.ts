import { afterAll, beforeAll, expect, test } from "vitest";
import { createApi } from "../testing/api-client.ts";
import { type ApiProcess, startApiProcess } from "../testing/api-process.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { expectOk, moneyOf } from "../testing/money.ts";

let campus: Campus;
const started: ApiProcess[] = [];

beforeAll(async () => {
  campus = await startCampus();
});
afterAll(async () => {
  for (const process of started) process.signal("SIGKILL");
  await campus.end();
});

const startIn = async (region: string) => {
  const process = await startApiProcess({ ...campus.env, CAMPUS_REGION: region, CAMPUS_EPOCH: "2", CAMPUS_WRITER: "eu-south-1" });
  started.push(process);
  return createApi([process.url]);
};

test("in a region that no longer writes nothing is debited, though its database would take it; where it is the writer it is", async () => {
  const money = moneyOf(campus);
  const till = await money.till();
  const student = await money.fundedStudent({ balanceMinor: 11_000 });
  const before = expectOk(await student.confirm(await student.scannedOrder({ till, totalMinor: 1_000 })));
  const charge = await student.scannedOrder({ till, totalMinor: 5_900 });
  const confirm = { token: student.token, body: { digest: charge.digest, number_match: charge.match_code } };

  const fenced = await startIn("eu-north-1");
  expect(await fenced("POST", `/charges/${charge.id}/confirm`, confirm)).toMatchObject({
    status: 503,
    body: { error: { code: "READ_ONLY_REGION" } },
  });
  expect(await fenced("GET", "root:/ready")).toMatchObject({ status: 503 });
  expect(await fenced("GET", "root:/health")).toMatchObject({ body: { database: "read_only", region: "eu-north-1" } });
  expect(await student.balanceMinor()).toBe(10_000);

  const writer = await startIn("eu-south-1");
  expect(await writer("GET", "root:/ready")).toMatchObject({ status: 200 });
  expect(await writer("POST", `/charges/${charge.id}/confirm`, confirm)).toMatchObject({ status: 200 });
  expect(await student.balanceMinor()).toBe(4_100);

  const [first] = await campus.sql<{ at: Date }>`select created_at as at from receipts where id = ${before.receipt_id}`;
  const { token } = await campus.staff("finance");
  expect(await writer("GET", "/admin/failover", { token })).toMatchObject({
    body: { epoch: 2, reconciling: true, last_kept_at: first?.at.toISOString() },
  });
}, 120_000);
