/** A fault that is put in on purpose, the alarm that must ring within so many minutes, and the page whose command mends it. */
export interface GameDay {
  readonly name: string;
  readonly fault: string;
  readonly alarm: string;
  readonly withinMinutes: number;
  readonly page: string;
  /** The k6 script that brings about the same fault under load: a file of scripts/k6. */
  readonly k6?: string;
}

export const gameDays = [
  {
    name: "redis-stopped",
    fault: "Redis is stopped in the middle of a lunch",
    alarm: "redis-down",
    withinMinutes: 5,
    page: "redis-failover-or-evictions",
    k6: "failure/redis-killed",
  },
  {
    name: "worker-stopped",
    fault: "no worker takes the outbox",
    alarm: "outbox-lag",
    withinMinutes: 6,
    page: "queues-and-dead-letters",
  },
  {
    name: "dead-letters",
    fault: "a receiver was away for so long that letters were given up",
    alarm: "outbox-dead",
    withinMinutes: 2,
    page: "queues-and-dead-letters",
  },
  {
    name: "wrong-webhook-secret",
    fault: "the gateway signs with another secret than ours",
    alarm: "webhook-signatures-all-wrong",
    withinMinutes: 33,
    page: "webhook-signature-failures",
    k6: "failure/webhooks",
  },
  {
    name: "phones-do-not-answer",
    fault: "phones hear of the request and nobody confirms",
    alarm: "orders-stuck-awaiting-confirmation",
    withinMinutes: 5,
    page: "orders-stuck-awaiting-confirmation",
  },
  {
    name: "pushes-late",
    fault: "the request reaches phones ten seconds late",
    alarm: "prompt-availability-fast-burn",
    withinMinutes: 6,
    page: "push-handoff-failing",
    k6: "failure/fcm-down",
  },
  {
    name: "blocked-scans",
    fault: "somebody's transaction holds a lock that every scan needs",
    alarm: "scan-availability-fast-burn",
    withinMinutes: 4,
    page: "scan-availability",
    k6: "failure/pool-exhausted",
  },
  {
    name: "blocked-confirms",
    fault: "somebody's transaction holds a lock that every debit needs",
    alarm: "confirm-availability-fast-burn",
    withinMinutes: 4,
    page: "confirm-availability",
    k6: "failure/commit-cut",
  },
  {
    name: "late-credits",
    fault: "captured top-ups are credited after more than a minute",
    alarm: "top-up-availability-fast-burn",
    withinMinutes: 4,
    page: "topup-credit-burn",
  },
  {
    name: "ledger-mismatch",
    fault: "a balance was changed by hand",
    alarm: "wallet-ledger-mismatch",
    withinMinutes: 2,
    page: "wallet-ledger-mismatch",
  },
] as const satisfies readonly GameDay[];

export type GameDayName = (typeof gameDays)[number]["name"];
