import type { SNSClient } from "@aws-sdk/client-sns";
import type { MoneyMessage } from "./money-message.ts";
import type { TransactionTopic } from "./transaction-message.ts";

/** SNS knows no empty text: what is null goes without. */
type Attributes = Readonly<Record<"event" | "cafe_id" | "currency", string | null>>;

/** The SDK is loaded with the first message. A subscriber may filter by event, café and currency without reading the body. */
export function snsTransactions(topicArn: string, region: string): TransactionTopic {
  let opened: Promise<{ sns: typeof import("@aws-sdk/client-sns"); client: SNSClient }> | undefined;
  const open = async () => {
    const sns = await import("@aws-sdk/client-sns");
    // One attempt: the outbox decides when a message is sent again.
    return { sns, client: new sns.SNSClient({ region, maxAttempts: 1 }) };
  };
  const publish = async (message: object, attributes: Attributes, signal: AbortSignal) => {
    opened ??= open();
    const { sns, client } = await opened;
    const MessageAttributes = Object.fromEntries(
      Object.entries(attributes).flatMap(([name, value]) => (value === null ? [] : [[name, { DataType: "String", StringValue: value }]])),
    );
    const command = new sns.PublishCommand({ TopicArn: topicArn, Message: JSON.stringify(message), MessageAttributes });
    await client.send(command, { abortSignal: signal });
  };
  return {
    publish: (message, signal) => publish(message, { event: "order.paid", cafe_id: message.cafe_id, currency: message.currency }, signal),
    publishMoney: (message, signal) =>
      publish(message, { event: message.event, cafe_id: message.cafe_id, currency: currencyOf(message) }, signal),
  };
}

function currencyOf(message: MoneyMessage): string {
  if ("top_up" in message) return message.top_up.currency;
  if ("refund" in message) return message.refund.currency;
  return "dispute" in message ? message.dispute.currency : message.settlement.currency;
}
