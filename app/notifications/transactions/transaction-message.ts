import { z } from "zod";
import type { MoneyMessage } from "./money-message.ts";

/** What the topic carries: of ids and amounts, never of a person. */
export const TransactionMessage = z.object({
  event_id: z.uuid(),
  transaction_id: z.uuid(),
  order_id: z.uuid(),
  cafe_id: z.uuid(),
  amount_minor: z.int(),
  currency: z.string(),
  at: z.iso.datetime(),
});
export type TransactionMessage = Readonly<z.infer<typeof TransactionMessage>>;

/** Where each payment and other news of money is told: whoever subscribes there hears of it at least once and knows it again by its event's id. */
export interface TransactionTopic {
  publish(message: TransactionMessage, signal: AbortSignal): Promise<void>;
  publishMoney(message: MoneyMessage, signal: AbortSignal): Promise<void>;
}
