import type { Platform } from "../../platform/context.ts";
import type { Language } from "../../platform/languages.ts";
import { sql } from "../../platform/postgres.ts";
import { type OrderNews, type OrderWords, orderText } from "./order-text.ts";
import type { PushSender } from "./push-sender.ts";
import { notYetSent, type Recipient, sendPush } from "./send-push.ts";

/** The row of the outbox, as far as a push needs it. */
export interface OrderEvent {
  readonly event: "order.received" | "order.paid" | "order.changed";
  readonly orderId: string;
  /** The status that it has now, where that is what changed. */
  readonly status: string | null;
}

interface Told extends OrderWords {
  readonly language: Language | null;
  readonly recipients: readonly {
    readonly news: OrderNews;
    readonly token: string;
    readonly student_id: string | null;
    readonly staff_id: string | null;
  }[];
}

const lifeMs = 3_600_000;

/**
 * Tells the student, and of a new order the café's staff. Who heard it already does not hear it again, and nothing is told
 * of what is over: the order must still be in the status that the news is of.
 */
export async function sendOrderPush(platform: Platform, sender: PushSender, { event, orderId, status }: OrderEvent): Promise<void> {
  const isNew = event !== "order.changed";
  const news = (isNew ? "received" : status) as OrderNews;
  const order = await platform.db.row<Told>(sql`
    select o.order_number as number, o.item_count, o.total_minor, o.currency, o.order_type, s.language, (
      select coalesce(jsonb_agg(jsonb_build_object('news', t.news, 'token', t.token, 'student_id', t.student_id, 'staff_id', t.staff_id)), '[]') from (
        select ${news}::text as news, t.token, t.student_id, t.staff_id from push_tokens t
        where t.is_active and t.student_id = s.id and s.notify_orders and ${notYetSent(orderId, eventOf(news))}
        union all
        select 'new', t.token, t.student_id, t.staff_id from staff f join push_tokens t on t.staff_id = f.id
        where ${isNew} and t.is_active and f.cafe_id = o.cafe_id and f.is_active and f.role in ('owner', 'cashier', 'kitchen')
          and ${notYetSent(orderId, eventOf("new"))}) t) as recipients
    from orders o left join students s on s.id = o.student_id
    where o.id = ${orderId} and o.status = ${isNew ? "received" : status}`);
  if (!order) return;
  const { CAMPUS_LANGUAGE } = platform.config;
  const failed = await Promise.all([
    tell(platform, sender, orderId, news, order, order.language ?? CAMPUS_LANGUAGE),
    ...(isNew ? [tell(platform, sender, orderId, "new", order, CAMPUS_LANGUAGE)] : []),
  ]);
  const cause = failed.find((one) => one !== undefined);
  if (cause) throw new Error("A push was not taken.", { cause: cause.error });
}

async function tell(platform: Platform, sender: PushSender, orderId: string, news: OrderNews, order: Told, language: Language) {
  const recipients = order.recipients
    .filter((one) => one.news === news)
    .map(({ token, student_id, staff_id }): Recipient => ({ token, studentId: student_id, staffId: staff_id }));
  if (recipients.length === 0) return undefined;
  const event = eventOf(news);
  const push = { ...orderText(language, news, order), data: { type: event, order_id: orderId }, lifeMs, tag: `order-${orderId}` };
  return (await sendPush(platform, sender, recipients, { objectId: orderId, event, push })).failed;
}

const eventOf = (news: OrderNews): string => `order_${news}`;
