import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../../app/local/home.ts";
import { type Result, resultsFolder } from "../load/report.ts";

/** What `npm run history` keeps beside each record. */
export interface HistoryResult {
  readonly at: string;
  readonly machine: string;
  readonly seed: string;
  readonly operations: number;
  readonly unknown: number;
  readonly reports: number;
  readonly planted: number;
  readonly problems: readonly string[];
}

export const historyFolder = path.join(projectRoot, ".cache/history");

export const readHistories = (): HistoryResult[] =>
  globSync("*.result.json", { cwd: historyFolder })
    .sort()
    .map((file) => JSON.parse(readFileSync(path.join(historyFolder, file), "utf8")) as HistoryResult);

export const readLoadResults = (): ReadonlyMap<string, Result> =>
  new Map(
    globSync("*/result.json", { cwd: resultsFolder }).map((file) => {
      const result = JSON.parse(readFileSync(path.join(resultsFolder, file), "utf8")) as Result;
      return [result.scenario, result];
    }),
  );
