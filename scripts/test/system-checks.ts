import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { type RunningSystem, type StartedSystem, startSystem } from "./started-system.ts";
import { add, nothing, oneFailed, onePassed, type Tally } from "./tally.ts";

/** A file in scripts/test/system: checks that need the whole started system. */
export interface SystemCheck {
  readonly name: string;
  run(system: StartedSystem): Promise<SystemCheckResult>;
}

export interface SystemCheckResult {
  readonly passed: number;
  readonly failed: number;
  /** A reason for each thing that was skipped. */
  readonly skipped: readonly string[];
}

const folder = path.join(import.meta.dirname, "system");

/** Starts the system once, runs every check on it, one after the other, and stops it. */
export async function runSystemChecks(say: (line: string) => void, signal: AbortSignal, enter: (step: string) => void): Promise<Tally> {
  enter("starting the system");
  const system = await startSystem(signal).catch((error: Error) => say(`  FAILED ${error.message}`));
  if (!system) return oneFailed;
  let tally = onePassed;
  try {
    for (const check of await loadChecks()) {
      if (signal.aborted) break;
      enter(`the system check "${check.name}"`);
      tally = add(tally, await runCheck(check, system, say, signal));
    }
  } finally {
    enter("stopping the system");
    tally = add(tally, await stopAndCheck(system, say));
  }
  return tally;
}

async function loadChecks(): Promise<SystemCheck[]> {
  const files = readdirSync(folder).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
  return Promise.all(files.sort().map(async (file) => (await import(path.join(folder, file))) as SystemCheck));
}

async function runCheck(check: SystemCheck, system: StartedSystem, say: (line: string) => void, signal: AbortSignal): Promise<Tally> {
  const started = performance.now();
  const aborted = new Promise<never>((_, reject) =>
    signal.addEventListener("abort", () => reject(new Error("the time was up")), { once: true }),
  );
  try {
    const { passed, failed, skipped } = await Promise.race([check.run(system), aborted]);
    say(
      `  ${check.name}: ${passed} passed, ${failed} failed, ${skipped.length} skipped (${((performance.now() - started) / 1000).toFixed(1)} s)`,
    );
    return { passed, failed, skipped: skipped.map((why) => ({ what: check.name, why })) };
  } catch (error) {
    say(`  FAILED ${check.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return oneFailed;
  }
}

async function stopAndCheck(system: RunningSystem, say: (line: string) => void): Promise<Tally> {
  const code = await system.stop();
  const isLocked = existsSync(system.home.lock);
  system.remove();
  if (code === 0 && !isLocked) return { ...nothing, passed: 1 };
  say(`  FAILED stopping: the system ended with code ${code} and left ${isLocked ? "its lock" : "no lock"}.`);
  return oneFailed;
}
