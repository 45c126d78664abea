import { setTimeout as pause } from "node:timers/promises";
import { PlainError } from "../../app/local/plain-error.ts";

const askEveryMs = 2_000;
const sayEveryMs = 30_000;

export const minutes = (ms: number): string => `${Math.floor(ms / 60_000)} min ${((ms % 60_000) / 1_000).toFixed(0)} s`;

export type Look<T> = { readonly done: T } | { readonly standing: string };

interface Waiting {
  readonly withinMs: number;
  readonly say: (line: string) => void;
  /** Ends the wait with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Asks until it is done, and says how it stands: at each change, and every half minute. */
export async function waitUntil<T>(what: string, { withinMs, say, signal }: Waiting, look: () => Promise<Look<T>>): Promise<T> {
  const startedAt = performance.now();
  for (let shown = "", saidAt = Number.NEGATIVE_INFINITY; ; ) {
    signal?.throwIfAborted();
    const seen = await look();
    if ("done" in seen) return seen.done;
    const now = performance.now();
    if (now - startedAt > withinMs)
      throw new PlainError(
        `waited ${Math.round(withinMs / 60_000)} minutes for ${what} (${seen.standing}): run the same command again, it goes on here.`,
      );
    if (seen.standing !== shown || now - saidAt > sayEveryMs) {
      say(`    ${seen.standing}`);
      [shown, saidAt] = [seen.standing, now];
    }
    await pause(askEveryMs, undefined, { signal }).catch(() => signal?.throwIfAborted());
  }
}
