import type { SNSClient } from "@aws-sdk/client-sns";
import type { TransactionTopic } from "./transaction-message.ts";

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
