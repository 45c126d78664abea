import { kebab, promiseRunbooks } from "./burn-alarms.ts";
import { type ObjectiveName, objectiveNames, objectives } from "./slo.ts";

/** A fault that is put in on purpose, the alarm that must ring within so many minutes, and the page whose command mends it. */
export interface GameDay {
  readonly name: string;
  readonly fault: string;
  readonly alarm: string;
  readonly withinMinutes: number;
  readonly page: string;
  /** The k6 script that brings about the same fault under load: a file of scripts/k6. */
  readonly k6?: string;
  /** It takes two people, or a phone in somebody's hand: not for a trainee alone. */
  readonly notAlone?: true;
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
    name: "settlement-stuck",
    fault: "a migration took a right away that the settling of a café's day needs",
    alarm: "settlements-failed",
    withinMinutes: 65,
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
    name: "wrong-card-pepper",
    fault: "processes look cards up under another pepper than the one they were issued under",
    alarm: "cards-refused-everywhere",
    withinMinutes: 3,
    page: "scan-availability",
  },
  {
    name: "phones-do-not-answer",
    fault: "phones hear of the request and nobody confirms",
    alarm: "orders-stuck-awaiting-confirmation",
    withinMinutes: 5,
    page: "orders-stuck-awaiting-confirmation",
    notAlone: true,
  },
  {
    name: "fcm-hangs",
    fault: "FCM takes pushes and answers none: students open the app by themselves, late",
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
    name: "held-board",
    fault: "somebody's transaction stays open and holds new orders back",
    alarm: "board-availability-fast-burn",
    withinMinutes: 4,
    page: "queues-and-dead-letters",
  },
  {
    name: "poisoned-release",
    fault: "a release answers /ready and lacks the right to read the list of cafés",
    alarm: "read-availability-fast-burn",
    withinMinutes: 4,
    page: "bad-deploy-and-unhealthy-hosts",
    k6: "failure/rolling-restart",
  },
  {
    name: "wallets-locked",
    fault: "somebody's transaction holds a lock that the wallet's pages need",
    alarm: "other-availability-fast-burn",
    withinMinutes: 4,
    page: "bad-deploy-and-unhealthy-hosts",
  },
  {
    name: "connections-exhausted",
    fault: "a tool left sessions open in a transaction until nine of ten connections are taken",
    alarm: "rds-connections-high",
    withinMinutes: 6,
    page: "rds-connections-high",
    k6: "failure/pool-exhausted",
  },
  {
    name: "replica-lags",
    fault: "the copy in the other region gets everything and plays none of it",
    alarm: "rds-replica-lag",
    withinMinutes: 15,
    page: "rds-failover-and-storage",
  },
  {
    name: "visitor-locked-out",
    fault: "the way in is gone: the canary's own visit fails",
    alarm: "visitor-not-served",
    withinMinutes: 11,
    page: "bad-deploy-and-unhealthy-hosts",
  },
  {
    name: "late-credits",
    fault: "captured top-ups are credited after more than a minute",
    alarm: "top-up-availability-fast-burn",
    withinMinutes: 4,
    page: "topup-credit-burn",
    notAlone: true,
  },
  {
    name: "ledger-mismatch",
    fault: "a balance was changed by hand",
    alarm: "wallet-ledger-mismatch",
    withinMinutes: 2,
    page: "wallet-ledger-mismatch",
    notAlone: true,
  },
] as const satisfies readonly GameDay[];

/**
 * A fault that only AWS can have: the lines of its metric are planted, and every alarm of the region, as it is synthesized, is evaluated
 * on them. What AWS does not say is planted as undefined.
 */
export interface PlantedDay extends Omit<GameDay, "k6"> {
  readonly planted: Readonly<Record<string, number | undefined>>;
  /** Where the thing stands. */
  readonly place: "north" | "south";
}

