import { openMailSender } from "../../notifications/mail/open-mail-sender.ts";
import type { Platform } from "../../platform/context.ts";
import { type Job, purgeJob } from "../../platform/jobs.ts";
import { patientTries, type Topics } from "../../platform/outbox.ts";
import { part } from "../../platform/postgres.ts";
import { createReceiptSigner } from "../receipt-signer.ts";
import { sendReceiptMail } from "./send-receipt-mail.ts";

const timeoutMs = 10_000;
/** Longer than a queue keeps a message (14 days), so that no copy comes after its event is forgotten. */
const kept = "30 days";

/** Receipts on their way to the students' mailboxes, where an environment switches them on. */
export function receiptMailTopics(platform: Platform): Topics {
  const sender = openMailSender(platform);
  const signer = createReceiptSigner(platform);
  return {
    "receipt.mail": {
      timeoutMs,
      maxTries: patientTries,
      lane: "mails",
      deliver: async ({ payload: { event_id, order_id, cafe_id } }, signal) => {
        const paid = { eventId: String(event_id), orderId: String(order_id), cafeId: String(cafe_id) };
        if (sender) await sendReceiptMail(platform, signer, sender, paid, signal);
      },
    },
  };
}

export const receiptMailJobs = (): readonly Job[] => [
  purgeJob({
    name: "purge-receipt-mails",
    everySeconds: 600,
    table: part`receipt_mails`,
    key: part`event_id`,
    writtenAt: part`taken_at`,
    kept,
  }),
];
