import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { CreateEmailIdentityCommand, DeleteEmailIdentityCommand, SESv2Client } from "@aws-sdk/client-sesv2";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Campus, startCampus } from "../../testing/campus.ts";
import { type MailDoor, type ReadMail, readMail, startMailDoor } from "../../testing/mails.ts";
import { type FundedOptions, type Money, type MoneyStudent, moneyOf, type Till } from "../../testing/money.ts";
import { until } from "../../testing/platform.ts";
import { queueAt, type S3World, startS3World } from "../../testing/s3-world.ts";
import { consumeReceiptMails } from "./mail-queue.ts";

// The whole way through a real moto server: SNS, the queue that subscribes to it, our consumer, SES. Where there is no
// Python for it, startS3World says so and each test is skipped.
const domain = "pay.campus.example";
const from = `receipts@${domain}`;
/** Receiving, PDF and posting, on a machine that does other work too. */
const tryWithinMs = 20_000;

let world: S3World | undefined;
let door: MailDoor;
let folder: string;
let campus: Campus;
let money: Money;
let till: Till;
let sqs: SQSClient;
let ses: SESv2Client;
let queueUrl: string;
let consumer: Promise<void>;
const stopping = new AbortController();

beforeAll(async () => {
  world = await startS3World();
  if (!world) return;
  const { S3_URL: url, AWS_REGION: region } = world.env;
  process.env.AWS_ENDPOINT_URL = url;
  ses = new SESv2Client({ region });
  await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: domain }));
  door = await startMailDoor(url);
  process.env.AWS_ENDPOINT_URL_SESV2 = door.url;
  sqs = new SQSClient({ region });
  queueUrl = queueAt(world, (await sqs.send(new CreateQueueCommand({ QueueName: "receipt-mails" }))).QueueUrl);
  const topicArn = await subscribedTopic(region);
  folder = await mkdtemp(path.join(tmpdir(), "campus-mails-"));
  const aws = { AWS_REGION: region, TRANSACTIONS_TOPIC: topicArn, RECEIPT_MAIL_QUEUE: queueUrl, RECEIPT_MAIL_FROM: from };
  campus = await startCampus({ env: { ...aws, OBJECT_FOLDER: folder } });
  money = moneyOf(campus);
  till = await money.till();
  consumer = consumeReceiptMails(campus.worker, stopping.signal);
}, 120_000);
beforeEach(({ skip }) => {
  if (!world) return skip();
  door.answer("let through");
});
afterAll(async () => {
  if (!world) return;
  stopping.abort();
  await consumer;
  await Promise.all([campus.end(), door.close()]);
  await rm(folder, { recursive: true, force: true });
  sqs.destroy();
  ses.destroy();
  world.stop();
});

async function subscribedTopic(region: string): Promise<string> {
  const sns = new SNSClient({ region });
  const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: "transactions" }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["QueueArn"] }));
  await sns.send(
    new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: Attributes?.QueueArn, Attributes: { RawMessageDelivery: "true" } }),
  );
  sns.destroy();
  return TopicArn;
}

type Options = Pick<FundedOptions, "name" | "language"> & { readonly email: string | null };

async function newStudent({ email, ...options }: Options): Promise<MoneyStudent> {
  const student = await money.fundedStudent({ balanceMinor: 100_000, ...options });
  await campus.sql`update students set email = ${email} where id = ${student.id}`;
  return student;
}

interface Payment {
  readonly eventId: string;
  readonly orderId: string;
  readonly receiptId: string;
}

async function pay(student: MoneyStudent): Promise<Payment> {
  const { status, body } = await student.confirm(await student.scannedOrder({ till, totalMinor: 5_900 }));
  expect(status).toBe(200);
  const [event] = await campus.sql<{ id: string }>`
    select id from outbox where topic = 'order.paid' and payload ->> 'order_id' = ${body.order_id}`;
  return { eventId: event?.id ?? "", orderId: body.order_id ?? "", receiptId: body.receipt_id ?? "" };
}

interface MailRow {
  readonly tries: number;
  readonly lastError: string | null;
  readonly isDone: boolean;
  readonly isDead: boolean;
}

const rowsOf = ({ eventId }: Payment) =>
  campus.sql<MailRow>`
    select tries, last_error, done_at is not null as is_done, dead_at is not null as is_dead
    from outbox where topic = 'receipt.mail' and payload ->> 'event_id' = ${eventId}`;

/** Delivers until the payment's mail was tried, and gives its row. */
const tried = (payment: Payment): Promise<MailRow> =>
  until(
    "the mail of this payment is tried",
    async () => {
      await campus.drainOutbox();
      const [row] = await rowsOf(payment);
      return row && (row.isDone || row.lastError !== null) ? row : false;
    },
    tryWithinMs,
  );