export const plantedDays: readonly PlantedDay[] = [
  {
    name: "hosts-unhealthy",
    fault: "one machine of a fleet of three answers",
    alarm: "alb-unhealthy-hosts",
    withinMinutes: 4,
    page: "bad-deploy-and-unhealthy-hosts",
    place: "north",
    planted: { "AWS/ApplicationELB HealthyHostCount": 1 },
  },
  {
    name: "hosts-silent",
    fault: "the load balancer has no target, and says nothing at all",
    alarm: "alb-unhealthy-hosts",
    withinMinutes: 6,
    page: "bad-deploy-and-unhealthy-hosts",
    place: "north",
    planted: { "AWS/ApplicationELB HealthyHostCount": undefined },
  },
  {
    name: "no-backup-for-days",
    fault: "three nights bring no snapshot",
    alarm: "backups-missing-for-days",
    withinMinutes: 78 * 60,
    page: "restore-from-backup",
    place: "north",
    planted: { "AWS/Backup NumberOfBackupJobsCompleted": undefined },
  },
  {
    name: "queue-stands-still",
    fault: "nobody takes the messages of a queue",
    alarm: "queue-oldest-message",
    withinMinutes: 4,
    page: "queues-and-dead-letters",
    place: "north",
    planted: { "AWS/SQS ApproximateAgeOfOldestMessage": 600 },
  },
  {
    name: "disk-full",
    fault: "the database has a gigabyte left",
    alarm: "rds-storage-low",
    withinMinutes: 11,
    page: "rds-failover-and-storage",
    place: "north",
    planted: { "AWS/RDS FreeStorageSpace": 1_073_741_824 },
  },
  {
    name: "redis-full",
    fault: "Redis throws keys out for want of memory",
    alarm: "redis-evictions",
    withinMinutes: 6,
    page: "redis-failover-or-evictions",
    place: "north",
    planted: { "AWS/ElastiCache Evictions": 12 },
  },
  {
    name: "double-debit",
    fault: "an order was debited twice, which no fault of ours has brought about",
    alarm: "duplicate-debit-came-through",
    withinMinutes: 2,
    page: "duplicate-debit-blocked",
    place: "north",
    planted: { "CampusPay DoubleDebits": 1 },
  },
];

export interface BurningDay extends Omit<PlantedDay, "planted"> {
  readonly slo: ObjectiveName;
  /** How many times faster than the month's budget allows. */
  readonly rate: number;
}

/** A promise that is broken a little, for hours: too little for the fast alarm, and the medium one must still come before the month is spoilt. */
export const burningDays: readonly BurningDay[] = objectiveNames.map((slo) => ({
  name: `${kebab(slo)}-burns`,
  fault: `after a good morning, for hours, ten times more than the budget allows breaks "${objectives[slo].promise}"`,
  alarm: `${kebab(slo)}-availability-medium-burn`,
  withinMinutes: 240,
  page: promiseRunbooks[slo].replace(/\.md$/, ""),
  place: "north",
  slo,
  rate: 10,
}));

/** What AWS tells in words and not in numbers: an event that must match the rule as it is synthesized, and one that must not. */
export const plantedEvents = [
  {
    name: "intruder",
    fault: "GuardDuty finds something severe",
    alarm: "guardduty-finding",
    page: "security-review",
    event: { source: "aws.guardduty", "detail-type": "GuardDuty Finding", detail: { severity: 8 } },
    calm: { source: "aws.guardduty", "detail-type": "GuardDuty Finding", detail: { severity: 1 } },
  },
] as const;

export type GameDayName = (typeof gameDays)[number]["name"];

/** What the training's console does in place of AWS, of systemd and of those who run FCM. The same list on every day. */
export const consoleActions = {
  "start-redis": "Redis: fail over, or start it again",
  "start-worker": "the workers: systemctl restart 'campus-pay*'",
  "roll-back": "npm run rollback",
  "put-webhook-secret": "Secrets Manager: the gateway's present webhook secret",
  "put-card-pepper": "Secrets Manager: the pepper of cards as it was before",
  "deploy-edge": "the edge: deploy name, certificate and doors again",
  wait: "leave it to whoever runs it: a provider comes back by itself",
} as const;
export type ConsoleAction = keyof typeof consoleActions;
