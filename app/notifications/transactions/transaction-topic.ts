import type { Platform } from "../../platform/context.ts";
import { openObjectStore } from "../../platform/objects.ts";
import { snsTransactions, type TransactionMessage } from "./sns-transactions.ts";

/** Where each payment is told: whoever subscribes there hears of it at least once and knows it again by its event's id. */
export interface TransactionTopic {
  publish(message: TransactionMessage, signal: AbortSignal): Promise<void>;
}

/** SNS; in the sandbox, where there is none, a folder that shows what would have been published. */
export function openTransactionTopic({ config }: Platform): TransactionTopic | undefined {
  if (config.TRANSACTIONS_TOPIC !== undefined) return snsTransactions(config.TRANSACTIONS_TOPIC, config.AWS_REGION);
  if (config.CAMPUS_ENV !== "sandbox") return undefined;
  const store = openObjectStore({ bucket: undefined, folder: config.OBJECT_FOLDER, region: config.AWS_REGION, s3Url: undefined });
  return {
    publish: (message) =>
      store.put(`published/transactions/${message.event_id}.json`, Buffer.from(JSON.stringify(message)), {
        contentType: "application/json",
      }),
  };
}
