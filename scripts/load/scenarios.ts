import type { FaultName } from "./faults.ts";

/** One script of scripts/k6, and what is promised of it. The share of bad answers that is allowed stands in the script itself. */
export interface Scenario {
  readonly name: string;
  readonly kind: "load" | "failure";
  readonly what: string;
  /** What the runner breaks while the script runs; where it is missing, the script does it alone. */
  readonly fault?: FaultName;
  /** After it is mended, every answer is good again within so many seconds. */
  readonly recoverySeconds?: number;
  /** Alarms that must ring, and those that may; any other that rings fails the run. Without "…-fast-burn" and the like: the promise's name. */
  readonly mustRing?: readonly string[];
  readonly mayRing?: readonly string[];
  readonly runbook?: string;
  /** Variables of the system that it needs to be started with. */
  readonly env?: Readonly<Record<string, string>>;
  /** Not part of `all`: it takes long, or it looks for a limit. */
  readonly apart?: true;
  /** What was full when the promise broke is found and compared with the model. */
  readonly looksForKnee?: true;
}

const anyRequest = ["scan-availability", "confirm-availability", "read-availability", "other-availability"];

export const scenarios: readonly Scenario[] = [
  { name: "smoke", kind: "load", what: "a few students pay at each café; one has too little money and is refused" },
  { name: "lunch", kind: "load", what: "the lunch that the platform is made for" },
  { name: "prove-60", kind: "load", what: "60 scans a second within the same promises", apart: true },
  { name: "knee", kind: "load", what: "more and more each second, until a promise breaks", apart: true, looksForKnee: true },
  { name: "class-ends", kind: "load", what: "four times as many within two seconds" },
  { name: "soak", kind: "load", what: "a calm rate for twenty times as long", apart: true },
  { name: "menu-browse", kind: "load", what: "ten look at a menu for each one who buys" },
  { name: "top-up-burst", kind: "load", what: "many top up at once, each webhook three times and in any order" },
  // On a machine that is shared an answer may take longer than two seconds, which the alarm counts; what is bad beyond that fails the script.
  { name: "otp-storm", kind: "load", what: "everybody logs in at once", mayRing: ["other-availability"] },
  { name: "hot-cafe", kind: "load", what: "everybody pays at the same café" },
  { name: "double-scan", kind: "failure", what: "the card is read twice at the same moment" },
  { name: "hundred-confirms", kind: "failure", what: "one charge is confirmed a hundred times at once, at both processes" },
  { name: "two-orders-money-for-one", kind: "failure", what: "two orders are confirmed at once, and the money is enough for one" },
  { name: "confirm-races-cancel", kind: "failure", what: "a confirm and a cancellation at the same moment" },
  { name: "scan-network-lost", kind: "failure", what: "the till's network goes while it scans" },
  { name: "webhooks", kind: "failure", what: "webhooks forged, replayed and out of order" },
  {
    name: "redis-killed",
    kind: "failure",
    what: "Redis is killed and comes back empty",
    fault: "redis killed",
    recoverySeconds: 5,
    runbook: "redis-failover-or-evictions.md",
  },
  {
    name: "redis-flushed",
    kind: "failure",
    what: "Redis loses every key, five times a second",
    fault: "redis flushed",
    recoverySeconds: 1,
    runbook: "redis-failover-or-evictions.md",
  },
  {
    name: "redis-slow",
    kind: "failure",
    what: "Redis answers after 250 ms",
    fault: "redis slow",
    recoverySeconds: 5,
    runbook: "redis-failover-or-evictions.md",
  },
  {
    name: "postgres-killed",
    kind: "failure",
    what: "PostgreSQL is killed and started again",
    fault: "postgres killed",
    recoverySeconds: 15,
    mustRing: ["other-availability"],
    mayRing: anyRequest,
    runbook: "rds-failover-and-storage.md",
  },
  {
    name: "commit-cut",
    kind: "failure",
    what: "the wire to PostgreSQL is cut around COMMIT, before and after",
    fault: "commit cut",
    recoverySeconds: 5,
    mayRing: anyRequest,
    runbook: "confirm-availability.md",
  },
  {
    name: "pool-exhausted",
    kind: "failure",
    what: "a long lock holds every connection of the pools",
    fault: "pool exhausted",
    recoverySeconds: 15,
    mayRing: anyRequest,
    runbook: "rds-connections-high.md",
  },
  {
    name: "fcm-down",
    kind: "failure",
    what: "FCM swallows every push",
    fault: "fcm down",
    recoverySeconds: 1,
    mayRing: ["prompt-availability"],
    runbook: "push-handoff-failing.md",
  },
  {
    name: "api-killed",
    kind: "failure",
    what: "an API process is killed in the middle of confirms",
    fault: "api killed",
    recoverySeconds: 20,
    mayRing: anyRequest,
    runbook: "bad-deploy-and-unhealthy-hosts.md",
  },
  {
    name: "rolling-restart",
    kind: "failure",
    what: "each API process ends and comes back, as in a deploy",
    fault: "rolling restart",
    recoverySeconds: 20,
    mayRing: anyRequest,
    runbook: "bad-deploy-and-unhealthy-hosts.md",
  },
  {
    name: "attacks",
    kind: "failure",
    what: "junk in every input, forged tokens, guessed cards and other people's orders, while people pay",
    mayRing: [...anyRequest, "prompt-availability"],
    // The value of all others: a system of its own, because of what junk leaves behind.
    env: { RATE_LIMIT_SCALE: "100000" },
  },
  { name: "confirm-races-expiry", kind: "failure", what: "the thumb comes as the charge expires", env: { CHARGE_SECONDS: "3" } },
];
