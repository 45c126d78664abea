import type { TransactionMessage } from "../../notifications/transactions/transaction-message.ts";
import { type Queryable, sql } from "../../platform/postgres.ts";

/** Puts a payment's receipt on its way to the student's mailbox. One statement, and a second copy of the message does nothing. */
export async function takePayment(db: Queryable, { event_id, order_id, cafe_id }: TransactionMessage): Promise<void> {
  await db.run(sql`
    with taken as (insert into receipt_mails (event_id) values (${event_id}) on conflict do nothing returning event_id)
    insert into outbox (topic, payload)
    select 'receipt.mail', jsonb_build_object('event_id', event_id, 'order_id', ${order_id}::uuid, 'cafe_id', ${cafe_id}::uuid) from taken`);
}
