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
  const keep = (folder: string, message: { readonly event_id: string }) =>
    store.put(`published/${folder}/${message.event_id}.json`, Buffer.from(JSON.stringify(message)), { contentType: "application/json" });
  return {
    async publish(message) {
      await keep("transactions", message);
      if (isMailed) await takePayment(db, message);
    },
    async publishMoney(message) {
      await keep("money", message);
    },
  };
}
