import { createSmsSender, type SmsOptions } from "../notifications/sms/create-sms-sender.ts";
import { SmsRefused, type SmsSender } from "../notifications/sms/sender.ts";
import type { Platform } from "../platform/context.ts";
import type { Language } from "../platform/languages.ts";
import { type OutboxRow, type Topics, Undeliverable } from "../platform/outbox.ts";
import { sql } from "../platform/postgres.ts";
import { unseal } from "../platform/seal.ts";
import { otpSealPurpose } from "./otp-code.ts";

interface Recipient {
  readonly phone: string;
  readonly secondsLeft: number;
  readonly isStudent: boolean;
  readonly isActive: boolean;
  readonly language: Language;
}

/**
 * Sends a one-time password. Whether the phone may have one is decided here and not in the request, so that a request
 * takes the same time for every phone.
 */
export function otpSmsTopic(platform: Platform): Topics[string] {
  const sms = createSmsSender(smsOptions(platform));
  return { deliver: (row, signal) => deliverOtp(platform, sms, row, signal), timeoutMs: 10_000, maxTries: 8, lane: "urgent", scrub: true };
}

async function deliverOtp({ config, db, secrets }: Platform, sms: SmsSender, row: OutboxRow, signal: AbortSignal): Promise<void> {
  const { otp_id: otpId, sealed } = row.payload as { otp_id: string; sealed: string };
  const recipient = await db.row<Recipient>(sql`
    select o.phone, ceil(extract(epoch from o.expires_at - clock_timestamp()))::int as seconds_left,
      s.id is not null as is_student, coalesce(s.is_active, true) as is_active, coalesce(s.language, 'en') as language
    from otps o left join students s on s.phone = o.phone
    where o.id = ${otpId} and o.used_at is null and o.expires_at > clock_timestamp()`);
  if (!recipient?.isActive || (config.STUDENT_SIGNUP === "imported" && !recipient.isStudent)) return;
  const otp = unseal(await secrets.get("SEAL_KEY"), otpSealPurpose, sealed);
  const text = textOf[recipient.language](otp, Math.max(1, Math.round(recipient.secondsLeft / 60)));
  try {
    await sms.send({ to: recipient.phone, text, otp }, signal);
  } catch (error) {
    if (error instanceof SmsRefused && error.permanent) throw new Undeliverable(error.message, { cause: error });
    throw error;
  }
}

const textOf: Record<Language, (otp: string, minutes: number) => string> = {
  sv: (otp, minutes) => `Din kod till Campus Pay är ${otp}. Den gäller i ${minutes} min. Ge den aldrig till någon annan.`,
  it: (otp, minutes) => `Il tuo codice Campus Pay è ${otp}. Vale ${minutes} min. Non darlo mai a nessuno.`,
  en: (otp, minutes) => `Your Campus Pay code is ${otp}. It is valid for ${minutes} min. Never give it to anybody.`,
};

function smsOptions({ config, secrets }: Platform): SmsOptions {
  const token = () => secrets.get("SMS_PROVIDER_TOKEN");
  const need = (name: "SMS_ACCOUNT" | "SMS_FROM"): string => {
    const value = config[name];
    if (value === undefined) throw new Error(`${name} is not set: SMS_PROVIDER=${config.SMS_PROVIDER} needs it.`);
    return value;
  };
  const ownUrl = config.SMS_URL === undefined ? {} : { baseUrl: config.SMS_URL };
  switch (config.SMS_PROVIDER) {
    case "sandbox":
      return { provider: "sandbox", baseUrl: config.SMS_URL ?? config.SANDBOX_URL };
    case "twilio":
      return { provider: "twilio", accountSid: need("SMS_ACCOUNT"), from: need("SMS_FROM"), token, ...ownUrl };
    case "msg91":
      return { provider: "msg91", templateId: need("SMS_ACCOUNT"), authKey: token, ...ownUrl };
    case "sns":
      return {
        provider: "sns",
        region: config.AWS_REGION,
        ...(config.SMS_FROM === undefined ? {} : { senderId: config.SMS_FROM }),
        ...(config.SMS_URL === undefined ? {} : { endpoint: config.SMS_URL }),
      };
  }
}
