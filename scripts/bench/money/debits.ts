import { median } from "../process.ts";
import type { BenchPlace } from "./bench-place.ts";
import { prepareOrders, whilePeerMayWrite } from "./campus.ts";
import { type DebitResult, runDebits } from "./debit-run.ts";
import { type DebitScript, manyStatements, oneCall } from "./debit-scripts.ts";
import { interleave } from "./rounds.ts";

export interface DebitMeasures {
  readonly oneCall: DebitSummary;
  readonly manyStatements: DebitSummary;
  /** T1, medians over the rounds. */
  readonly rateRatio: number;
  readonly cpuRatio: number;
}

export interface DebitSummary {
  readonly perSecond: number;
  readonly cpuMsPerDebit: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const clients = 32;
const seconds = 4;

/** T1: the product's one call against the same work statement by statement with a running balance of the café. */
export async function compareDebits(
  place: BenchPlace,
  options: { rounds: number; orders: number; cafes: number; port: number },
): Promise<DebitMeasures> {
  const debit = (script: DebitScript) => async () => {
    await prepareOrders(place.superuser, { orders: options.orders, cafes: options.cafes, scanned: true });
    return runDebits(place, { script, clients, seconds, port: options.port });
  };
  const scripts = { oneCall: debit(oneCall), manyStatements: debit(manyStatements) };
  const rounds = await whilePeerMayWrite(place.superuser, () =>
    interleave(options.rounds, scripts, (round, results) =>
      console.error(
        `debits, round ${round}: one call ${Math.round(results.oneCall.perSecond)}/s, many statements ${Math.round(results.manyStatements.perSecond)}/s`,
      ),
    ),
  );
  await place.assertBooks();
  return {
    oneCall: summarize(rounds.map((round) => round.oneCall)),
    manyStatements: summarize(rounds.map((round) => round.manyStatements)),
    rateRatio: median(rounds.map((round) => round.oneCall.perSecond / round.manyStatements.perSecond)),
    cpuRatio: median(rounds.map((round) => round.oneCall.cpuMsPerDebit / round.manyStatements.cpuMsPerDebit)),
  };
}

export const summarize = (results: readonly DebitResult[]): DebitSummary => ({
  perSecond: median(results.map(({ perSecond }) => perSecond)),
  cpuMsPerDebit: median(results.map(({ cpuMsPerDebit }) => cpuMsPerDebit)),
  p50Ms: median(results.map(({ p50Ms }) => p50Ms)),
  p99Ms: median(results.map(({ p99Ms }) => p99Ms)),
});
