import type { Mutant } from "./operators.ts";

/** A mutant that no test can notice, and why. It counts as a survivor all the same. */
interface Survivor {
  readonly file: string;
  readonly operator: string;
  /** Part of what stood there. */
  readonly from: string;
  readonly reason: string;
}

const survivors: readonly Survivor[] = [
  {
    file: "app/failover/repost-debit.sql",
    operator: "drop a step",
    from: "perform 1 from charges",
    reason: "the order is locked, which whoever debits locks first: it keeps the order of the locks and decides nothing",
  },
  {
    file: "app/ledger/decide-adjustment.sql",
    operator: "flip a comparison",
    from: ">",
    reason: "no adjustment is of nothing: a CHECK of its table",
  },
  {
    file: "app/bank/bank-entry-states.sql",
    operator: "drop a condition",
    from: "and amount_minor > 0",
    reason: "no entry of a bank is of nothing, so that none meets a close-out of nothing",
  },
  {
    file: "app/charges/confirm-charge.sql",
    operator: "flip a comparison",
    from: "<=",
    reason: "a charge ends in the very microsecond in which it is asked about",
  },
  {
    file: "app/bank/make-payment-file.ts",
    operator: "drop a step",
    from: "pg_advisory_xact_lock",
    reason: "two files that name the same in other orders would end in a deadlock, which is tried again",
  },
  {
    file: "app/failover/repost-debit.sql",
    operator: "drop a condition",
    from: "and paid_transaction_id is null",
    reason: "the order is locked and was found so by repost_obstacle: the write says it again",
  },
  {
    file: "app/payments/settle-refund.sql",
    operator: "drop a lock",
    from: "for update",
    reason: "the gateway's order above it is locked by whoever settles a refund of it",
  },
  {
    file: "app/settlements/pay-close-out.sql",
    operator: "drop a condition",
    from: "and currency = close_out.currency",
    reason: "a student has one wallet, and the close-out is in its currency",
  },
  {
    file: "app/charges/confirm-charge.sql",
    operator: "drop a condition",
    from: "and currency = charge.currency",
    reason: "a student has one wallet: of one in another currency the answer tells the balance too",
  },
  {
    file: "app/ledger/debts.sql",
    operator: "drop a condition",
    from: "and student_id = p_student_id",
    reason: "only spares work: who owes nothing has nothing to pay back",
  },
  {
    file: "app/settlements/pay-settlement.sql",
    operator: "drop a condition",
    from: "and status = 'due'",
    reason: "it is looked at again under its lock; more of the café's settlements are locked than may be paid",
  },
  {
    file: "app/settlements/pay-settlement.sql",
    operator: "drop a condition",
    from: "and status = 'paid'",
    reason: "only of one that is paid has anybody asked for its return",
  },
  {
    file: "app/settlements/pay-settlement.sql",
    operator: "drop a condition",
    from: "and status = 'closed'",
    reason: "a close-out that was paid has closed its wallet, and nothing but its return opens it",
  },
  {
    file: "app/bank/bank-entry-states.sql",
    operator: "flip a comparison",
    from: ">",
    reason: "no entry of a bank is of nothing, so that none meets a close-out of nothing",
  },
  {
    file: "app/settlements/pay-close-out.sql",
    operator: "flip a comparison",
    from: "<=",
    reason: "a grant that ends in this very microsecond ends at the next look",
  },
  {
    file: "app/ledger/post.sql",
    operator: "flip a comparison",
    from: "<",
    reason: "no amount is 0: positive_minor refuses it either way",
  },
  {
    file: "app/payments/credit-payment.sql",
    operator: "drop a condition",
    from: "and payment_status in ('pending', 'failed')",
    reason: "the order is locked and was found so by credit_payment: the write says it again",
  },
  {
    file: "app/settlements/settlement-entries.sql",
    operator: "flip a comparison",
    from: ">=",
    reason: "where the look begins has an hour to spare: what lies at its very edge was settled long ago",
  },
  {
    file: "app/payments/apply-dispute.sql",
    operator: "flip a comparison",
    from: ">",
    reason: "nothing more to keep: what is kept would be let go and kept again as it is",
  },
  {
    file: "app/settlements/settle-cafe-day.sql",
    operator: "flip a comparison",
    from: ">",
    reason: "its job waits a quarter of an hour behind the end of a day: nobody asks at the very end",
  },
  {
    file: "app/settlements/settle-days.ts",
    operator: "flip a comparison",
    from: "<=",
    reason: "a try that is due in this very microsecond waits for the next look",
  },
  {
    file: "app/ledger/debts.sql",
    operator: "drop a condition",
    from: "and currency = p_currency",
    reason: "a student has one wallet, and what asks has locked it in its currency",
  },
  {
    file: "app/payments/watch-gateway.ts",
    operator: "flip a comparison",
    from: "<",
    reason: "one look more, at a span of no length",
  },
  {
    file: "app/settlements/pay-close-out.sql",
    operator: "drop a condition",
    from: "and status = 'credited'",
    reason: "only spares work: what is not credited ends in end_due_grants with nothing",
  },
];

export const reasonToSurvive = (file: string, { operator, from }: Pick<Mutant, "operator" | "from">): string | undefined =>
  survivors.find((one) => one.file === file && one.operator === operator && from.includes(one.from))?.reason;
