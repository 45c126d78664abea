import type { Platform } from "../../platform/context.ts";
import { openObjectStore } from "../../platform/objects.ts";
import type { MailSender } from "./mail-sender.ts";
import { sesMails } from "./ses-mails.ts";

/** SES; in the sandbox, where no queue is configured, a folder that shows what would have been mailed. */
export function openMailSender({ config, log }: Platform): MailSender | undefined {
  const from = config.RECEIPT_MAIL_FROM;
  if (from === undefined) return undefined;
  if (config.RECEIPT_MAIL_QUEUE !== undefined) return sesMails({ from, region: config.AWS_REGION, log });
  if (config.CAMPUS_ENV !== "sandbox") return undefined;
  const store = openObjectStore({ bucket: undefined, folder: config.OBJECT_FOLDER, region: config.AWS_REGION, s3Url: undefined });
  return {
    from,
    send: ({ eventId, bytes }) => store.put(`published/mails/${eventId}.eml`, bytes, { contentType: "message/rfc822" }),
  };
}
