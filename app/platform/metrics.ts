import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { cloudWatchNamespace, type Declared, declaredMetrics, type MetricName, type MetricTable, type Unit } from "./metric-table.ts";

const milliseconds = [1, 2.5, 5, 10, 25, 50, 100, 200, 300, 400, 800, 1_500, 3_000, 10_000, 30_000];

type NamesOf<K extends Declared["kind"]> = { [N in MetricName]: MetricTable[N]["kind"] extends K ? N : never }[MetricName];
type LabelsOf<N extends MetricName> = Readonly<Record<MetricTable[N]["labels"][number], string>>;

export interface Metrics {
  count<N extends NamesOf<"counter">>(name: N, labels: LabelsOf<N>, by?: number): void;
  observe<N extends NamesOf<"histogram">>(name: N, labels: LabelsOf<N>, value: number): void;
  set<N extends NamesOf<"gauge">>(name: N, labels: LabelsOf<N>, value: number): void;
  text(): Promise<string>;
  /** One embedded-metric line for each metric and label set that moved since the last call. */
  embeddedLines(nowMs: number): Record<string, unknown>[];
}

const maxValuesPerLine = 100;

interface Moved {
  readonly name: MetricName;
  readonly labels: Readonly<Record<string, string>>;
  sum: number;
  seen: number;
  readonly samples: number[];
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const counters = new Map<string, Counter>();
  const histograms = new Map<string, Histogram>();
  const gauges = new Map<string, Gauge>();
  for (const [name, metric] of Object.entries(declaredMetrics)) {
    const options = { name: `campus_${name}`, help: metric.help, labelNames: [...metric.labels], registers: [registry] };
    if (metric.kind === "counter") counters.set(name, new Counter(options));
    else if (metric.kind === "histogram") histograms.set(name, new Histogram({ ...options, buckets: milliseconds }));
    else {
      const gauge = new Gauge(options);
      // It would begin at 0, which nobody has measured.
      if (metric.labels.length === 0) gauge.remove();
      gauges.set(name, gauge);
    }
  }
  const moved = new Map<string, Moved>();
  const move = (name: MetricName, labels: Readonly<Record<string, string>>): Moved => {
    const key = `${name}|${Object.values(labels).join("|")}`;
    let entry = moved.get(key);
    if (!entry) {
      entry = { name, labels, sum: 0, seen: 0, samples: [] };
      moved.set(key, entry);
    }
    return entry;
  };

  return {
    count(name, labels, by = 1) {
      counters.get(name)?.inc(labels, by);
      move(name, labels).sum += by;
    },
    observe(name, labels, value) {
      histograms.get(name)?.observe(labels, value);
      const entry = move(name, labels);
      entry.seen += 1;
      // A reservoir: past the line's limit the n-th value is kept with a chance of limit ÷ n, so the sample stays fair.
      const place = entry.seen <= maxValuesPerLine ? entry.samples.length : Math.floor(Math.random() * entry.seen);
      if (place < maxValuesPerLine) entry.samples[place] = value;
    },
    set(name, labels, value) {
      gauges.get(name)?.set(labels, value);
      move(name, labels).sum = value;
    },
    text: () => registry.metrics(),
    embeddedLines(nowMs) {
      const lines = [...moved.values()].flatMap((entry) => embeddedLine(entry, nowMs));
      moved.clear();
      return lines;
    },
  };
}

function embeddedLine(entry: Moved, nowMs: number): Record<string, unknown>[] {
  const metric: Declared = declaredMetrics[entry.name];
  // CloudWatch takes finite numbers only: what is not one is missing there.
  if (!metric.cloudWatch || !Number.isFinite(entry.sum)) return [];
  return [
    embeddedMetric(nowMs, entry.labels, {
      [metric.cloudWatch.name]: { unit: metric.cloudWatch.unit, value: metric.kind === "histogram" ? entry.samples : entry.sum },
    }),
  ];
}

interface EmbeddedValue {
  readonly unit: Unit;
  readonly value: number | readonly number[];
}

/** A log line that CloudWatch reads as metrics. `properties` are searchable in the log and are no dimension. */
export function embeddedMetric(
  nowMs: number,
  dimensions: Readonly<Record<string, string>>,
  values: Readonly<Record<string, EmbeddedValue>>,
  properties: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    _aws: {
      Timestamp: nowMs,
      CloudWatchMetrics: [
        {
          Namespace: cloudWatchNamespace,
          Dimensions: [Object.keys(dimensions)],
          Metrics: Object.entries(values).map(([Name, { unit }]) => ({ Name, Unit: unit })),
        },
      ],
    },
    ...dimensions,
    ...Object.fromEntries(Object.entries(values).map(([name, { value }]) => [name, value])),
    ...properties,
  };
}
