import type { Message, SQSClient } from "@aws-sdk/client-sqs";
import type { Platform } from "./context.ts";

export interface Sqs {
  readonly sdk: typeof import("@aws-sdk/client-sqs");
  readonly client: SQSClient;
}

interface ConsumedQueue {
  /** Undefined where there is none: then nothing is taken. */
  readonly queueUrl: string | undefined;
  /** As log lines name it: "order queue". */
  readonly what: string;
  /** Its return means that the message may be forgotten; it is given the parsed JSON, and may be given it twice. */
  readonly take: (message: unknown) => Promise<void>;
}

const waitSeconds = 20;
const batchMessages = 10;
const faultPauseMs = 1_000;
const connectTimeoutMs = 1_000;
/** Longer than an empty queue lets us wait. */
const requestTimeoutMs = 25_000;

/** The SDK is loaded at the first use; its address can be another one by AWS_ENDPOINT_URL. */
export async function openSqs(region: string): Promise<Sqs> {
  const sdk = await import("@aws-sdk/client-sqs");
  const requestHandler = { connectionTimeout: connectTimeoutMs, requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true };
  return { sdk, client: new sdk.SQSClient({ region, maxAttempts: 2, requestHandler }) };
}

/**
 * Takes messages until it is told to stop. A message is deleted once it was taken; one that cannot be handled comes again,
 * and after its tries stands in the queue's dead letters.
 */
export async function consumeQueue(platform: Platform, { queueUrl, what, take }: ConsumedQueue, stopping: AbortSignal): Promise<void> {
  if (queueUrl === undefined) return;
  const { sdk, client } = await openSqs(platform.config.AWS_REGION);
  const takeMessage = async ({ Body, MessageId, ReceiptHandle }: Message): Promise<string | undefined> => {
    try {
      await take(JSON.parse(Body ?? ""));
      return ReceiptHandle;
    } catch (error) {
      platform.log.warn({ err: error, message_id: MessageId }, `A message of the ${what} could not be handled`);
      return undefined;
    }
  };
  while (!stopping.aborted) {
    try {
      const ask = { QueueUrl: queueUrl, MaxNumberOfMessages: batchMessages, WaitTimeSeconds: waitSeconds };
      const { Messages = [] } = await client.send(new sdk.ReceiveMessageCommand(ask), { abortSignal: stopping });
      const taken = (await Promise.all(Messages.map(takeMessage))).filter((handle) => handle !== undefined);
      if (taken.length === 0) continue;
      const Entries = taken.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
      await client.send(new sdk.DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    } catch (error) {
      if (stopping.aborted) break;
      platform.log.warn({ err: error }, `The ${what} was not read; it is tried again`);
      await new Promise((resolve) => setTimeout(resolve, faultPauseMs));
    }
  }
  client.destroy();
}
