import { openPlatform, type Platform } from "../platform/context.ts";
import { testConfig, testEnvironment } from "./configure.ts";
import type { TestDatabase } from "./database.ts";

export interface TestPlatform extends Platform {
  /** Every finished line that this platform logged, oldest first. */
  readonly logLines: readonly string[];
}

/** The platform of one process, for tests of what stands below the features. */
export async function openTestPlatform(database: TestDatabase, more: Readonly<Record<string, string>> = {}): Promise<TestPlatform> {
  const logLines: string[] = [];
  const config = testConfig(testEnvironment({ ...database.env, ...more }));
  const platform = await openPlatform(config, { process: "test", writeLog: (line) => void logLines.push(line) });
  return { ...platform, logLines };
}

/** No contract, only the end of hope: long for a machine that is busy, and below the time-out of a test. */
const deadlineMs = 25_000;
const pauseMs = 10;

/** Asks until the answer is there; what never comes ends the test with `what` and not with a bare time-out. */
export async function until<T>(what: string, ask: () => T | Promise<T>, withinMs = deadlineMs): Promise<NonNullable<Exclude<T, false>>> {
  const endsAtMs = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer as NonNullable<Exclude<T, false>>;
    if (performance.now() > endsAtMs) throw new Error(`Waited ${withinMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
