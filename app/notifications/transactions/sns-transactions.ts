import type { SNSClient } from "@aws-sdk/client-sns";
import { z } from "zod";
import type { TransactionTopic } from "./transaction-topic.ts";

/** What the topic carries: of ids and amounts, never of a person. */
export const TransactionMessage = z.object({
  event_id: z.uuid(),
  transaction_id: z.uuid(),
  order_id: z.uuid(),
  cafe_id: z.uuid(),
  amount_minor: z.int(),
  currency: z.string(),
  at: z.iso.datetime(),
});
export type TransactionMessage = Readonly<z.infer<typeof TransactionMessage>>;

/** The SDK is loaded with the first message. A subscriber may filter by café and currency without reading the body. */
export function snsTransactions(topicArn: string, region: string): TransactionTopic {
  let opened: Promise<{ sns: typeof import("@aws-sdk/client-sns"); client: SNSClient }> | undefined;
  const open = async () => {
    const sns = await import("@aws-sdk/client-sns");
    // One attempt: the outbox decides when a message is sent again.
    return { sns, client: new sns.SNSClient({ region, maxAttempts: 1 }) };
  };
  return {
    async publish(message, signal) {
      opened ??= open();
      const { sns, client } = await opened;
      const command = new sns.PublishCommand({
        TopicArn: topicArn,
        Message: JSON.stringify(message),
        MessageAttributes: { cafe_id: text(message.cafe_id), currency: text(message.currency) },
      });
      await client.send(command, { abortSignal: signal });
    },
  };
}

const text = (value: string) => ({ DataType: "String", StringValue: value });
