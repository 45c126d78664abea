import { cloudWatchNamespace } from "../app/platform/metric-table.ts";
import { type AlarmDefinition, type MetricOf, oneMetric } from "./alarm.ts";

const ours = (name: string, statistic: MetricOf["statistic"], dimensions: Readonly<Record<string, string>> = {}): MetricOf => ({
  namespace: cloudWatchNamespace,
  name,
  dimensions,
  statistic,
});

const once = (metric: MetricOf, periodSeconds = 300) => oneMetric({ ...metric, periodSeconds });
/** What happens seldom says nothing between: silence is well. */
const counted = { when: "above", periods: 1, silence: "notBreaching" } as const;

/**
 * Alarms on what the app says of itself. Those of a queue, a database, a fleet or an edge stand with the thing (stacks/constructs), and
 * the promises' burn rates are made from slo.ts. A threshold of a ticket is what is not normal; of a page, what hurts somebody now.
 */
export const appAlarms: readonly AlarmDefinition[] = [
  {
    ...counted,
    name: "wallet-ledger-mismatch",
    severity: "page",
    runbook: "wallet-ledger-mismatch.md",
    says: "An invariant of the books is broken, or a seal kept outside differs.",
    watched: once(ours("LedgerDrift", "Maximum")),
    threshold: 0,
  },
  {
    ...counted,
    name: "duplicate-debit-came-through",
    severity: "page",
    runbook: "duplicate-debit-blocked.md",
    says: "An order was debited more than once.",
    watched: once(ours("DoubleDebits", "Maximum")),
    threshold: 0,
  },
  {
    ...counted,
    name: "reconciliation-unexplained",
    severity: "ticket",
    runbook: "wallet-ledger-mismatch.md",
    says: "The gateway, the ledger and the settlements do not explain the last day alike.",
    watched: once(ours("ReconciliationUnexplained", "Maximum")),
    threshold: 0,
  },
  {
    ...counted,
    name: "duplicate-debit-blocked",
    severity: "ticket",
    runbook: "duplicate-debit-blocked.md",
    says: "More than 50 confirms in five minutes asked for a debit that was made before, and were answered with its receipt.",
    watched: once(ours("DebitsRepeated", "Sum")),
    threshold: 50,
  },
  {
    ...counted,
    name: "webhook-signature-failures",
    severity: "ticket",
    runbook: "webhook-signature-failures.md",
    says: "More than 10 webhooks of the gateway in five minutes had a wrong signature.",
    watched: once(ours("GatewayWebhooks", "Sum", { signature: "wrong" })),
    threshold: 10,
  },
  {
    ...counted,
    name: "webhook-signatures-all-wrong",
    severity: "page",
    runbook: "webhook-signature-failures.md",
    says: "In half an hour more than 10 webhooks of the gateway had a wrong signature and none a right one: its secret and ours differ, top-ups wait for the poller.",
    watched: {
      of: {
        wrong: ours("GatewayWebhooks", "Sum", { signature: "wrong" }),
        right: ours("GatewayWebhooks", "Sum", { signature: "right" }),
      },
      expression: "IF(FILL(right, 0) < 1, FILL(wrong, 0), 0)",
      promQl: "wrong unless (right >= 1)",
      periodSeconds: 1_800,
    },
    threshold: 10,
  },
  {
    ...counted,
    name: "orders-stuck-awaiting-confirmation",
    severity: "page",
    runbook: "orders-stuck-awaiting-confirmation.md",
    says: "More than half of the scanned charges of five minutes ended by expiry, and at least ten did.",
    watched: {
      of: {
        expired: ours("ChargesEnded", "Sum", { state: "expired" }),
        confirmed: ours("ChargesEnded", "Sum", { state: "confirmed" }),
      },
      expression: "IF(FILL(expired, 0) >= 10, FILL(expired, 0) / (FILL(expired, 0) + FILL(confirmed, 0)), 0)",
      promQl: "expired / (expired + (confirmed or vector(0))) and expired >= 10",
      periodSeconds: 300,
    },
    threshold: 0.5,
  },
  {
    ...counted,
    name: "pos-silent",
    severity: "ticket",
    runbook: "pos-silent-or-lost-reader.md",
    says: "A café that is open and sold at this hour on the last three working days has sold nothing for half an hour.",
    watched: once(ours("TillsSilent", "Minimum")),
    threshold: 0,
    periods: 2,
  },
  {
    ...counted,
    name: "otp-abuse",
    severity: "ticket",
    runbook: "stolen-card-or-account.md",
    says: "More than 100 one-time passwords in five minutes were asked for above what one phone or one day may have.",
    watched: {
      of: { limited: ours("OtpRequests", "Sum", { outcome: "limited" }), over: ours("OtpRequests", "Sum", { outcome: "over_budget" }) },
      expression: "FILL(limited, 0) + FILL(over, 0)",
      promQl: "(limited or vector(0)) + (over or vector(0))",
      periodSeconds: 300,
    },
    threshold: 100,
  },
  {
    ...counted,
    name: "login-abuse",
    severity: "ticket",
    runbook: "stolen-card-or-account.md",
    says: "More than 50 log-ins of staff were refused in five minutes.",
    watched: {
      of: {
        refused: ours("Logins", "Sum", { kind: "staff", outcome: "refused" }),
        locked: ours("Logins", "Sum", { kind: "staff", outcome: "locked" }),
      },
      expression: "FILL(refused, 0) + FILL(locked, 0)",
      promQl: "(refused or vector(0)) + (locked or vector(0))",
      periodSeconds: 300,
    },
    threshold: 50,
  },
  {
    ...counted,
    name: "card-refusals-surge",
    severity: "ticket",
    runbook: "stolen-card-or-account.md",
    says: "More than 30 scans in five minutes were of cards that are unknown, frozen or stopped.",
    watched: once(ours("CardRefusals", "Sum")),
    threshold: 30,
  },
  {
    name: "redis-down",
    severity: "page",
    runbook: "redis-failover-or-evictions.md",
    says: "Processes have had no answer from Redis for three minutes.",
    watched: once(ours("RedisUp", "Minimum"), 60),
    when: "below",
    threshold: 1,
    periods: 3,
    silence: "missing",
  },
  {
    ...counted,
    name: "outbox-lag",
    severity: "page",
    runbook: "queues-and-dead-letters.md",
    says: "A row of the outbox has been due for more than a minute, for three minutes: pushes, webhooks and receipts stand still.",
    watched: once(ours("OutboxLate", "Minimum"), 60),
    threshold: 60,
    periods: 3,
  },
  {
    ...counted,
    name: "outbox-dead",
    severity: "ticket",
    runbook: "queues-and-dead-letters.md",
    says: "A row of the outbox was given up.",
    watched: once(ours("OutboxDead", "Maximum")),
    threshold: 0,
  },
  {
    ...counted,
    name: "settlements-failed",
    severity: "ticket",
    runbook: "queues-and-dead-letters.md",
    says: "A café's day could not be settled; it is tried again each hour.",
    watched: once(ours("SettlementsFailed", "Sum"), 3_600),
    threshold: 0,
    periods: 2,
  },
  {
    ...counted,
    name: "error-lines",
    severity: "ticket",
    runbook: "bad-deploy-and-unhealthy-hosts.md",
    says: "More than 50 lines of level error in five minutes, three times in a row.",
    watched: once(ours("ErrorLines", "Sum")),
    threshold: 50,
    periods: 3,
  },
];
