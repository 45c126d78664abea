import { setTimeout as pause } from "node:timers/promises";

export const say = (line: string) => void process.stdout.write(`${line}\n`);

export type Step = <T>(what: string, work: () => Promise<T>, seen?: (result: T) => string) => Promise<T>;

export const step: Step = async <T>(what: string, work: () => Promise<T>, seen: (result: T) => string = () => ""): Promise<T> => {
  const startedAt = performance.now();
  const result = await work();
  const found = seen(result);
  say(`  ${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s  ${what}${found ? `: ${found}` : ""}`);
  return result;
};

export const until = async (what: string, withinMs: number, look: () => Promise<boolean>, explain = () => ""): Promise<void> => {
  const deadline = performance.now() + withinMs;
  while (!(await look().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`${what}: not seen within ${withinMs / 1_000} s. ${explain()}`);
    await pause(250);
  }
};

export const inServiceWithinMs = 300_000;