const again = async ({ eventId }: Payment): Promise<unknown> =>
  campus.sql`update outbox set due_at = now(), last_error = null where topic = 'receipt.mail' and payload ->> 'event_id' = ${eventId}`;

interface Sent {
  readonly source: string;
  /** Those that were named to SES, then those that Python's own reader of mails finds in To, Cc and Bcc. */
  readonly destinations: readonly string[];
  readonly mail: ReadMail;
}

async function sentFor({ eventId }: Payment): Promise<Sent[]> {
  const answer = await fetch(`${world?.env.S3_URL}/moto-api/data.json`);
  const { ses: kept } = (await answer.json()) as { ses: { RawMessage: (Omit<Sent, "mail"> & { raw_data: string })[] } };
  return kept.RawMessage.map(({ raw_data, ...more }) => ({ ...more, mail: readMail(raw_data) })).filter(
    ({ mail }) => mail.header("x-campus-event-id") === eventId,
  );
}

test.each([
  ["sv", "Kvitto", "Totalt: 59,00\u00a0kr"],
  ["it", "Ricevuta", "Totale: 59,00\u00a0SEK"],
  ["en", "Receipt", "Total: SEK\u00a059.00"],
] as const)(
  "a payment mails one receipt in the student's language (%s), with the PDF and the event's id",
  async (language, word, total) => {
    const student = await newStudent({ email: `${language}@student.example`, language, name: "Astrid Lind" });
    const payment = await pay(student);
    expect((await tried(payment)).isDone).toBe(true);
    const [sent, ...copies] = await sentFor(payment);
    expect(copies).toEqual([]);
    expect(sent?.source).toBe(from);
    expect(new Set(sent?.destinations)).toEqual(new Set([`${language}@student.example`]));
    const mail = sent?.mail as ReadMail;
    const [order] = await campus.sql<{ number: string }>`
    select ${till.cafe.code} || '-' || order_number as number from orders where id = ${payment.orderId}`;
    expect(mail.header("subject")).toBe(`${word} ${order?.number}`);
    const text = mail.parts[0]?.bytes.toString() ?? "";
    for (const said of [order?.number, till.cafe.name, "1 × Dish for 5900", total, payment.receiptId]) expect(text).toContain(said);
    expect(text).not.toContain("Lind");
    expect(mail.parts[1]?.head).toContain(`filename="receipt-${order?.number}.pdf"`);
    expect(mail.parts[1]?.bytes.equals(await readFile(path.join(folder, "receipts", `${payment.receiptId}.pdf`)))).toBe(true);
  },
);

const allTaken = () =>
  until("each message was taken and deleted", async () => {
    const AttributeNames = ["ApproximateNumberOfMessages" as const, "ApproximateNumberOfMessagesNotVisible" as const];
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames }));
    return Object.values(Attributes ?? {}).every((count) => count === "0");
  });

test("the same message twice mails once", async () => {
  const payment = await pay(await newStudent({ email: "twice@student.example" }));
  await tried(payment);
  const [published] = await campus.sql<{ payload: Record<string, unknown> }>`
    select payload from outbox where topic = 'transaction.publish' and payload ->> 'event_id' = ${payment.eventId}`;
  const { event_id, transaction_id, order_id, cafe_id, amount_minor, currency, at } = published?.payload ?? {};
  const message = { event_id, transaction_id, order_id, cafe_id, amount_minor, currency, at: new Date(String(at)).toISOString() };
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(message) }));
  await allTaken();
  await campus.drainOutbox();
  expect(await rowsOf(payment)).toHaveLength(1);
  expect(await sentFor(payment)).toHaveLength(1);
});

test("news of a refund on the same topic is taken from the queue and mails nothing", async () => {
  const payment = await pay(await newStudent({ email: "refunded@student.example" }));
  await tried(payment);
  const owner = await campus.staff("owner", till.cafe);
  const refund = { body: { reason: "cold" }, headers: { "Idempotency-Key": randomUUID() } };
  expect((await owner.api("POST", `/admin/orders/${payment.orderId}/refund`, refund)).status).toBe(201);
  await campus.drainOutbox();
  await allTaken();
  await campus.drainOutbox();
  expect(
    await campus.sql`
    select topic from outbox where topic in ('receipt.mail', 'money.publish')
      and (payload ->> 'order_id' = ${payment.orderId} or payload -> 'refund' ->> 'order_id' = ${payment.orderId}) and done_at is not null order by topic`,
  ).toEqual([{ topic: "money.publish" }, { topic: "receipt.mail" }]);
  expect(await sentFor(payment)).toHaveLength(1);
});

