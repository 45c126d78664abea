import type { Platform } from "../../platform/context.ts";
import { type OutboxRow, patientTries, type Topics } from "../../platform/outbox.ts";
import { MoneyMessage } from "./money-message.ts";
import type { TransactionMessage } from "./transaction-message.ts";
import { openTransactionTopic } from "./transaction-topic.ts";

const timeoutMs = 5_000;

/** Tells the world outside of each payment, top-up, refund, dispute and settlement: of ids and amounts, never of a person. */
export function transactionTopics(platform: Platform): Topics {
  const topic = openTransactionTopic(platform);
  return {
    "transaction.publish": {
      timeoutMs,
      maxTries: patientTries,
      deliver: async ({ payload }, signal) => {
        await topic?.publish(messageOf(payload), signal);
      },
    },
    "money.publish": {
      timeoutMs,
      maxTries: patientTries,
      deliver: async ({ payload }, signal) => {
        await topic?.publishMoney(MoneyMessage.parse(payload), signal);
      },
    },
  };
}

const messageOf = (payload: OutboxRow["payload"]): TransactionMessage => ({
  event_id: String(payload.event_id),
  transaction_id: String(payload.transaction_id),
  order_id: String(payload.order_id),
  cafe_id: String(payload.cafe_id),
  amount_minor: Number(payload.amount_minor),
  currency: String(payload.currency),
  at: new Date(String(payload.at)).toISOString(),
});
