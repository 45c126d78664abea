import type { Platform } from "../platform/context.ts";
import { consumeQueue, openSqs, type Sqs } from "../platform/queue.ts";
import { OrderMessage, takeOrderEvent } from "./take-order-event.ts";

/** Between the outbox and the till systems. Whatever carries the message, takeOrderEvent() does the rest. */
export interface OrderQueue {
  send(message: OrderMessage, signal: AbortSignal): Promise<void>;
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

/** A message is forgotten once its deliveries are written. */
export const consumeOrderQueue = (platform: Platform, stopping: AbortSignal): Promise<void> => {
  const take = (message: unknown) => takeOrderEvent(platform.db, OrderMessage.parse(message));
  return consumeQueue(platform, { queueUrl: platform.config.WEBHOOKS_QUEUE, what: "order queue", take }, stopping);
};
