import { markPrompted } from "../../live/prompted.ts";
import type { Platform } from "../../platform/context.ts";
import type { Language } from "../../platform/languages.ts";
import { sql } from "../../platform/postgres.ts";
import { type ChargeWords, chargeText } from "./charge-text.ts";
import type { Push, PushSender } from "./push-sender.ts";
import { notYetSent, sendPush } from "./send-push.ts";

interface OpenCharge extends ChargeWords {
  readonly studentId: string;
  readonly language: Language;
  readonly lifeMs: number;
  readonly tokens: readonly string[];
}

/**
 * Rings at every phone of the student that was not reached yet, while the charge waits. Throws where a phone may still
 * be reached by another try.
 */
export async function sendChargePush(platform: Platform, sender: PushSender, chargeId: string): Promise<void> {
  const charge = await readOpenCharge(platform, chargeId);
  if (!charge) {
    platform.metrics.count("push_total", { outcome: "too_late" });
    return;
  }
  const recipients = charge.tokens.map((token) => ({ token, studentId: charge.studentId, staffId: null }));
  const { accepted, failed } = await sendPush(platform, sender, recipients, {
    objectId: chargeId,
    event: "charge",
    push: pushOf(chargeId, charge),
  });
  if (accepted) markPrompted(platform, chargeId, "push");
  if (failed) throw new Error("A push was not taken.", { cause: failed.error });
}

async function readOpenCharge({ db }: Platform, chargeId: string): Promise<OpenCharge | undefined> {
  return db.row<OpenCharge>(sql`
    select c.student_id, c.amount_minor, c.currency, f.name as cafe_name, s.language,
      (extract(epoch from c.expires_at - clock_timestamp()) * 1000)::float8 as life_ms,
      array(
        select t.token from push_tokens t
        where t.student_id = c.student_id and t.is_active and ${notYetSent(chargeId, "charge")}
        order by t.updated_at desc) as tokens
    from charges c join cafes f on f.id = c.cafe_id join students s on s.id = c.student_id
    where c.id = ${chargeId} and c.state = 'open' and c.expires_at > clock_timestamp()`);
}

const pushOf = (chargeId: string, charge: OpenCharge): Omit<Push, "token"> => ({
  ...chargeText(charge.language, charge),
  data: { type: "charge", charge_id: chargeId },
  lifeMs: Math.floor(charge.lifeMs),
  tag: chargeId,
});
