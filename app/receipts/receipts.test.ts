import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { compactVerify, createLocalJWKSet } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";

let folder: string;
let campus: Campus;
let money: Money;
let till: Till;
let student: MoneyStudent;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "campus-receipts-"));
  campus = await startCampus({ env: { OBJECT_FOLDER: folder, CAMPUS_REGION: "test-region", CAMPUS_EPOCH: "3" } });
  money = moneyOf(campus);
  till = await money.till();
  student = await money.fundedStudent({ balanceMinor: 500_000, name: "Astrid Lind" });
});
afterAll(async () => {
  await campus.end();
  await rm(folder, { recursive: true, force: true });
});

const fileOf = (id: string, kind: "json" | "pdf") => path.join(folder, "receipts", `${id}.${kind}`);
const readJson = async (id: string) => JSON.parse(await readFile(fileOf(id, "json"), "utf8")) as Record<string, unknown>;

async function pay(totalMinor = 5_900): Promise<{ receiptId: string; orderId: string; jws: string }> {
  const { body } = await student.confirm(await student.scannedOrder({ till, totalMinor }));
  return { receiptId: body.receipt_id ?? "", orderId: body.order_id ?? "", jws: body.receipt ?? "" };
}

test("each payment by card leaves its signed receipt as JSON and PDF, with region and epoch and without a name", async () => {
  const { receiptId, orderId, jws } = await pay();
  await campus.drainOutbox();
  const json = await readJson(receiptId);
  expect(json).toMatchObject({
    receipt_id: receiptId,
    order_id: orderId,
    cafe_id: till.cafe.id,
    total_minor: 5_900,
    currency: "SEK",
    payment_method: "wallet",
    region: "test-region",
    epoch: 3,
    jws,
    lines: [{ quantity: 1, total_minor: 5_900 }],
  });
  const keys = await campus.api<{ keys: [] }>("GET", "root:/.well-known/jwks.json");
  const { payload } = await compactVerify(String(json.jws), createLocalJWKSet(keys.body as never));
  expect(JSON.parse(Buffer.from(payload).toString())).toMatchObject({ receipt_id: receiptId, transaction_id: json.transaction_id });
  expect((await readFile(fileOf(receiptId, "pdf"))).subarray(0, 5).toString()).toBe("%PDF-");
  expect(JSON.stringify(json)).not.toContain("Lind");
});

test("a receipt is kept with the very signature that the phone is given, and tools may ask whether it is ours", async () => {
  const { receiptId, jws } = await pay();
  await campus.drainOutbox();
  expect((await readJson(receiptId)).jws).toBe(jws);
  const verdict = async (receipt: string) => (await campus.api("GET", `root:/verify?receipt=${encodeURIComponent(receipt)}`)).body;
  expect(await verdict(jws)).toMatchObject({ valid: true, key_id: "receipt-1", receipt: { receipt_id: receiptId, amount_minor: 5_900 } });
  const [header = "", payload = "", signature = ""] = jws.split(".");
  const dearer = JSON.parse(Buffer.from(payload, "base64url").toString());
  const forged = Buffer.from(JSON.stringify({ ...dearer, amount_minor: 1 })).toString("base64url");
  for (const no of [`${header}.${forged}.${signature}`, "not a receipt"])
    expect(await verdict(no)).toEqual({ valid: false, key_id: null, receipt: null });
});

test("it is written once: whatever happens to the order later, the receipt stays as it was", async () => {
  const { receiptId, orderId } = await pay();
  await campus.drainOutbox();
  const before = [await readFile(fileOf(receiptId, "json")), await readFile(fileOf(receiptId, "pdf"))];
  await campus.sql`update cafes set address = 'Moved away 1' where id = ${till.cafe.id}`;
  await campus.sql`insert into outbox (topic, payload) select topic, payload from outbox where topic = 'receipt.store' and payload ->> 'order_id' = ${orderId}`;
  await campus.drainOutbox();
  expect([await readFile(fileOf(receiptId, "json")), await readFile(fileOf(receiptId, "pdf"))]).toEqual(before);
  expect((await readdir(path.join(folder, "receipts"))).filter((name) => name.endsWith(".new"))).toEqual([]);
});

test("a payment in cash has its receipt under the transaction's id", async () => {
  const dish = await money.dish(till.cafe, 4_000);
  const body = { cafe_id: till.cafe.id, items: [{ menu_item_id: dish.id, quantity: 1 }], payment_method: "cash" };
  const { order } = expectOk(await student.api<{ order: { id: string } }>("POST", "/orders", { body }));
  const cashier = await campus.staff("cashier", till.cafe);
  expectOk(await cashier.api("POST", `/admin/orders/${order.id}/cash-received`, { headers: { "Idempotency-Key": order.id } }));
  await campus.drainOutbox();
  const [row] = await campus.sql<{ id: string }>`select paid_transaction_id as id from orders where id = ${order.id}`;
  expect(await readJson(row?.id ?? "")).toMatchObject({
    payment_method: "cash",
    order_id: order.id,
    jws: null,
    region: "test-region",
    epoch: 3,
  });
});

test("in the sandbox, where there is no SNS, what would have been published can be read in the folder", async () => {
  const { orderId } = await pay(1_200);
  await campus.drainOutbox();
  const [event] = await campus.sql<{ id: string; transactionId: string }>`
    select id, payload ->> 'transaction_id' as transaction_id from outbox where topic = 'order.paid' and payload ->> 'order_id' = ${orderId}`;
  const text = await readFile(path.join(folder, "published", "transactions", `${event?.id}.json`), "utf8");
  expect(JSON.parse(text)).toEqual({
    event_id: event?.id,
    transaction_id: event?.transactionId,
    order_id: orderId,
    cafe_id: till.cafe.id,
    amount_minor: 1_200,
    currency: "SEK",
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  });
});
