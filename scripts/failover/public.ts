import { waitUntil } from "./wait.ts";

/** What the public address says. */
interface Health {
  readonly region?: string;
  readonly database?: string;
  readonly replica?: string;
}

const answerWithinMs = 3_000;
const servesWithinMs = 30 * 60_000;
const asksAtOnce = 6;

async function ask<T>(url: string): Promise<T | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(answerWithinMs), headers: { connection: "close" } });
    return answer.ok ? ((await answer.json()) as T) : undefined;
  } catch {
    return undefined;
  }
}

const healths = (url: string) => Promise.all(Array.from({ length: asksAtOnce }, () => ask<Health>(`${url}/health`)));
const shown = (said: readonly (Health | undefined)[]) =>
  [...new Set(said.map((one) => (one ? `${one.region} with its database ${one.database}` : "nobody")))].join(" and ");

/** Each of several answers comes from the region, and it can debit. */
export const untilServes = (url: string, region: string, say: (line: string) => void): Promise<void> =>
  waitUntil(`${url} to serve from ${region}`, { withinMs: servesWithinMs, say }, async () => {
    const said = await healths(url);
    const isThere = said.every((one) => one?.region === region && one.database === "connected");
    if (isThere && (await ask(`${url}/ready`)) !== undefined) return { done: undefined };
    return { standing: `${url} is answered by ${shown(said)}` };
  });

/** The region that wrote takes no payment any more, and its copy lacks nothing of what it wrote (docs/health.md). */
export const untilAtRest = (url: string, region: string, say: (line: string) => void): Promise<void> =>
  waitUntil(`${region} to be at rest`, { withinMs: servesWithinMs, say }, async () => {
    const said = await healths(url);
    const atRest = said.every((one) => one?.region === region && one.database === "read_only" && one.replica === "ok");
    if (atRest) return { done: undefined };
    return { standing: `${shown(said)}, its copy ${[...new Set(said.map((one) => one?.replica ?? "unknown"))].join(" and ")}` };
  });
