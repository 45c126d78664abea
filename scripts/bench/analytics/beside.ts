import type pg from "pg";
import type { LocalSystem } from "../local-system.ts";
import { prepareOrders } from "../money/campus.ts";
import { at } from "../money/debit-run.ts";
import { runFlows, startApiPair } from "../money/flows.ts";
import { logInPayers } from "../money/payers.ts";
import { interleave } from "../money/rounds.ts";
import { median, pause } from "../process.ts";
import type { Night } from "./run-job.ts";

interface Options {
  readonly rounds: number;
  readonly payers: number;
  readonly cafes: number;
  /** Reads the whole year again; run after run until the payments have been measured, when the last one is ended. */
  readonly night: (signal: AbortSignal) => Promise<Night>;
  readonly say: (line: string) => void;
}

export interface Beside {
  /** The median over the rounds of p95 with a job, by that without. */
  readonly ratio: number;
  readonly withMs: number;
  readonly withoutMs: number;
}

/** The rate that the platform is made for. */
const arrivalsPerSecond = 25;
const connections = 64;
const warmUpMs = 5_000;
const windowMs = 20_000;
const laterEachRoundMs = 20_000;

/** Confirms at lunch, with and without a job that reads the same database. */
export async function measureBeside(system: LocalSystem, superuser: pg.Client, options: Options): Promise<Beside> {
  const payers = await logInPayers(superuser, system.env, { count: options.payers, cafes: options.cafes });
  const api = await startApiPair(system.env);
  const pay = async (): Promise<number> => {
    await prepareOrders(superuser, { orders: payers.length, cafes: options.cafes, scanned: false });
    const { confirmMs, dropped } = await runFlows(system, api, {
      ports: api.ports,
      connections,
      payers,
      warmUpMs,
      windowMs,
      arrivalsPerSecond,
    });
    if (dropped > 0) options.say(`${dropped} payments found no connection`);
    return at(confirmMs, 0.95);
  };
  let round = 0;
  const payBeside = async (): Promise<number> => {
    const over = new AbortController();
    const nights = (async () => {
      while (!over.signal.aborted)
        await options.night(over.signal).catch((error: unknown) => {
          if (!over.signal.aborted) throw error;
        });
    })();
    try {
      // Each round meets another part of a night.
      await pause(round * laterEachRoundMs);
      round += 1;
      return await pay();
    } finally {
      over.abort();
      await nights;
    }
  };
  try {
    await pay();
    const rounds = await interleave(options.rounds, { with: payBeside, without: pay }, (round, p95) =>
      options.say(`beside a job, round ${round}: confirm p95 ${p95.with.toFixed(1)} ms, without one ${p95.without.toFixed(1)} ms`),
    );
    return {
      ratio: median(rounds.map((p95) => p95.with / p95.without)),
      withMs: median(rounds.map((p95) => p95.with)),
      withoutMs: median(rounds.map((p95) => p95.without)),
    };
  } finally {
    await api.stop();
  }
}
