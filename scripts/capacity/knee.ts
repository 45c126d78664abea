/** Milliseconds of a processor, by who had it. */
export interface CpuOfFlow {
  readonly api: number;
  readonly worker: number;
  /** The worker of what may take long: what is left for it. It lags at a peak and is done with it afterwards. */
  readonly later: number;
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
  /** What the run took while the processors had room: all that the prediction knows. */
  readonly calm: Line;
  readonly cores: number;
  /** Processors that others had meanwhile, and what may wait. */
  readonly othersCores: number;
  /** Of all processors, at the knee. */
  readonly busy: number;
  readonly predictedPerSecond: number;
  readonly full: string;
}

/**
 * Processors by payments a second, as a straight line: something is done whatever happens, and less for each the more there are, since many are
 * woken for at once.
 */
export interface Line {
  readonly restingCores: number;
  readonly paymentMs: number;
}

/** The script's calm seconds begin with those that warm everything up. */
const warmUpMs = 12_000;
const windowMoments = 3;
/** Of all processors: what is looked at for the line is below. */
const roomUntil = 0.7;
const fullAt = 0.9;
/** How far the prediction may be off. */
export const farthestOff = 0.2;

export function kneeOf(moments: readonly Moment[], cores: number): Knee {
  const start = moments.findLast(({ paid }) => paid === moments[0]?.paid) ?? moments[0];
  if (!start) throw new Error("Nothing was seen of the run.");
  const windows = moments
    .slice(windowMoments)
    .map((moment, index) => between([moments[index] as Moment, moment], 0, Number.POSITIVE_INFINITY));
  const best = windows.toSorted((one, other) => other.paid / other.ms - one.paid / one.ms)[0];
  if (!best) throw new Error("Too little was paid to find a knee.");
  const calm = lineThrough(windowsWithRoom(moments, start.atMs + warmUpMs, cores));
  const othersCores = Math.min(cores, Math.max(0, (best.busyMs - sum(best.oursMs)) / best.ms));
  const busy = best.busyMs / best.ms / cores;
  return {
    perSecond: (best.paid / best.ms) * 1_000,
    calm,
    cores,
    othersCores,
    busy,
    predictedPerSecond: ((cores - othersCores - calm.restingCores) * 1_000) / calm.paymentMs,
    full: fullOf(best, busy),
  };
}

/** One behind the other, until the first that leaves too little room. */
function windowsWithRoom(moments: readonly Moment[], fromMs: number, cores: number): Span[] {
  const warm = moments.filter(({ atMs }) => atMs >= fromMs);
  const windows: Span[] = [];
  for (let place = 0; place + windowMoments < warm.length; place += windowMoments) {
    const window = between(warm.slice(place, place + windowMoments + 1), 0, Number.POSITIVE_INFINITY);
    if (sum(window.oursMs) / window.ms > roomUntil * cores) break;
    windows.push(window);
  }
  return windows;
}

/** By least squares. */
function lineThrough(windows: readonly Span[]): Line {
  const points = windows.map(({ ms, paid, oursMs }) => ({ rate: (paid / ms) * 1_000, coreMs: (sum(oursMs) / ms) * 1_000 }));
  const [meanRate, meanMs] = [mean(points.map(({ rate }) => rate)), mean(points.map(({ coreMs }) => coreMs))];
  const paymentMs =
    mean(points.map(({ rate, coreMs }) => (rate - meanRate) * (coreMs - meanMs))) / mean(points.map(({ rate }) => (rate - meanRate) ** 2));
  if (!(paymentMs > 0)) throw new Error("The run was too short, or the machine too full, to see what a payment takes.");
  return { restingCores: (meanMs - paymentMs * meanRate) / 1_000, paymentMs };
}

const mean = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0) / values.length;

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
    oursMs: spent(first.oursMs, last.oursMs),
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

const spent = (from: CpuOfFlow, until: CpuOfFlow): CpuOfFlow => ({
  api: until.api - from.api,
  worker: until.worker - from.worker,
  later: until.later - from.later,
  postgres: until.postgres - from.postgres,
  redis: until.redis - from.redis,
  load: until.load - from.load,
});

/** Of all that a payment waits for. */
export const sum = ({ api, worker, postgres, redis, load }: CpuOfFlow): number => api + worker + postgres + redis + load;

/** In words, and whether the model holds. */
export function judgeKnee({ perSecond, calm, cores, othersCores, busy, predictedPerSecond, full }: Knee): {
  readonly lines: readonly string[];
  readonly holds: boolean;
} {
  const off = predictedPerSecond / perSecond - 1;
  const isOurs = othersCores <= cores / 2;
  const holds = isOurs && Math.abs(off) <= farthestOff;
  return {
    lines: [
      `knee: ${perSecond.toFixed(0)} payments a second; what was full: ${full}; processors ${(busy * 100).toFixed(0)} % busy, others had ${othersCores.toFixed(2)} of ${cores}`,
      ...(isOurs ? [] : ["not judged: others had more than half of the machine"]),
      `model: ${calm.restingCores.toFixed(2)} of a core whatever happens and ${calm.paymentMs.toFixed(1)} ms for each payment, as seen below ${roomUntil * 100} %, so ${predictedPerSecond.toFixed(0)} a second: ${off >= 0 ? "+" : ""}${(off * 100).toFixed(0)} %, ${holds ? "within" : "NOT within"} ${farthestOff * 100} %`,
    ],
    holds,
  };
}
