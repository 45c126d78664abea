import { readdirSync, readFileSync } from "node:fs";

/** What Linux counts in: a hundredth of a second. */
const tickMs = 10;

interface Times {
  readonly parent: number;
  readonly ownTicks: number;
  readonly endedChildrenTicks: number;
}

/**
 * CPU time of a process and of everything below it, also of what has ended and was waited for. PostgreSQL's backends end
 * as pgbench leaves, and their time then stands with the postmaster.
 */
export function cpuMsOf(pid: number): number {
  const all = new Map(readdirSync("/proc").filter(isNumber).flatMap(timesOf));
  let ticks = 0;
  for (const [candidate, { ownTicks, endedChildrenTicks }] of all)
    if (candidate === pid || isBelow(all, candidate, pid)) ticks += ownTicks + endedChildrenTicks;
  return ticks * tickMs;
}

const isNumber = (name: string) => /^\d+$/.test(name);

function timesOf(name: string): [number, Times][] {
  try {
    const text = readFileSync(`/proc/${name}/stat`, "utf8");
    // The name in brackets may hold blanks: what is wanted stands behind it.
    const fields = text
      .slice(text.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    const [parent = 0, user = 0, system = 0, childUser = 0, childSystem = 0] = [1, 11, 12, 13, 14].map((index) => fields[index]);
    return [[Number(name), { parent, ownTicks: user + system, endedChildrenTicks: childUser + childSystem }]];
  } catch {
    return [];
  }
}

function isBelow(all: ReadonlyMap<number, Times>, candidate: number, pid: number): boolean {
  let parent = all.get(candidate)?.parent ?? 0;
  while (parent > 1 && parent !== pid) parent = all.get(parent)?.parent ?? 0;
  return parent === pid;
}
