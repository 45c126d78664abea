import { spawn } from "node:child_process";
import path from "node:path";
import { text } from "node:stream/consumers";

/** A closed load: so many connections, each sends its next request when the last one is answered, until `requests` are done. */
export interface Load {
  readonly url: string;
  /** Sent in turn, one a request; without any there is no header. */
  readonly authorizations?: readonly string[];
  readonly connections: number;
  /** Done before the clock starts. */
  readonly warmUp: number;
  readonly requests: number;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly not200: number;
}

/** Drives the load from a process of its own, so that it does not share the event loop of what is measured. */
export async function runLoad(load: Load): Promise<LoadResult> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "load-driver.ts")], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  child.stdin.end(JSON.stringify(load));
  const [out, code] = await Promise.all([text(child.stdout), ended]);
  if (code !== 0) throw new Error(`The load driver ended with code ${code}.`);
  const result = JSON.parse(out) as LoadResult;
  if (result.not200 > 0) throw new Error(`${result.not200} of ${load.requests} requests to ${load.url} were not answered with 200.`);
  return result;
}