test("a student without an address, one who was switched off and one who was erased are mailed nothing", async () => {
  const none = await pay(await newStudent({ email: null }));
  const off = await newStudent({ email: "off@student.example" });
  const offPayment = await pay(off);
  await campus.sql`update students set is_active = false where id = ${off.id}`;
  const erased = await newStudent({ email: "erased@student.example" });
  const erasedPayment = await pay(erased);
  await campus.sql`
    update students set is_active = false, phone = null, name = null, email = null, address = null, student_number = null, erased_at = now()
    where id = ${erased.id}`;
  const before = door.asked;
  for (const payment of [none, offPayment, erasedPayment]) {
    expect((await tried(payment)).isDone).toBe(true);
    expect(await sentFor(payment)).toEqual([]);
  }
  expect(door.asked).toBe(before);
});

test.each([
  ["cuts the connection", "cut"],
  ["never answers", "hang"],
  ["is asked too often", { status: 429, error: "TooManyRequestsException", message: "Maximum sending rate exceeded." }],
  ["has paused the account", { status: 400, error: "SendingPausedException", message: "Sending paused." }],
] as const)("a mail is tried again while SES %s, and is then sent once", async (_, fault) => {
  door.answer(fault);
  const payment = await pay(await newStudent({ email: "patient@student.example" }));
  expect(await tried(payment)).toMatchObject({ tries: 1, isDone: false, isDead: false });
  expect(await sentFor(payment)).toEqual([]);
  door.answer("let through");
  await again(payment);
  expect(await tried(payment)).toMatchObject({ tries: 2, isDone: true });
  expect(await sentFor(payment)).toHaveLength(1);
});

test("what SES refuses for good is a dead letter that says why without an address, and goes out when it is redriven", async () => {
  await ses.send(new DeleteEmailIdentityCommand({ EmailIdentity: domain }));
  const payment = await pay(await newStudent({ email: "refused@student.example" }));
  try {
    const { isDead, lastError } = await tried(payment);
    expect(isDead).toBe(true);
    expect(lastError).toBe("SES did not take the mail (MessageRejected): Did not have authority to send from email [address]");
  } finally {
    await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: domain }));
  }
  await campus.sql`update outbox set dead_at = null where topic = 'receipt.mail' and dead_at is not null`;
  await again(payment);
  expect((await tried(payment)).isDone).toBe(true);
  expect(await sentFor(payment)).toHaveLength(1);
});

test("an address that hides a second line is a dead letter, and SES is not asked", async () => {
  const before = door.asked;
  for (const email of ["a@student.example\r\nBcc: all@evil.example", "a@student.example, all@evil.example", "A <a@student.example>"]) {
    const payment = await pay(await newStudent({ email }));
    const { isDead, lastError } = await tried(payment);
    expect(isDead).toBe(true);
    expect(lastError).not.toContain("@");
  }
  expect(door.asked).toBe(before);
});

test("names with line ends and headers in them reach nobody else and set no header", async () => {
  const evil = "Kafé\r\nBcc: all@evil.example\r\n\r\n<b>Pay again</b>";
  const student = await newStudent({ email: "plain@student.example", name: evil });
  const charge = await student.scannedOrder({ till, totalMinor: 5_900 });
  await campus.sql`update cafes set name = ${evil} where id = ${till.cafe.id}`;
  await campus.sql`update order_items set item_name = ${evil} where order_id = ${charge.order_id}`;
  try {
    await student.confirm(charge);
    const [event] = await campus.sql<{ id: string }>`
      select id from outbox where topic = 'order.paid' and payload ->> 'order_id' = ${charge.order_id}`;
    const payment = { eventId: event?.id ?? "", orderId: charge.order_id, receiptId: "" };
    expect((await tried(payment)).isDone).toBe(true);
    const [sent] = await sentFor(payment);
    expect(new Set(sent?.destinations)).toEqual(new Set(["plain@student.example"]));
    expect(sent?.mail.headers.map(([name]) => name)).toEqual([
      ...["From", "To", "Subject", "Date", "X-Campus-Event-Id", "Auto-Submitted", "MIME-Version", "Content-Type"],
    ]);
    expect(sent?.mail.parts[0]?.bytes.toString()).toContain(": Kafé  Bcc: all@evil.example    <b>Pay again</b>\r\n");
  } finally {
    await campus.sql`update cafes set name = ${till.cafe.name} where id = ${till.cafe.id}`;
  }
});

test("a payment writes nothing for its mail and asks SES nothing, and other consumers go on while SES is down", async () => {
  door.answer("cut");
  const before = door.asked;
  const payment = await pay(await newStudent({ email: "free@student.example" }));
  expect(door.asked).toBe(before);
  const written = await campus.sql<{ topic: string }>`select topic from outbox where payload ->> 'order_id' = ${payment.orderId}`;
  expect(written.map(({ topic }) => topic)).toEqual(["order.paid"]);
  expect((await tried(payment)).isDone).toBe(false);
  const left = await campus.sql<{ topic: string }>`
    select topic from outbox where payload ->> 'order_id' = ${payment.orderId} and done_at is null`;
  expect(left.map(({ topic }) => topic)).toEqual(["receipt.mail"]);
});
