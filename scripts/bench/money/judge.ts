import type { CheckMeasures } from "./checks.ts";
import type { DebitMeasures } from "./debits.ts";
import type { GrowthMeasures } from "./growth.ts";
import type { NetworkMeasures } from "./network.ts";
import type { OutboxMeasures } from "./outbox.ts";
import type { PaymentMeasures } from "./payments.ts";

export interface Measures {
  readonly debits?: DebitMeasures;
  readonly payments?: PaymentMeasures;
  readonly outbox?: OutboxMeasures;
  readonly growth?: GrowthMeasures;
  readonly network?: NetworkMeasures;
  readonly checks?: CheckMeasures;
}

/** One number against what it must reach and what it should. */
export interface Judged {
  readonly target: string;
  readonly what: string;
  readonly value: number;
  readonly floor: string;
  readonly aim: string;
  readonly isMet: boolean;
  readonly reachesAim: boolean;
}

const bytesPerKilobyte = 1_024;

interface Limit {
  readonly target: string;
  readonly what: string;
  readonly value: number;
  readonly floor: number;
  readonly aim: number;
}

const atLeast = ({ value, floor, aim, ...named }: Limit): Judged => ({
  ...named,
  value,
  floor: `≥ ${floor}`,
  aim: `${aim}`,
  isMet: value >= floor,
  reachesAim: value >= aim,
});

const atMost = ({ value, floor, aim, ...named }: Limit): Judged => ({
  ...named,
  value,
  floor: `≤ ${floor}`,
  aim: `${aim}`,
  isMet: value <= floor,
  reachesAim: value <= aim,
});

export function judge({ debits, payments, outbox, growth, network, checks }: Measures): Judged[] {
  return [
    ...(debits ? judgeDebits(debits) : []),
    ...(payments ? judgePayments(payments) : []),
    ...(outbox ? judgeOutbox(outbox) : []),
    ...(growth ? judgeGrowth(growth) : []),
    ...(network ? judgeNetwork(network) : []),
    ...(checks ? judgeChecks(checks) : []),
  ];
}

const judgeDebits = ({ rateRatio, cpuRatio }: DebitMeasures): Judged[] => [
  atLeast({ target: "T1", what: "one-call debit to many statements, rate", value: rateRatio, floor: 2, aim: 2.5 }),
  atMost({ target: "T1", what: "one-call debit to many statements, CPU", value: cpuRatio, floor: 0.6, aim: 0.43 }),
];

const judgePayments = ({ cpuToDebit, half, memoryMiB }: PaymentMeasures): Judged[] => [
  atMost({ target: "T2", what: "CPU of a payment to that of a debit alone", value: cpuToDebit, floor: 4.2, aim: 3.5 }),
  atMost({ target: "T3", what: "confirm p99 at half of the capacity, ms", value: half.p99Ms, floor: 25, aim: 15 }),
  atMost({ target: "T3", what: "confirm p99 to p50", value: half.p99Ms / half.p50Ms, floor: 10, aim: 10 }),
  atMost({ target: "T3", what: "arrivals dropped", value: half.dropped, floor: 0, aim: 0 }),
  atMost({ target: "", what: "memory of an API process under it, MiB", value: memoryMiB, floor: 300, aim: 250 }),
];

const judgeChecks = ({ recentCpuSeconds, wholeSeconds, p99Ratio }: CheckMeasures): Judged[] => [
  atMost({ target: "", what: "look at what happened lately, seconds of CPU", value: recentCpuSeconds, floor: 2, aim: 1 }),
  atMost({ target: "", what: "check of the whole book, seconds", value: wholeSeconds, floor: 60, aim: 30 }),
  atMost({ target: "", what: "debit p99 beside a whole check to alone", value: p99Ratio, floor: 2, aim: 1.5 }),
];

const judgeOutbox = ({ p95Ratio }: OutboxMeasures): Judged[] => [
  atMost({ target: "", what: "confirm p95 with the outbox to without it", value: p95Ratio, floor: 1.1, aim: 1 }),
];

const judgeGrowth = ({ p50Ratio, cpuRatio, large }: GrowthMeasures): Judged[] => [
  atMost({ target: "T4", what: "large to small ledger, p50", value: p50Ratio, floor: 1.25, aim: 1 }),
  atMost({ target: "T4", what: "large to small ledger, CPU", value: cpuRatio, floor: 1.3, aim: 1 }),
  atMost({
    target: "T4",
    what: "WAL of a debit after a checkpoint, kB",
    value: large.walBytesPerDebit / bytesPerKilobyte,
    floor: 8,
    aim: 8,
  }),
];

const judgeNetwork = ({ hotToFifty, hotToHotRow }: NetworkMeasures): Judged[] => [
  atLeast({ target: "T5", what: "one hot café to fifty, rate", value: hotToFifty, floor: 0.8, aim: 1 }),
  atLeast({ target: "T5", what: "one hot café to a running balance, rate", value: hotToHotRow, floor: 10, aim: 10 }),
];

export const tableOf = (judged: readonly Judged[]): string =>
  judged
    .map(({ target, what, value, floor, aim, isMet, reachesAim }) => {
      const verdict = !isMet ? "MISSED" : reachesAim ? "met, and the aim" : "met";
      return `${target.padEnd(3)} ${what.padEnd(44)} ${value.toFixed(2).padStart(8)}   floor ${floor.padEnd(7)} aim ${aim.padEnd(6)} ${verdict}`;
    })
    .join("\n");
