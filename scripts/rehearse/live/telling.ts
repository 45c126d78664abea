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

const tellEveryMs = 30_000;

/** Waits for a condition, says now and then that it still does, and how it stands; a busy machine only makes it longer. */
export const until = async (
  what: string,
  withinMs: number,
  look: () => Promise<boolean>,
  { standing = () => "", explain = () => "" }: { readonly standing?: () => string; readonly explain?: () => string } = {},
): Promise<void> => {
  const startedAt = performance.now();
  let toldAt = startedAt;
  while (!(await look().catch(() => false))) {
    const now = performance.now();
    if (now - startedAt > withinMs) throw new Error(`${what}: not seen within ${withinMs / 1_000} s. ${explain()}`);
    if (now - toldAt > tellEveryMs) {
      toldAt = now;
      say(`            waits since ${((now - startedAt) / 1_000).toFixed(0)} s for: ${what} ${standing()}`);
    }
    await pause(250);
  }
};

/** A machine takes 20 s alone and minutes beside other work. */
export const inServiceWithinMs = 900_000;
