import type { PlainError } from "../../app/local/plain-error.ts";

/** One thing of a first deploy. What is done is looked up where it stands, so a second run does not do it again. */
export interface Step {
  readonly name: string;
  /** What it does, and for how long where that is long. */
  readonly says: string;
  /** Undefined: it has to be done; else how it is known that it is. */
  readonly done: () => Promise<string | undefined>;
  readonly run: () => Promise<void>;
}

export interface Told {
  readonly say: (line: string) => void;
  readonly skip: ReadonlySet<string>;
  /** The last one to do. */
  readonly until?: string | undefined;
  readonly isDryRun: boolean;
}

/** Each step in its order; the first that fails ends it, and says what to type when its cause is mended. */
export async function guide(steps: readonly Step[], { say, skip, until, isDryRun }: Told): Promise<void> {
  for (const [at, { name, says, done, run }] of steps.entries()) {
    const label = `${String(at + 1).padStart(2)}/${steps.length}  ${name}`;
    const already = skip.has(name) ? "skipped, as you said" : await done();
    if (already) say(`${label}: ${already}`);
    else {
      say(`${label}: ${says}`);
      const startedAt = performance.now();
      if (!isDryRun) await run().catch((error: PlainError) => stoppedAt(name, error, say));
      if (!isDryRun) say(`        ${Math.round((performance.now() - startedAt) / 1_000)} s`);
    }
    if (name === until) return;
  }
}

function stoppedAt(name: string, error: Error, say: (line: string) => void): never {
  say(`stopped at "${name}". When it is mended, the same command goes on there.`);
  throw error;
}
