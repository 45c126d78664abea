import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { registerJobs, runDueJobs } from "../../platform/jobs.ts";
import { type Campus, startCampus } from "../../testing/campus.ts";
import { readMail } from "../../testing/mails.ts";
import { expectOk, moneyOf } from "../../testing/money.ts";
import { receiptMailJobs } from "./background.ts";

let folder: string;
let campus: Campus;
let silent: Campus;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "campus-eml-"));
  [campus, silent] = await Promise.all([
    startCampus({ env: { OBJECT_FOLDER: folder, RECEIPT_MAIL_FROM: "receipts@campus.example" } }),
    startCampus({ env: { OBJECT_FOLDER: folder } }),
  ]);
});
afterAll(async () => {
  await Promise.all([campus.end(), silent.end()]);
  await rm(folder, { recursive: true, force: true });
});

async function payAt(place: Campus): Promise<{ eventId: string | undefined; receiptId: string | undefined }> {
  const money = moneyOf(place);
  const student = await money.fundedStudent({ balanceMinor: 50_000, language: "it" });
  await place.sql`update students set email = 'giulia@student.example' where id = ${student.id}`;
  const { body } = await student.confirm(await student.scannedOrder({ till: await money.till(), totalMinor: 1_200 }));
  const [event] = await place.sql<{ id: string }>`
    select id from outbox where topic = 'order.paid' and payload ->> 'order_id' = ${body.order_id}`;
  await place.drainOutbox();
  return { eventId: event?.id, receiptId: body.receipt_id };
}

const readEml = async (eventId: string | undefined) =>
  readMail(await readFile(path.join(folder, "published", "mails", `${eventId}.eml`), "latin1"));

test("in the sandbox the mail that would have been sent can be read in the folder", async () => {
  const { eventId, receiptId } = await payAt(campus);
  const mail = await readEml(eventId);
  expect([mail.header("to"), mail.header("x-campus-event-id")]).toEqual(["giulia@student.example", eventId]);
  expect(mail.parts[0]?.bytes.toString()).toContain(`Id della ricevuta: ${receiptId}`);
  expect(mail.parts[1]?.bytes.subarray(0, 5).toString()).toBe("%PDF-");
});

test("a payment in cash is mailed under its transaction's id", async () => {
  const money = moneyOf(campus);
  const till = await money.till();
  const student = await money.fundedStudent({ balanceMinor: 0 });
  await campus.sql`update students set email = 'cash@student.example' where id = ${student.id}`;
  const dish = await money.dish(till.cafe, 4_000);
  const body = { cafe_id: till.cafe.id, items: [{ menu_item_id: dish.id, quantity: 2 }], payment_method: "cash" };
  const { order } = expectOk(await student.api<{ order: { id: string } }>("POST", "/orders", { body }));
  const cashier = await campus.staff("cashier", till.cafe);
  expectOk(await cashier.api("POST", `/admin/orders/${order.id}/cash-received`, { headers: { "Idempotency-Key": order.id } }));
  await campus.drainOutbox();
  const [event] = await campus.sql<{ id: string; transactionId: string }>`
    select id, payload ->> 'transaction_id' as transaction_id from outbox where topic = 'order.paid' and payload ->> 'order_id' = ${order.id}`;
  const text = (await readEml(event?.id)).parts[0]?.bytes.toString();
  expect(text).toContain("2 × Dish for 4000: SEK\u00a080.00");
  expect(text).toContain(`Receipt id: ${event?.transactionId}`);
});

test("where no sender is configured nothing is mailed and nothing is remembered", async () => {
  const { eventId } = await payAt(silent);
  expect(await readdir(path.join(folder, "published", "mails"))).not.toContain(`${eventId}.eml`);
  expect(await silent.sql`select event_id from receipt_mails`).toEqual([]);
  expect(await silent.sql`select id from outbox where topic = 'receipt.mail'`).toEqual([]);
});

test("a mailed event is forgotten after 30 days, which is longer than a queue keeps its copies", async () => {
  await campus.sql`insert into receipt_mails (event_id, taken_at) values
    ('01990000-0000-7000-8000-000000000001', now() - interval '31 days'), ('01990000-0000-7000-8000-000000000002', now() - interval '29 days')`;
  const faults: unknown[] = [];
  await registerJobs(campus.worker, receiptMailJobs());
  await runDueJobs(campus.worker, receiptMailJobs(), (error) => void faults.push(error));
  expect(faults).toEqual([]);
  const left = await campus.sql<{ eventId: string }>`select event_id from receipt_mails where taken_at < now() - interval '1 day'`;
  expect(left.map(({ eventId }) => eventId)).toEqual(["01990000-0000-7000-8000-000000000002"]);
});
