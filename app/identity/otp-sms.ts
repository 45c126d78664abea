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
export function otpSmsTopic(platform: Platform, sms: SmsSender): Topics[string] {
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
