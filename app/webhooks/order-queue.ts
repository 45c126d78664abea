import type { Message, SQSClient } from "@aws-sdk/client-sqs";
import type { Platform } from "../platform/context.ts";
import { OrderMessage, takeOrderEvent } from "./take-order-event.ts";

/** Between the outbox and the till systems. Whatever carries the message, takeOrderEvent() does the rest. */
export interface OrderQueue {
  send(message: OrderMessage, signal: AbortSignal): Promise<void>;
}

interface Sqs {
  readonly sdk: typeof import("@aws-sdk/client-sqs");
  readonly client: SQSClient;
}

const waitSeconds = 20;
const batchMessages = 10;
const faultPauseMs = 1_000;
const connectTimeoutMs = 1_000;
/** Longer than an empty queue lets us wait. */
const requestTimeoutMs = 25_000;

/** The SDK is loaded at the first use; its address can be another one by AWS_ENDPOINT_URL. */
async function openSqs(region: string): Promise<Sqs> {
  const sdk = await import("@aws-sdk/client-sqs");
  const requestHandler = { connectionTimeout: connectTimeoutMs, requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true };
  return { sdk, client: new sdk.SQSClient({ region, maxAttempts: 2, requestHandler }) };
}

/** SQS where it is configured; else the row of the outbox is the message, and is taken where it stands. */
export function openOrderQueue({ config, db }: Platform): OrderQueue {
  const queueUrl = config.WEBHOOKS_QUEUE;
  if (queueUrl === undefined) return { send: (message) => takeOrderEvent(db, message) };
  let opened: Promise<Sqs> | undefined;
  return {
    async send(message, signal) {
      opened ??= openSqs(config.AWS_REGION);
      const { sdk, client } = await opened;
      await client.send(new sdk.SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(message) }), { abortSignal: signal });
    },
  };
}

/**
 * Takes messages until it is told to stop. A message is deleted once its deliveries are written; one that cannot be
 * handled comes again, and after its tries stands in the queue's dead letters.
 */
export async function consumeOrderQueue(platform: Platform, stopping: AbortSignal): Promise<void> {
  const queueUrl = platform.config.WEBHOOKS_QUEUE;
  if (queueUrl === undefined) return;
  const { sdk, client } = await openSqs(platform.config.AWS_REGION);
  while (!stopping.aborted) {
    try {
      const ask = { QueueUrl: queueUrl, MaxNumberOfMessages: batchMessages, WaitTimeSeconds: waitSeconds };
      const { Messages = [] } = await client.send(new sdk.ReceiveMessageCommand(ask), { abortSignal: stopping });
      const taken = (await Promise.all(Messages.map((message) => takeMessage(platform, message)))).filter((handle) => handle !== undefined);
      if (taken.length === 0) continue;
      const Entries = taken.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
      await client.send(new sdk.DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    } catch (error) {
      if (stopping.aborted) break;
      platform.log.warn({ err: error }, "The order queue was not read; it is tried again");
      await new Promise((resolve) => setTimeout(resolve, faultPauseMs));
    }
  }
  client.destroy();
}

/** The handle by which the message is deleted; undefined where it must come again. */
async function takeMessage({ db, log }: Platform, { Body, MessageId, ReceiptHandle }: Message): Promise<string | undefined> {
  try {
    await takeOrderEvent(db, OrderMessage.parse(JSON.parse(Body ?? "")));
    return ReceiptHandle;
  } catch (error) {
    log.warn({ err: error, message_id: MessageId }, "A message of the order queue could not be handled");
    return undefined;
  }
}
