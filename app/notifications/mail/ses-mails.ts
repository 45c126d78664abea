import type { SESv2Client } from "@aws-sdk/client-sesv2";
import { createBreaker } from "../../platform/breaker.ts";
import type { Logger } from "../../platform/log.ts";
import { Undeliverable } from "../../platform/outbox.ts";
import type { MailSender, ReadyMail } from "./mail-sender.ts";

interface SesOptions {
  readonly from: string;
  readonly region: string;
  readonly log: Logger;
}

interface Ses {
  readonly sdk: typeof import("@aws-sdk/client-sesv2");
  readonly client: SESv2Client;
}

const connectTimeoutMs = 1_000;
const answerWithinMs = 5_000;
const breakerFailures = 5;
const breakerRestMs = 10_000;

/** These speak of this very mail. A quota, a pause or a domain that is not verified is mended, and the mail then goes out. */
const refusals = new Set(["MessageRejected", "BadRequestException"]);

/**
 * SES takes the mail as it is. While it does not answer it is left alone, so that mails do not fill the lane that they
 * share with the tills.
 */
export function sesMails({ from, region, log }: SesOptions): MailSender {
  let opened: Promise<Ses> | undefined;
  const onChange = (isOpen: boolean) =>
    log.warn({ is_open: isOpen }, isOpen ? "SES does not take mails; it is left alone for a moment" : "SES takes mails again");
  const breaker = createBreaker({ name: "SES", failures: breakerFailures, restMs: breakerRestMs, onChange });
  const post = async ({ to, bytes }: ReadyMail, signal: AbortSignal): Promise<Undeliverable | undefined> => {
    opened ??= openSes(region);
    const { sdk, client } = await opened;
    const mail = { FromEmailAddress: from, Destination: { ToAddresses: [to] }, Content: { Raw: { Data: bytes } } };
    try {
      await client.send(new sdk.SendEmailCommand(mail), { abortSignal: signal });
      return undefined;
    } catch (error) {
      const { name, message } = error as Error;
      // Without the cause: SES repeats the address.
      const reason = `SES did not take the mail (${name}): ${withoutAddresses(message)}`;
      if (refusals.has(name)) return new Undeliverable(reason);
      throw new Error(reason);
    }
  };
  return {
    from,
    async send(mail, signal) {
      const refusal = await breaker.run(() => post(mail, signal));
      if (refusal) throw refusal;
    },
  };
}

/** One attempt: the outbox decides when a mail is sent again. */
async function openSes(region: string): Promise<Ses> {
  const sdk = await import("@aws-sdk/client-sesv2");
  const requestHandler = { connectionTimeout: connectTimeoutMs, requestTimeout: answerWithinMs, throwOnRequestTimeout: true };
  return { sdk, client: new sdk.SESv2Client({ region, maxAttempts: 1, requestHandler }) };
}

const withoutAddresses = (text: string): string => text.replaceAll(/[^\s<>"',;:()]+@[^\s<>"',;:()]+/g, "[address]");
