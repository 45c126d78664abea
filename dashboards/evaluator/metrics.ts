/** What was measured once: a value of a metric, or many of one moment. */
export type Datum = {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly atMs: number;
  readonly values: readonly number[];
};

export type MetricRef = Pick<Datum, "namespace" | "name" | "dimensions">;

/** CloudWatch never sums over dimensions: a metric with others is another metric. */
const keyOf = ({ namespace, name, dimensions }: MetricRef): string =>
  JSON.stringify([namespace, name, Object.entries(dimensions).sort(([one], [other]) => one.localeCompare(other))]);

const percentile = (values: readonly number[], percent: number): number => {
  const sorted = [...values].sort((one, other) => one - other);
  const place = (percent / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** One number of all values of a period. */
export const statisticOf = (values: readonly number[], statistic: string): number => {
  switch (statistic) {
    case "SampleCount":
      return values.length;
    case "Sum":
      return sum(values);
    case "Average":
      return sum(values) / values.length;
    case "Minimum":
      return Math.min(...values);
    case "Maximum":
      return Math.max(...values);
  }
  const percent = /^p(\d{1,2}(?:\.\d+)?|100)$/.exec(statistic)?.[1];
  if (percent === undefined)
    throw new Error(
      `the statistic "${statistic}" is not known here; there are Average, Sum, Minimum, Maximum, SampleCount and p0 to p100.`,
    );
  return percentile(values, Number(percent));
};

export class Metrics {
  private readonly series = new Map<string, Datum[]>();

  put(datum: Datum): void {
    const key = keyOf(datum);
    const series = this.series.get(key);
    if (series) series.push(datum);
    else this.series.set(key, [datum]);
  }

  /** Every series of this name: each set of dimensions that was ever seen. */
  known(namespace: string, name: string): readonly MetricRef[] {
    return [...this.series.values()].flatMap(([first]) => (first?.namespace === namespace && first.name === name ? [first] : []));
  }

  /** What is older than `ms` is forgotten; of the events of promises, which have windows of a day, what is older than `eventsMs`. */
  forgetBefore(ms: number, eventsMs: number): void {
    for (const [key, series] of this.series) {
      const limit = series[0]?.name === "SloEvents" ? eventsMs : ms;
      const kept = series.filter(({ atMs }) => atMs >= limit);
      if (kept.length === 0) this.series.delete(key);
      else if (kept.length < series.length) this.series.set(key, kept);
    }
  }

  /** The statistic of the values in [from, from + period), or undefined where none was measured. */
  read(metric: MetricRef, statistic: string, fromMs: number, periodSeconds: number): number | undefined {
    const untilMs = fromMs + periodSeconds * 1_000;
    const values = (this.series.get(keyOf(metric)) ?? [])
      .filter(({ atMs }) => atMs >= fromMs && atMs < untilMs)
      .flatMap((datum) => datum.values);
    return values.length === 0 ? undefined : statisticOf(values, statistic);
  }
}

type Directive = {
  readonly Namespace: string;
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly { readonly Name: string }[];
};

/** The metrics that an embedded-metric line of the log carries; of any other line none. */
export const dataOfLogLine = (line: string): readonly Datum[] => {
  try {
    return dataOfEntry(JSON.parse(line) ?? {});
  } catch {
    return [];
  }
};

export const dataOfEntry = (entry: Record<string, unknown>): readonly Datum[] => {
  const { _aws } = entry as { _aws?: { Timestamp: number; CloudWatchMetrics: readonly Directive[] } };
  return (_aws?.CloudWatchMetrics ?? []).flatMap(({ Namespace, Dimensions, Metrics: names }) =>
    Dimensions.flatMap((keys) =>
      names.map(({ Name }) => ({
        namespace: Namespace,
        name: Name,
        dimensions: Object.fromEntries(keys.map((key) => [key, String(entry[key])])),
        atMs: _aws?.Timestamp ?? 0,
        values: [entry[Name]].flat().map(Number),
      })),
    ),
  );
};
