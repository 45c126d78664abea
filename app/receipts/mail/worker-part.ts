import { createReceiptSigner } from "../../charges/receipt-signer.ts";
import type { Platform } from "../../platform/context.ts";
import type { Job } from "../../platform/jobs.ts";
import type { Topics } from "../../platform/outbox.ts";
import { sql } from "../../platform/postgres.ts";
import { openMailSender } from "./mail-sender.ts";
import { sendReceiptMail } from "./send-receipt-mail.ts";

const timeoutMs = 10_000;
/** With pauses that grow to five minutes, about an hour and a half. */
const maxTries = 25;
/** Longer than a queue keeps a message (14 days), so that no copy comes after its event is forgotten. */
const keptDays = 30;
const purgeBatch = 5_000;

/** Receipts on their way to the students' mailboxes, where an environment wishes them. */
export function receiptMailTopics(platform: Platform): Topics {
  const sender = openMailSender(platform);
  const signer = createReceiptSigner(platform);
  return {
    "receipt.mail": {
      timeoutMs,
      maxTries,
      lane: "outside",
      deliver: async ({ payload: { event_id, order_id, cafe_id } }, signal) => {
        const paid = { eventId: String(event_id), orderId: String(order_id), cafeId: String(cafe_id) };
        if (sender) await sendReceiptMail(platform, signer, sender, paid, signal);
      },
    },
  };
}

export const receiptMailJobs = (): readonly Job[] => [
  {
    name: "purge-receipt-mails",
    everySeconds: 600,
    run: async (tx) => {
      await tx.run(sql`
        delete from receipt_mails where event_id in (
          select event_id from receipt_mails
          where taken_at < now() - make_interval(days => ${keptDays}) order by taken_at limit ${purgeBatch})`);
    },
  },
];
