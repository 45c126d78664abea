/** A file of the money path, and the few tests that are to notice a lie in it. */
export interface Target {
  readonly file: string;
  readonly tests: readonly string[];
}

const settlements = ["app/settlements/settlements.test.ts"];

export const targets: readonly Target[] = [
  {
    file: "app/charges/confirm-charge.sql",
    tests: ["app/charges/charges.test.ts", "app/testing/proof/matrix-money.test.ts", "app/ledger/guards.test.ts"],
  },
  {
    file: "app/ledger/post.sql",
    tests: ["app/ledger/refunds.test.ts", "app/ledger/adjustments.test.ts", ...settlements, "app/ledger/guards.test.ts"],
  },
  {
    file: "app/ledger/refund-order.sql",
    tests: [
      "app/ledger/refunds.test.ts",
      "app/payments/gateway-refunds.test.ts",
      "app/payments/outside.test.ts",
      "app/ledger/debts.test.ts",
      "app/ledger/guards.test.ts",
    ],
  },
  {
    file: "app/ledger/decide-adjustment.sql",
    tests: ["app/ledger/adjustments.test.ts", "app/ledger/chart.test.ts", "app/ledger/debts.test.ts", "app/ledger/guards.test.ts"],
  },
  { file: "app/ledger/debts.sql", tests: ["app/ledger/debts.test.ts", "app/payments/outside.test.ts"] },
  { file: "app/ledger/holds.sql", tests: ["app/settlements/close-outs.test.ts", "app/payments/disputes.test.ts"] },
  {
    file: "app/payments/credit-payment.sql",
    tests: ["app/payments/top-ups.test.ts", "app/payments/upi-orders.test.ts", "app/ledger/debts.test.ts", "app/ledger/guards.test.ts"],
  },
  { file: "app/payments/apply-dispute.sql", tests: ["app/payments/disputes.test.ts", "app/settlements/close-outs.test.ts"] },
  {
    file: "app/payments/settle-refund.sql",
    tests: ["app/payments/gateway-refunds.test.ts", "app/payments/outside.test.ts", "app/payments/disputes.test.ts"],
  },
  {
    file: "app/payments/outside-refund.sql",
    tests: ["app/payments/outside.test.ts", "app/ledger/debts.test.ts", "app/payments/disputes.test.ts"],
  },
  { file: "app/settlements/settle-cafe-day.sql", tests: [...settlements, "app/settlements/simulated-month.test.ts"] },
  { file: "app/settlements/settlement-entries.sql", tests: [...settlements, "app/settlements/simulated-month.test.ts"] },
  { file: "app/settlements/pay-settlement.sql", tests: [...settlements, "app/settlements/close-outs.test.ts", "app/ledger/debts.test.ts"] },
  { file: "app/settlements/pay-close-out.sql", tests: ["app/settlements/close-outs.test.ts", "app/grants/grants.test.ts"] },
  { file: "app/bank/bank-entry-states.sql", tests: ["app/bank/bank.test.ts"] },
  { file: "app/bank/make-payment-file.ts", tests: ["app/bank/bank.test.ts"] },
  { file: "app/settlements/settle-days.ts", tests: settlements },
  { file: "app/failover/repost-debit.sql", tests: ["app/failover/failover.test.ts"] },
  { file: "app/orders/take-cash.sql", tests: ["app/orders/board.test.ts", "app/counter/sales.test.ts", "app/ledger/guards.test.ts"] },
  { file: "app/orders/refund-cash.sql", tests: ["app/counter/refunds.test.ts", "app/ledger/guards.test.ts"] },
  { file: "app/platform/idempotency.ts", tests: ["app/platform/idempotency.test.ts", "app/ledger/lost-answers.test.ts"] },
  { file: "app/payments/watch-gateway.ts", tests: ["app/payments/outside.test.ts"] },
];
