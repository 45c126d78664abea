import type { Platform } from "../../platform/context.ts";
import { openObjectStore } from "../../platform/objects.ts";
import { takePayment } from "../../receipts/mail/take-payment.ts";
import { snsTransactions } from "./sns-transactions.ts";
import type { TransactionTopic } from "./transaction-message.ts";

/**
 * SNS; in the sandbox, where there is none, a folder that shows what would have been published, and the one subscriber that
 * is ours: receipts by e-mail, where they are switched on.
 */
export function openTransactionTopic({ config, db }: Platform): TransactionTopic | undefined {
  if (config.TRANSACTIONS_TOPIC !== undefined) return snsTransactions(config.TRANSACTIONS_TOPIC, config.AWS_REGION);
  if (config.CAMPUS_ENV !== "sandbox") return undefined;
  const store = openObjectStore({ bucket: undefined, folder: config.OBJECT_FOLDER, region: config.AWS_REGION, s3Url: undefined });
  const isMailed = config.RECEIPT_MAIL_FROM !== undefined && config.RECEIPT_MAIL_QUEUE === undefined;
  return {
    async publish(message) {
      const body = Buffer.from(JSON.stringify(message));
      await store.put(`published/transactions/${message.event_id}.json`, body, { contentType: "application/json" });
      if (isMailed) await takePayment(db, message);
    },
  };
}
