import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import pg from "pg";
import { type CpuOfFlow, type Knee, kneeOf, type Moment } from "../capacity/knee.ts";
import type { Place } from "./place.ts";

const everyMs = 1_000;
/** What Linux counts in: a hundredth of a second. */
const tickMs = 10;

/** Looks once a second at how many have paid and who had the processors, from the beginning of a run to its end. */
export async function watchForKnee(place: Place): Promise<{ end(): Promise<Knee> }> {
  const database = new pg.Client({ connectionString: place.superuserUrl() });
  await database.connect();
  const moments: Moment[] = [];
  const look = async () => {
    const { rows } = await database.query<{ paid: number }>("select count(*)::int as paid from receipts");
    moments.push({ atMs: performance.now(), paid: rows[0]?.paid ?? 0, busyMs: busyMs(), oursMs: oursMs() });
  };
  let looking = look();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, everyMs);
  return {
    async end() {
      clearInterval(timer);
      await looking;
      await database.end();
      return kneeOf(moments, availableParallelism());
    },
  };
}

/** Of all processors, since the machine was started; waiting for a disk is not work. */
function busyMs(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] = (readFileSync("/proc/stat", "utf8").split("\n")[0] ?? "")
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softIrq) * tickMs;
}

/** What each of ours has used, by what runs in it. All of it was started by this process. */
function oursMs(): CpuOfFlow {
  const used = { api: 0, worker: 0, later: 0, postgres: 0, redis: 0, load: 0 };
  const parents = new Map<number, number>();
  const found: { readonly pid: number; readonly who: keyof CpuOfFlow; readonly ms: number }[] = [];
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const fields = stat
        .slice(stat.lastIndexOf(")") + 2)
        .split(" ")
        .map(Number);
      parents.set(Number(name), fields[1] ?? 0);
      const who = whoIs(readFileSync(`/proc/${name}/cmdline`, "utf8"));
      // Backends that have ended are counted by the server that waited for them.
      const [own, ended] = [(fields[11] ?? 0) + (fields[12] ?? 0), (fields[13] ?? 0) + (fields[14] ?? 0)];
      if (who) found.push({ pid: Number(name), who, ms: (own + (who === "postgres" ? ended : 0)) * tickMs });
    } catch {
      // It ended while we looked.
    }
  }
  for (const { pid, who, ms } of found) if (isBelowUs(parents, pid)) used[who] += ms;
  return used;
}

function whoIs(commandLine: string): keyof CpuOfFlow | undefined {
  if (commandLine.includes("app/main.ts")) return "api";
  if (commandLine.includes("app/worker.ts")) return commandLine.includes("\0long\0") ? "later" : "worker";
  if (commandLine.includes("postgres")) return "postgres";
  if (commandLine.includes("redis-server")) return "redis";
  return /(^|\/)k6\0/.test(commandLine) ? "load" : undefined;
}

function isBelowUs(parents: ReadonlyMap<number, number>, pid: number): boolean {
  let parent = parents.get(pid) ?? 0;
  while (parent > 1 && parent !== process.pid) parent = parents.get(parent) ?? 0;
  return parent === process.pid;
}
