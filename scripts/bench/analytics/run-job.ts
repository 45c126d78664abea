import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Job } from "../../analytics/job.ts";

/** What a night says of itself in its last line. */
export interface Night {
  readonly seconds: number;
  readonly peakMb: number;
}

interface HowRun {
  /** Its processor is another machine's in life, so here it has only what nobody else wants. */
  readonly isElsewhere?: boolean;
  readonly signal?: AbortSignal;
}

export function runJob({ python, words, env }: Job, { isElsewhere = false, signal }: HowRun = {}): Promise<Night> {
  const [program, ...args] = isElsewhere ? ["chrt", "--idle", "0", python, ...words] : [python, ...words];
  const child = spawn(program as string, args, { env, stdio: ["ignore", "pipe", "pipe"], signal, killSignal: "SIGINT" });
  const errors: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => errors.push(line));
  let night: Night | undefined;
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (!line.startsWith("{")) return;
    const { seconds, peak_mb } = JSON.parse(line) as { seconds: number; peak_mb: number };
    night = { seconds, peakMb: peak_mb };
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0 && night) resolve(night);
      else reject(new Error(`The job ended with code ${code}: ${errors.at(-1) ?? "it said nothing"}`));
    });
  });
}
