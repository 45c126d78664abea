/** Milliseconds of a processor, by who had it. */
export interface CpuOfFlow {
  readonly api: number;
  readonly worker: number;
  readonly postgres: number;
  readonly redis: number;
  /** The clients themselves, who share the machine. */
  readonly load: number;
}

/** What was seen once a second; all of it counts up. */
export interface Moment {
  readonly atMs: number;
  readonly paid: number;
  /** Of the whole machine, whoever worked. */
  readonly busyMs: number;
  readonly oursMs: CpuOfFlow;
}

/** Where more orders a second bring no more payments, and what the model says of it. */
export interface Knee {
  /** Orders a second that were paid, at the most. */
  readonly perSecond: number;
  /** CPU of one, measured while it was calm: all that the prediction knows of the payment. */
  readonly calmMs: CpuOfFlow;
  readonly cores: number;
  /** Processors that others had meanwhile. */
  readonly othersCores: number;
  /** Of all processors, at the knee. */
  readonly busy: number;
  readonly predictedPerSecond: number;
  readonly full: string;
}

/** The script begins with so many calm seconds; the first of them warm it up. */
const calmSeconds = { from: 3, until: 11 };
const windowMoments = 3;
const fullAt = 0.9;
/** How far the prediction may be off. */
export const farthestOff = 0.2;

export function kneeOf(moments: readonly Moment[], cores: number): Knee {
  const start = moments.findLast(({ paid }) => paid === moments[0]?.paid) ?? moments[0];
  if (!start) throw new Error("Nothing was seen of the run.");
  const calm = between(moments, start.atMs + calmSeconds.from * 1_000, start.atMs + calmSeconds.until * 1_000);
  const windows = moments
    .slice(windowMoments)
    .map((moment, index) => between([moments[index] as Moment, moment], 0, Number.POSITIVE_INFINITY));
  const best = windows.toSorted((one, other) => other.paid / other.ms - one.paid / one.ms)[0];
  if (!best || !(calm.paid > 0)) throw new Error("Too little was paid to find a knee.");
  const calmMs = each(calm.oursMs, (ms) => ms / calm.paid);
  const othersCores = Math.min(cores, Math.max(0, (best.busyMs - sum(best.oursMs)) / best.ms));
  const busy = best.busyMs / best.ms / cores;
  return {
    perSecond: (best.paid / best.ms) * 1_000,
    calmMs,
    cores,
    othersCores,
    busy,
    predictedPerSecond: ((cores - othersCores) * 1_000) / sum(calmMs),
    full: fullOf(best, busy),
  };
}

interface Span {
  readonly ms: number;
  readonly paid: number;
  readonly busyMs: number;
  readonly oursMs: CpuOfFlow;
}

function between(moments: readonly Moment[], fromMs: number, untilMs: number): Span {
  const inside = moments.filter(({ atMs }) => atMs >= fromMs && atMs <= untilMs);
  const [first, last] = [inside[0], inside.at(-1)];
  if (!first || !last || first === last) throw new Error("The run was too short to find a knee.");
  return {
    ms: last.atMs - first.atMs,
    paid: last.paid - first.paid,
    busyMs: last.busyMs - first.busyMs,
    oursMs: each(last.oursMs, (ms, who) => ms - first.oursMs[who]),
  };
}

function fullOf({ ms, oursMs }: Span, busy: number): string {
  const [most, mostMs] = Object.entries(oursMs).toSorted(([, one], [, other]) => other - one)[0] ?? ["nobody", 0];
  const share = `${most} the most with ${(mostMs / ms).toFixed(2)} of a core`;
  if (busy >= fullAt) return `the processors (${share})`;
  // Two processes of one thread each.
  if (oursMs.api / ms >= 2 * fullAt) return "the threads of the API processes";
  return `no processor (${share}): something waits, for a lock, a connection or the disk`;
}

const each = (of: CpuOfFlow, change: (ms: number, who: keyof CpuOfFlow) => number): CpuOfFlow => ({
  api: change(of.api, "api"),
  worker: change(of.worker, "worker"),
  postgres: change(of.postgres, "postgres"),
  redis: change(of.redis, "redis"),
  load: change(of.load, "load"),
});

export const sum = ({ api, worker, postgres, redis, load }: CpuOfFlow): number => api + worker + postgres + redis + load;

/** In words, and whether the model holds. */
export function judgeKnee({ perSecond, calmMs, cores, othersCores, busy, predictedPerSecond, full }: Knee): {
  readonly lines: readonly string[];
  readonly holds: boolean;
} {
  const off = predictedPerSecond / perSecond - 1;
  const isOurs = othersCores <= cores / 2;
  const holds = isOurs && Math.abs(off) <= farthestOff;
  const parts = (Object.entries(calmMs) as [keyof CpuOfFlow, number][]).map(([who, ms]) => `${who} ${ms.toFixed(2)}`).join(", ");
  return {
    lines: [
      `knee: ${perSecond.toFixed(0)} payments a second; what was full: ${full}; processors ${(busy * 100).toFixed(0)} % busy, others had ${othersCores.toFixed(2)} of ${cores}`,
      ...(isOurs ? [] : ["not judged: others had more than half of the machine"]),
      `model: ${sum(calmMs).toFixed(2)} ms of CPU for each while it was calm (${parts}), so ${predictedPerSecond.toFixed(0)} a second: ${off >= 0 ? "+" : ""}${(off * 100).toFixed(0)} %, ${holds ? "within" : "NOT within"} ${farthestOff * 100} %`,
    ],
    holds,
  };
}
