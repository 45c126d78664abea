import { boards } from "../../dashboards/boards.ts";
import type { Metrics } from "../../dashboards/evaluator/metrics.ts";
import { type ObjectiveName, objectiveNames, objectives } from "../../dashboards/slo.ts";
import type { Platform } from "../platform/context.ts";
import { sql } from "../platform/postgres.ts";
import { drawChart } from "./draw-chart.ts";
import { keptHours } from "./metric-samples.ts";
import { linesOf } from "./panel-lines.ts";
import type { RingingAlarm, Watch } from "./watch.ts";

export interface Budget {
  readonly objective: ObjectiveName;
  readonly promise: string;
  readonly target: number;
  readonly events: number;
  readonly bad: number;
  /** Of what these hours may spend; above 1 the promise is broken. */
  readonly spent: number;
}

export interface Queue {
  readonly topic: string;
  readonly waiting: number;
  readonly dead: number;
}

export interface Deploy {
  readonly version: string;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
  readonly processes: number;
}

export interface Ops {
  readonly alarms: readonly RingingAlarm[];
  readonly budgets: readonly Budget[];
  readonly queues: readonly Queue[];
  readonly deploys: readonly Deploy[];
  readonly boards: readonly {
    readonly name: string;
    readonly title: string;
    readonly question: string;
    readonly charts: readonly string[];
  }[];
}

const hourMs = 3_600_000;

/** How the campus is, by what its processes wrote in the last day: the same numbers, thresholds and alarms as in CloudWatch. */
export async function readOps({ db }: Platform, watch: Watch, nowMs: number): Promise<Ops> {
  const alarms = await watch.look(nowMs);
  const [queues, deploys] = await Promise.all([
    db.rows<Queue>(sql`
      select topic, count(*) filter (where dead_at is null) as waiting, count(*) filter (where dead_at is not null) as dead
      from outbox where done_at is null group by topic order by topic`),
    db.rows<Deploy>(sql`
      select version, min(at) as first_seen, max(at) as last_seen, count(distinct process) as processes
      from metric_samples group by version order by min(at) desc limit 10`),
  ]);
  return { alarms, budgets: budgetsOf(watch.metrics, nowMs), queues, deploys, boards: drawBoards(watch.metrics, nowMs) };
}

const budgetsOf = (metrics: Metrics, nowMs: number): readonly Budget[] =>
  objectiveNames.map((objective) => {
    const count = (good: boolean) =>
      metrics.read(
        { namespace: "CampusPay", name: "SloEvents", dimensions: { slo: objective, good: String(good) } },
        "Sum",
        nowMs - keptHours * hourMs,
        keptHours * 3_600,
      ) ?? 0;
    const { promise, target } = objectives[objective];
    const [good, bad] = [count(true), count(false)];
    const events = good + bad;
    return { objective, promise, target, events, bad, spent: events === 0 ? 0 : bad / (events * (1 - target)) };
  });

const drawBoards = (metrics: Metrics, nowMs: number) =>
  boards
    .map(({ name, title, question, panels }) => ({
      name,
      title,
      question,
      charts: panels.flatMap((panel) => {
        const lines = linesOf(panel, metrics, nowMs);
        return lines === undefined ? [] : [drawChart({ title: panel.title, unit: panel.unit, lines, limit: panel.line, untilMs: nowMs })];
      }),
    }))
    .filter(({ charts }) => charts.length > 0);
