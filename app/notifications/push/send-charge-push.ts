import { createHash } from "node:crypto";
import { markPrompted } from "../../live/prompted.ts";
import type { Platform } from "../../platform/context.ts";
import { sql } from "../../platform/postgres.ts";
import { type ChargeWords, chargeText, type Language } from "./charge-text.ts";
import type { Push, PushAnswer, PushSender } from "./push-sender.ts";

interface OpenCharge extends ChargeWords {
  readonly studentId: string;
  readonly language: Language;
  readonly lifeMs: number;
  readonly tokens: readonly string[];
}

interface Sent {
  readonly token: string;
  readonly outcome: PushAnswer | "failed";
  readonly error?: unknown;
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
  const sent = await Promise.all(charge.tokens.map((token) => sendTo(sender, pushOf(chargeId, charge, token))));
  for (const { outcome } of sent) platform.metrics.count("push_total", { outcome });
  if (sent.some(({ outcome }) => outcome === "accepted")) markPrompted(platform, chargeId, "push");
  await record(platform, charge.studentId, chargeId, sent);
  const failed = sent.find(({ outcome }) => outcome === "failed");
  if (failed) throw new Error("A push was not taken.", { cause: failed.error });
}

async function readOpenCharge({ db }: Platform, chargeId: string): Promise<OpenCharge | undefined> {
  return db.row<OpenCharge>(sql`
    select c.student_id, c.amount_minor, c.currency, f.name as cafe_name, s.language,
      (extract(epoch from c.expires_at - clock_timestamp()) * 1000)::float8 as life_ms,
      array(
        select t.token from push_tokens t
        where t.student_id = c.student_id and t.is_active and not exists (
          select from notifications n
          where n.object_id = c.id and n.event = 'charge' and n.channel = 'push' and n.outcome in ('accepted', 'refused')
            and n.recipient_hash = sha256(convert_to(t.token, 'UTF8')))
        order by t.updated_at desc) as tokens
    from charges c join cafes f on f.id = c.cafe_id join students s on s.id = c.student_id
    where c.id = ${chargeId} and c.state = 'open' and c.expires_at > clock_timestamp()`);
}

const pushOf = (chargeId: string, charge: OpenCharge, token: string): Push => ({
  token,
  ...chargeText(charge.language, charge),
  data: { type: "charge", charge_id: chargeId },
  lifeMs: Math.floor(charge.lifeMs),
  tag: chargeId,
});

const sendTo = (sender: PushSender, push: Push): Promise<Sent> =>
  sender.send(push).then(
    (outcome) => ({ token: push.token, outcome }),
    (error: unknown) => ({ token: push.token, outcome: "failed", error }),
  );

/** Only UNREGISTERED retires a token, and only while it is still this student's. */
async function record({ db }: Platform, studentId: string, chargeId: string, sent: readonly Sent[]): Promise<void> {
  if (sent.length === 0) return;
  await db.run(sql`
    insert into notifications (event, channel, student_id, object_id, recipient_hash, outcome, delivered_at)
    select 'charge', 'push', ${studentId}, ${chargeId}, s.hash, s.outcome, case when s.outcome = 'accepted' then clock_timestamp() end
    from unnest(${sent.map(({ token }) => hashOf(token))}::bytea[], ${sent.map(({ outcome }) => outcome)}::text[]) as s (hash, outcome)
    on conflict (object_id, event, channel, recipient_hash) do update
      set tries = notifications.tries + 1, outcome = excluded.outcome, delivered_at = excluded.delivered_at`);
  const gone = sent.filter(({ outcome }) => outcome === "unregistered").map(({ token }) => token);
  if (gone.length === 0) return;
  await db.run(sql`
    update push_tokens set is_active = false, updated_at = clock_timestamp()
    where token = any(${gone}) and student_id = ${studentId} and is_active`);
}

const hashOf = (token: string): Buffer => createHash("sha256").update(token).digest();
