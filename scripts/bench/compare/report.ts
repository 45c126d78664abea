import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../../../app/local/home.ts";
import { type Panel, svgOf } from "../../diagrams/svg.ts";
import { spread } from "../money/rounds.ts";
import { median } from "../process.ts";
import { type Bar, barsOf } from "./bars.ts";

export type Contestant = "limit" | "debit" | "payment" | "peer" | "ledger";

export interface Measured {
  readonly perSecond: number;
  /** Of everything that works for it, on this machine. */
  readonly cpuMs: number;
  readonly p95Ms: number;
}

type Rounds = readonly Readonly<Partial<Record<Contestant, Measured>>>[];

interface Ratio {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Medians over the rounds; ratios are of one round each, so that what else the machine did falls on both. */
export interface Summary {
  readonly contestants: Readonly<Partial<Record<Contestant, Measured>>>;
  /** A whole payment against each of the others. */
  readonly payment_to: Readonly<Partial<Record<Contestant, { readonly rate: Ratio; readonly cpu: Ratio }>>>;
  readonly ledger_name?: string;
}

export interface Settings {
  readonly rounds: number;
  readonly connections: number;
  readonly driver: string;
  readonly machine: string;
  readonly load_average: readonly number[];
}

const order: readonly Contestant[] = ["limit", "debit", "payment", "peer", "ledger"];

export function summaryOf(rounds: Rounds, ledgerName: string | undefined): Summary {
  const took = order.filter((who) => rounds.every((round) => round[who]));
  const of = (who: Contestant, what: keyof Measured) => rounds.map((round) => round[who]?.[what] ?? Number.NaN);
  const ratio = (who: Contestant, what: keyof Measured): Ratio => {
    const others = of(who, what);
    const ratios = of("payment", what).map((value, round) => value / (others[round] ?? Number.NaN));
    return { median: median(ratios), ...spread(ratios) };
  };
  return {
    contestants: Object.fromEntries(
      took.map((who) => [
        who,
        { perSecond: median(of(who, "perSecond")), cpuMs: median(of(who, "cpuMs")), p95Ms: median(of(who, "p95Ms")) },
      ]),
    ),
    payment_to: Object.fromEntries(
      took.filter((who) => who !== "payment").map((who) => [who, { rate: ratio(who, "perSecond"), cpu: ratio(who, "cpuMs") }]),
    ),
    ...(ledgerName === undefined ? {} : { ledger_name: ledgerName }),
  };
}

const names = (ledger: string | undefined): Readonly<Record<Contestant, string>> => ({
  limit: "PostgreSQL's limit: our debit's statement alone",
  debit: "our debit: one confirm over HTTP",
  payment: "a whole payment: scan, look, confirm, with receipt, events, outbox, audit",
  peer: "textbook peer: the same three requests, none of these",
  ledger: `${ledger ?? "ledger server"}: one synchronous transfer`,
});

interface Target {
  readonly line: string;
  readonly missed: readonly string[];
}

/** T6 and T8 of docs/performance.md. */
export function targetsOf({ payment_to: { peer, ledger } }: Summary): Target[] {
  const least = (target: string, what: string, value: number, floor: number) =>
    value >= floor ? [] : [`${target}: ${value.toFixed(2)} × ${what}, at least ${floor} ×`];
  const most = (target: string, what: string, value: number, ceiling: number) =>
    value <= ceiling ? [] : [`${target}: ${value.toFixed(2)} × ${what}, at most ${ceiling} ×`];
  return [
    ...(peer
      ? [
          {
            line: `T6: ${said(peer.rate)} the peer's rate, ${said(peer.cpu)} its CPU`,
            missed: least("T6", "the peer's rate", peer.rate.median, 4),
          },
        ]
      : []),
    ...(ledger
      ? [
          {
            line: `T8: ${said(ledger.rate)} the rate of one transfer, ${said(ledger.cpu)} its CPU`,
            missed: [
              ...least("T8", "the rate of one transfer", ledger.rate.median, 1.2),
              ...most("T8", "the CPU of one transfer", ledger.cpu.median, 0.9),
            ],
          },
        ]
      : []),
  ];
}

const said = ({ median: middle, least, most }: Ratio) => `${middle.toFixed(2)} × (${least.toFixed(2)} to ${most.toFixed(2)})`;

export function renderTable(summary: Summary, { rounds, connections, driver, load_average }: Settings): string {
  const named = names(summary.ledger_name);
  const rows = order.flatMap((who) => {
    const found = summary.contestants[who];
    const ratio = summary.payment_to[who];
    return found
      ? [
          `| ${named[who]} | ${Math.round(found.perSecond)} | ${found.cpuMs.toFixed(2)} | ${found.p95Ms.toFixed(1)} | ${ratio ? said(ratio.rate) : ""} | ${ratio ? said(ratio.cpu) : ""} |`,
        ]
      : [];
  });
  return [
    "| | a second | CPU ms | p95 ms | a payment's rate to it | a payment's CPU to it |",
    "|---|--:|--:|--:|--:|--:|",
    ...rows,
    "",
    `Medians of ${rounds} interleaved rounds, in brackets the least and the most of a round; ${connections} clients; the limit by ${driver}; load average ${load_average.map((one) => one.toFixed(1)).join(" to ")}.`,
    ...targetsOf(summary).map(({ line, missed }) => `${line} (${missed.length === 0 ? "met" : `missed: ${missed.join("; ")}`})`),
  ].join("\n");
}

const page = path.join(projectRoot, "docs/performance.md");
const chart = path.join(projectRoot, "docs/pictures/compare.svg");
const begins = "<!-- From here written by `npm run bench -- compare --write`. Do not edit. -->";
const ends = "<!-- To here. -->";

/** Table, chart and machine, in the place of the last ones. */
export function writeComparison(summary: Summary, settings: Settings): void {
  const [before, rest] = readFileSync(page, "utf8").split(begins);
  const after = rest?.split(ends)[1];
  if (before === undefined || after === undefined) throw new Error(`${page} has lost the two lines between which the comparison stands.`);
  writeFileSync(chart, drawComparison(summary));
  const found = [
    begins,
    "",
    `On ${new Date().toISOString().slice(0, 10)}: ${settings.machine}.`,
    "",
    "![A payment beside the others: how many a second and how much CPU each](pictures/compare.svg)",
    "",
    renderTable(summary, settings).replaceAll(/\n(?=T\d)/g, "\n\n"),
    "",
    ends,
  ].join("\n");
  writeFileSync(page, `${before}${found}${after}`);
}

const short: Readonly<Record<Contestant, string>> = {
  limit: "PostgreSQL's limit",
  debit: "our debit",
  payment: "a whole payment",
  peer: "textbook peer",
  ledger: "ledger server",
};

export function drawComparison({ contestants }: Summary): string {
  const bars = (what: keyof Measured): Bar[] =>
    order.flatMap((who) => {
      const found = contestants[who];
      return found ? [{ name: short[who], value: found[what], isOurs: who === "payment" }] : [];
    });
  const panels: Panel[] = [
    barsOf("a second (more is better)", bars("perSecond"), 0),
    barsOf("CPU of each, ms (less is better)", bars("cpuMs"), 2),
  ];
  const about = order
    .flatMap((who) => {
      const found = contestants[who];
      return found ? [`${short[who]}: ${Math.round(found.perSecond)} a second, ${found.cpuMs.toFixed(2)} ms of CPU`] : [];
    })
    .join("; ");
  return svgOf("A payment beside the others", about, panels);
}
