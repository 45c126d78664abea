import { isGood, type ObjectiveName } from "../../dashboards/slo.ts";
import type { Metrics } from "../platform/metrics.ts";

export interface Answered {
  /** The method and the path as declared: "POST /api/v1/pos/scans". */
  readonly route: string;
  readonly status: number;
  readonly elapsedMs: number;
}

/** Streams last as long as they like, and what machines ask of a process is no promise to a person. */
const promised = /^\w+ \/(api\/v1|t|images)\/(?!ws\/)(?!.*\/stream$)/;
const read = /^GET \/(t|images|api\/v1\/(menu|cafes|admin))\b/;

export function objectiveOf(route: string): ObjectiveName | undefined {
  if (route === "POST /api/v1/pos/scans") return "scan";
  if (route === "POST /api/v1/charges/:chargeId/confirm") return "confirm";
  if (!promised.test(route)) return undefined;
  return read.test(route) ? "read" : "other";
}

/** One event an answer, decided here and nowhere else: an alarm that summed routes and statuses later would need hundreds of series. */
export function countAnswer(metrics: Metrics, { route, status, elapsedMs }: Answered): void {
  const objective = objectiveOf(route);
  if (!objective) return;
  // A 202 of a confirm says "not known yet": honest, and not what was promised.
  const wasServed = status < 500 && !(objective === "confirm" && status === 202);
  countEvent(metrics, objective, isGood(objective, wasServed, elapsedMs));
}

export const countEvent = (metrics: Metrics, slo: ObjectiveName, good: boolean, by = 1): void =>
  metrics.count("slo_events_total", { slo, good: String(good) }, by);
