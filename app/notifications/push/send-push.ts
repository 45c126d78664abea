import { createHash } from "node:crypto";
import type { Platform } from "../../platform/context.ts";
import { part, type Statement, sql } from "../../platform/postgres.ts";
import type { Push, PushAnswer, PushSender } from "./push-sender.ts";

/** A phone or browser, and whose it is. */
export interface Recipient {
  readonly token: string;
  readonly studentId: string | null;
  readonly staffId: string | null;
}

/** What a push is about, and which event of it. One token gets it once. */
export interface PushEvent {
  readonly objectId: string;
  readonly event: string;
  readonly push: Omit<Push, "token">;
}

interface SentPush extends Recipient {
  readonly outcome: PushAnswer | "failed";
  readonly error?: unknown;
}

/** In a query over push_tokens t: whoever has not got it yet. */
export const notYetSent = (objectId: string, event: string): Statement => part`not exists (
  select from notifications n
  where n.object_id = ${objectId} and n.event = ${event} and n.channel = 'push' and n.outcome in ('accepted', 'refused')
    and n.recipient_hash = sha256(convert_to(t.token, 'UTF8')))`;

/** Sends to every recipient at once and writes down how it went. Where one `failed`, another try may still reach that phone. */
export async function sendPush(
  platform: Platform,
  sender: PushSender,
  recipients: readonly Recipient[],
  event: PushEvent,
): Promise<{ readonly accepted: boolean; readonly failed: SentPush | undefined }> {
  const sent = await Promise.all(recipients.map((recipient) => sendOne(sender, recipient, event)));
  for (const { outcome } of sent) platform.metrics.count("push_total", { outcome });
  await record(platform, event, sent);
  return { accepted: sent.some(({ outcome }) => outcome === "accepted"), failed: sent.find(({ outcome }) => outcome === "failed") };
}

const sendOne = (sender: PushSender, recipient: Recipient, { push }: PushEvent): Promise<SentPush> =>
  sender.send({ ...push, token: recipient.token }).then(
    (outcome) => ({ ...recipient, outcome }),
    (error: unknown) => ({ ...recipient, outcome: "failed", error }),
  );

/** Only UNREGISTERED retires a token, and only while it is still the same person's. */
async function record({ db }: Platform, { objectId, event }: PushEvent, sent: readonly SentPush[]): Promise<void> {
  if (sent.length === 0) return;
  const rows = sent.map(({ token, studentId, staffId, outcome }) => ({
    hash: createHash("sha256").update(token).digest("hex"),
    student_id: studentId,
    staff_id: staffId,
    outcome,
  }));
  await db.run(sql`
    insert into notifications (event, channel, student_id, staff_id, object_id, recipient_hash, outcome, delivered_at)
    select ${event}, 'push', s.student_id, s.staff_id, ${objectId}, decode(s.hash, 'hex'), s.outcome,
      case when s.outcome = 'accepted' then clock_timestamp() end
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) s (hash text, student_id uuid, staff_id uuid, outcome text)
    on conflict (object_id, event, channel, recipient_hash) do update
      set tries = notifications.tries + 1, outcome = excluded.outcome, delivered_at = excluded.delivered_at`);
  const gone = sent.filter(({ outcome }) => outcome === "unregistered");
  if (gone.length === 0) return;
  await db.run(sql`
    update push_tokens t set is_active = false, updated_at = clock_timestamp()
    from jsonb_to_recordset(${JSON.stringify(gone.map((one) => ({ token: one.token, student_id: one.studentId, staff_id: one.staffId })))}::jsonb)
      g (token text, student_id uuid, staff_id uuid)
    where t.token = g.token and t.is_active
      and t.student_id is not distinct from g.student_id and t.staff_id is not distinct from g.staff_id`);
}
