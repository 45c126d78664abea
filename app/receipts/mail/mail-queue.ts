import { MoneyMessage } from "../../notifications/transactions/money-message.ts";
import { TransactionMessage } from "../../notifications/transactions/transaction-message.ts";
import type { Platform } from "../../platform/context.ts";
import { consumeQueue } from "../../platform/queue.ts";
import { takePayment } from "./take-payment.ts";

/** The queue that hears of each payment from the transaction topic, where an environment mails receipts. Other news of money is no payment's. */
export const consumeReceiptMails = (platform: Platform, stopping: AbortSignal): Promise<void> => {
  const take = async (message: unknown) => {
    if (MoneyMessage.safeParse(message).success) return;
    await takePayment(platform.db, TransactionMessage.parse(message));
  };
  return consumeQueue(platform, { queueUrl: platform.config.RECEIPT_MAIL_QUEUE, what: "queue of receipt mails", take }, stopping);
};
