import { randomUUID } from "node:crypto";
import { GetObjectCommand, HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { awsSecretFetcher, createSecrets } from "../platform/secrets.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";
import { until } from "../testing/platform.ts";
import { queueAt, type S3World, startS3World } from "../testing/s3-world.ts";
import { startWebhookReceiver, type WebhookReceiver } from "../testing/webhook-receiver.ts";
import { consumeOrderQueue } from "../webhooks/order-queue.ts";

// Against a real moto server, through the product's own clients. Where there is no Python for it, startS3World says so
// and each test is skipped.
let world: S3World | undefined;
let campus: Campus;
let money: Money;
let till: Till;
let student: MoneyStudent;
let receiver: WebhookReceiver;
let sqs: SQSClient;
let queueUrl: string;
let subscribedUrl: string;

beforeAll(async () => {
  world = await startS3World();
  if (!world) return;
  process.env.AWS_ENDPOINT_URL = world.env.S3_URL;
  const region = world.env.AWS_REGION;
  sqs = new SQSClient({ region });
  const sns = new SNSClient({ region });
  const here = world;
  const makeQueue = async (QueueName: string) => queueAt(here, (await sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl);
  [queueUrl, subscribedUrl] = [await makeQueue("webhooks"), await makeQueue("subscriber")];
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "transactions" }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: subscribedUrl, AttributeNames: ["QueueArn"] }));
  await sns.send(
    new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: Attributes?.QueueArn, Attributes: { RawMessageDelivery: "true" } }),
  );
  sns.destroy();
  campus = await startCampus({
    env: {
      AWS_REGION: region,
      S3_URL: world.env.S3_URL,
      RECEIPTS_BUCKET: world.env.MENU_IMAGES_BUCKET,
      TRANSACTIONS_TOPIC: TopicArn ?? "",
      WEBHOOKS_QUEUE: queueUrl,
      CAMPUS_REGION: "eu-north-1",
    },
  });
  money = moneyOf(campus);
  till = await money.till();
  student = await money.fundedStudent({ balanceMinor: 500_000 });
  receiver = await startWebhookReceiver();
}, 120_000);
beforeEach(({ skip }) => {
  if (!world) skip();
});
afterAll(async () => {
  if (!world) return;
  await Promise.all([campus.end(), receiver.close()]);
  sqs.destroy();
  world.stop();
});

const receive = async (QueueUrl: string): Promise<Message[]> =>
  (await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1, MessageAttributeNames: ["All"] })))
    .Messages ?? [];

async function pay(): Promise<{ receiptId: string; orderId: string }> {
  const { body } = await student.confirm(await student.scannedOrder({ till, totalMinor: 5_900 }));
  return { receiptId: body.receipt_id ?? "", orderId: body.order_id ?? "" };
}

const eventOf = async (orderId: string) =>
  (
    await campus.sql<{ id: string; transactionId: string }>`
      select id, payload ->> 'transaction_id' as transaction_id from outbox where topic = 'order.paid' and payload ->> 'order_id' = ${orderId}`
  )[0];

test("S3: a receipt is kept with its content type, its id, region and epoch, and is not overwritten", async () => {
  const { receiptId, orderId } = await pay();
  await campus.drainOutbox();
  const s3 = new S3Client({ region: campus.worker.config.AWS_REGION, endpoint: campus.worker.config.S3_URL ?? "", forcePathStyle: true });
  const Bucket = campus.worker.config.RECEIPTS_BUCKET;
  try {
    for (const [kind, type] of [
      ["pdf", "application/pdf"],
      ["json", "application/json"],
    ]) {
      const at = { Bucket, Key: `receipts/${receiptId}.${kind}` };
      const head = await s3.send(new HeadObjectCommand(at));
      expect(head.ContentType).toBe(type);
      expect(head.Metadata).toEqual({
        "receipt-id": receiptId,
        "transaction-id": (await eventOf(orderId))?.transactionId,
        region: "eu-north-1",
        epoch: "1",
      });
    }
    const read = async () => (await s3.send(new GetObjectCommand({ Bucket, Key: `receipts/${receiptId}.json` }))).Body?.transformToString();
    const before = await read();
    await campus.sql`update cafes set address = 'Moved away 1' where id = ${till.cafe.id}`;
    await campus.sql`insert into outbox (topic, payload) select topic, payload from outbox where topic = 'receipt.store' and payload ->> 'order_id' = ${orderId}`;
    await campus.drainOutbox();
    expect(await read()).toBe(before);
    expect(await campus.sql`select id from outbox where topic = 'receipt.store' and done_at is null`).toEqual([]);
  } finally {
    s3.destroy();
  }
});

