import type { MailSender } from "../../notifications/mail/mail-sender.ts";
import { isMailAddress, writeMail } from "../../notifications/mail/mime.ts";
import type { Platform } from "../../platform/context.ts";
import type { Language } from "../../platform/languages.ts";
import { Undeliverable } from "../../platform/outbox.ts";
import { sql } from "../../platform/postgres.ts";
import { type Paid, readPaidReceipt } from "../paid-receipt.ts";
import { receiptPdf } from "../receipt-pdf.ts";
import type { ReceiptSigner } from "../receipt-signer.ts";
import { mailText } from "./mail-text.ts";

interface Recipient {
  readonly email: string;
  readonly language: Language | null;
}

/** Mails the receipt of a payment to the student, who is asked for now: an address that was removed meanwhile gets nothing. */
export async function sendReceiptMail(
  platform: Platform,
  signer: ReceiptSigner,
  sender: MailSender,
  { eventId, ...paid }: Paid & { readonly eventId: string },
  signal: AbortSignal,
): Promise<void> {
  const recipient = await readRecipient(platform, paid);
  if (!recipient) return;
  const { email: to, language } = recipient;
  if (!isMailAddress(to)) throw new Undeliverable("The student's e-mail address is none: mend it in the register, then redrive.");
  const { id, receipt } = await readPaidReceipt(platform, signer, paid);
  const attachment = {
    fileName: `receipt-${receipt.printedNumber}.pdf`,
    contentType: "application/pdf" as const,
    bytes: await receiptPdf(receipt),
  };
  const words = mailText(language ?? platform.config.CAMPUS_LANGUAGE, receipt, id);
  const bytes = writeMail({ eventId, from: sender.from, to, ...words, sentAt: new Date(), attachment });
  await sender.send({ eventId, to, bytes }, signal);
}

const readRecipient = ({ db }: Platform, { orderId, cafeId }: Paid): Promise<Recipient | undefined> =>
  db.row<Recipient>(sql`
    select s.email, s.language from orders o join students s on s.id = o.student_id
    where o.id = ${orderId} and o.cafe_id = ${cafeId} and s.email is not null and s.is_active and s.erased_at is null`);
