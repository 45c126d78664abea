import { z } from "zod";

const amount = { amount_minor: z.int(), currency: z.string() };

const TopUp = z.object({ id: z.uuid(), student_id: z.uuid(), transaction_id: z.uuid(), ...amount });
const Refund = z.object({
  id: z.uuid(),
  /** null: a payment that no wallet could take goes back as a whole. */
  order_id: z.uuid().nullable(),
  transaction_id: z.uuid(),
  to: z.enum(["wallet", "cash", "gateway"]),
  status: z.enum(["pending", "processed", "failed"]),
  ...amount,
});
const Dispute = z.object({
  id: z.uuid(),
  /** null: what is disputed is a top-up. */
  order_id: z.uuid().nullable(),
  transaction_id: z.uuid(),
  status: z.enum(["open", "won", "lost"]),
  ...amount,
});
const Settlement = z.object({
  id: z.uuid(),
  day: z.iso.date(),
  status: z.enum(["due", "carried", "nothing", "paid"]),
  carried_minor: z.int(),
  ...amount,
});

const head = { event_id: z.uuid(), at: z.iso.datetime(), cafe_id: z.uuid().nullable() };

/**
 * News of money for whoever keeps books: of ids and amounts, never of a person. The same on the transaction topic and at a
 * café's own system; what stands here is all that leaves.
 */
export const MoneyMessage = z.discriminatedUnion("event", [
  z.object({ ...head, event: z.literal("top_up.credited"), top_up: TopUp }),
  z.object({ ...head, event: z.enum(["refund.made", "refund.settled"]), refund: Refund }),
  z.object({ ...head, event: z.enum(["dispute.opened", "dispute.closed"]), dispute: Dispute }),
  z.object({ ...head, event: z.enum(["settlement.made", "settlement.paid", "settlement.returned"]), settlement: Settlement }),
]);
export type MoneyMessage = Readonly<z.infer<typeof MoneyMessage>>;