test("SNS: who subscribes to the topic hears of each payment by ids and amount, known by its event's id", async () => {
  const { orderId } = await pay();
  await campus.drainOutbox();
  const event = await eventOf(orderId);
  const told = await until("the subscriber hears of it", async () =>
    (await receive(subscribedUrl))
      .map(({ Body }) => JSON.parse(Body ?? "{}") as { order_id: string })
      .find((message) => message.order_id === orderId),
  );
  expect(told).toEqual({
    event_id: event?.id,
    transaction_id: event?.transactionId,
    order_id: orderId,
    cafe_id: till.cafe.id,
    amount_minor: 5_900,
    currency: "SEK",
    at: expect.any(String),
  });
});

test("SNS: a refund is told by ids and amount, filtered by its event, and again under the same event's id by a worker that died meanwhile", async () => {
  const { orderId } = await pay();
  const owner = await campus.staff("owner", till.cafe);
  const headers = { "Idempotency-Key": randomUUID() };
  const made = expectOk(
    await owner.api<{ id: string }>("POST", `/admin/orders/${orderId}/refund`, { headers, body: { amount_minor: 900, reason: "cold" } }),
  );
  await campus.drainOutbox();
  const [event] = await campus.sql<{ id: string }>`
    select id from outbox where topic = 'refund.made' and payload -> 'refund' ->> 'order_id' = ${orderId}`;
  const told = () =>
    until("the subscriber hears of it", async () =>
      (await receive(subscribedUrl)).find(({ Body }) => (JSON.parse(Body ?? "{}") as { event?: string }).event === "refund.made"),
    );
  const first = await told();
  expect(JSON.parse(first.Body ?? "{}")).toEqual({
    event_id: event?.id,
    event: "refund.made",
    at: expect.any(String),
    cafe_id: till.cafe.id,
    refund: {
      id: made.id,
      order_id: orderId,
      transaction_id: expect.any(String),
      to: "wallet",
      status: "processed",
      amount_minor: 900,
      currency: "SEK",
    },
  });
  const attributes = Object.fromEntries(
    Object.entries(first.MessageAttributes ?? {}).map(([name, { StringValue }]) => [name, StringValue]),
  );
  expect(attributes).toEqual({ event: "refund.made", cafe_id: till.cafe.id, currency: "SEK" });

  await campus.sql`
    update outbox set done_at = null, due_at = now() where topic = 'money.publish' and payload ->> 'event_id' = ${event?.id}`;
  await campus.drainOutbox();
  expect((await told()).Body).toBe(first.Body);
});

test("SQS: an order goes over the queue to the café's till system, once, and what is no order stays for the dead letters", async () => {
  const owner = await campus.staff("owner", till.cafe);
  expectOk(await owner.api("POST", "/admin/webhooks", { body: { url: receiver.url } }));
  const { orderId } = await pay();
  await campus.drainOutbox();
  expect(receiver.received).toEqual([]);
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: '{"event": "hello"}' }));

  const stopping = new AbortController();
  const consumer = consumeOrderQueue(campus.worker, stopping.signal);
  await until("the order is taken from the queue", async () => {
    await campus.drainOutbox();
    return receiver.received.length > 0;
  });
  const state = async () =>
    (
      await sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl: queueUrl,
          AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        }),
      )
    ).Attributes;
  await until("only what cannot be handled is left, hidden for its time", async () => {
    const { ApproximateNumberOfMessages: waiting, ApproximateNumberOfMessagesNotVisible: hidden } = (await state()) ?? {};
    return waiting === "0" && hidden === "1";
  });
  stopping.abort();
  await consumer;
  expect(receiver.received.map(({ body }) => [body.event, body.order?.id])).toEqual([["order.paid", orderId]]);
  expect(receiver.received[0]?.body.event_id).toBe((await eventOf(orderId))?.id);
});

test("Secrets Manager: a secret is read by its id, and a rotated one at the next fresh read", async () => {
  const region = campus.worker.config.AWS_REGION;
  const client = new SecretsManagerClient({ region });
  await client.send(new CreateSecretCommand({ Name: "campus/test/seal-key", SecretString: '{"key": "first"}' }));
  const sources = { SEAL_KEY: { id: "campus/test/seal-key", jsonKey: "key" } };
  const secrets = createSecrets<"SEAL_KEY">({ sources, fetchSecret: awsSecretFetcher(region), log: campus.worker.log });
  expect(await secrets.get("SEAL_KEY")).toBe("first");
  await client.send(new PutSecretValueCommand({ SecretId: "campus/test/seal-key", SecretString: '{"key": "second"}' }));
  expect([await secrets.get("SEAL_KEY"), await secrets.fresh("SEAL_KEY")]).toEqual(["first", "second"]);
  client.destroy();
});
