import type { Demo } from "../../app/local/demo/demo.ts";

/** What start.json holds: a contract with tests and people. */
export interface StartFile extends Demo {
  readonly base_url: string;
  readonly processes: readonly { readonly url: string; readonly pid: number }[];
  readonly sandbox_url: string;
}

/** The line that app/local/demo/seed.ts prints. */
export function parseDemoCampus(line: string): Demo {
  try {
    return JSON.parse(line) as Demo;
  } catch {
    throw new Error(`app/local/demo/seed.ts must end with a line of JSON; it ended with: ${line.slice(0, 200)}`);
  }
}
