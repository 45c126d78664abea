import { cloudWatchNamespace, declaredMetrics } from "../app/platform/metric-table.ts";
import type { AppSeries, AwsSeries, Board, Panel, PromiseSeries, Series } from "./boards.ts";

/** What stands behind "{database}": none, one, or several things by their names. */
export type Things = Readonly<Record<string, readonly string[]>>;

const columns = 3;
const width = 24 / columns;
const height = 6;
const periodSeconds = 60;
/** AWS refuses more. */
export const limits = { widgets: 500, metrics: 2_500, metricsOfAWidget: 500 } as const;

type Metric = readonly unknown[];

/** A board as CloudWatch's dashboard body has it. `alarms` are shown above its graphs. */
export function dashboardBody(
  board: Board,
  place: { readonly region: string; readonly things: Things; readonly alarms: readonly string[] },
) {
  const graphs = board.panels.map((panel) => graph(panel, place)).filter((one) => one !== undefined);
  const words = { type: "text", x: 0, y: 0, width: 24, height: 2, properties: { markdown: `# ${board.title}\n${board.question}` } };
  const states =
    place.alarms.length === 0
      ? []
      : [{ type: "alarm", x: 0, y: 2, width: 24, height: 3, properties: { title: "Alarms that wake somebody", alarms: place.alarms } }];
  const top = 2 + states.length * 3;
  const placed = graphs.map((properties, index) => ({
    type: "metric",
    x: (index % columns) * width,
    y: top + Math.floor(index / columns) * height,
    width,
    height,
    properties,
  }));
  const widgets = [words, ...states, ...placed];
  const metrics = graphs.reduce((sum, one) => sum + one.metrics.length, 0);
  if (widgets.length > limits.widgets || metrics > limits.metrics || graphs.some((one) => one.metrics.length > limits.metricsOfAWidget))
    throw new Error(
      `the dashboard ${board.name} has ${widgets.length} widgets and ${metrics} metrics; CloudWatch allows ${limits.widgets} and ${limits.metrics}.`,
    );
  return { start: "-PT3H", periodOverride: "inherit", widgets };
}

function graph(panel: Panel, { region, things }: { readonly region: string; readonly things: Things }) {
  const metrics = panel.series.flatMap((series, index) => metricsOf(series, things, `s${index}`));
  // A thing that this region has not (a copy's lag at the writer's) is not drawn empty.
  if (metrics.length === 0) return undefined;
  return {
    title: panel.title,
    region,
    view: "timeSeries",
    period: periodSeconds,
    metrics,
    ...(panel.unit === "percent" ? { yAxis: { left: { max: 100 } } } : { yAxis: { left: { min: 0 } } }),
    ...(panel.line ? { annotations: { horizontal: [panel.line] } } : {}),
  };
}

const metricsOf = (series: Series, things: Things, id: string): readonly Metric[] => {
  if ("promise" in series) return promiseMetrics(series, id);
  return "app" in series ? appMetrics(series, id) : awsMetrics(series, things, id);
};

const promiseMetrics = ({ promise: slo }: PromiseSeries, id: string): readonly Metric[] => {
  const events = (good: boolean) => [
    cloudWatchNamespace,
    "SloEvents",
    "slo",
    slo,
    "good",
    String(good),
    { id: `${id}${good ? "good" : "bad"}`, visible: false, stat: "Sum" },
  ];
  const expression = `100 * FILL(${id}good, 0) / (FILL(${id}good, 0) + FILL(${id}bad, 0))`;
  return [events(true), events(false), [{ expression, label: slo, id }]];
};

function appMetrics({ app, statistic, where = {} }: AppSeries, id: string): readonly Metric[] {
  const metric = declaredMetrics[app];
  if (!("cloudWatch" in metric)) return []; // of a route or a code there are hundreds: Logs Insights and Prometheus draw those
  const { name } = metric.cloudWatch;
  const open = metric.labels.filter((label) => !(label in where));
  if (open.length > 0) return [[search(name, metric.labels, where, statistic, id)]];
  return [[cloudWatchNamespace, name, ...metric.labels.flatMap((label) => [label, where[label]]), { stat: statistic, id }]];
}

const search = (name: string, labels: readonly string[], where: Readonly<Record<string, string>>, statistic: string, id: string) => {
  const also = Object.entries(where).map(([label, value]) => ` ${label}="${value}"`);
  return {
    expression: `SEARCH('{${[cloudWatchNamespace, ...labels].join(",")}} MetricName="${name}"${also.join("")}', '${statistic}', ${periodSeconds})`,
    id,
    label: "",
  };
};

function awsMetrics({ namespace, name, dimensions, statistic, eachOf }: AwsSeries, things: Things, id: string): readonly Metric[] {
  if (eachOf) return [[search(name, [eachOf], {}, statistic, id)]];
  let sets: readonly (readonly (readonly [string, string])[])[] = [[]];
  for (const [dimension, value] of Object.entries(dimensions)) {
    const [, placeholder] = /^\{(.+)\}$/.exec(value) ?? [];
    const values = placeholder === undefined ? [value] : (things[placeholder] ?? unknownThing(placeholder));
    sets = sets.flatMap((set) => values.map((one) => [...set, [dimension, one] as const]));
  }
  return sets.map((set, index) => [namespace, name, ...set.flat(), { stat: statistic, id: `${id}n${index}` }]);
}

const unknownThing = (placeholder: string): never => {
  throw new Error(`a panel is of {${placeholder}}, and nobody says what that is; give it in the things of stacks/observability.ts.`);
};
