import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { objectiveNames } from "../../dashboards/slo.ts";
import { createMetrics } from "../platform/metrics.ts";
import { type Answered, countAnswer, objectiveOf } from "./slo-events.ts";

const counted = (answer: Answered) => {
  const metrics = createMetrics();
  countAnswer(metrics, answer);
  return metrics.embeddedLines(0).map(({ slo, good }) => `${slo} ${good}`);
};
const confirm = "POST /api/v1/charges/:chargeId/confirm";

test("a refusal is an answer; a fault, a late answer and a confirm whose outcome is unknown are bad events", () => {
  expect(counted({ route: confirm, status: 200, elapsedMs: 40 })).toEqual(["confirm true"]);
  expect(counted({ route: confirm, status: 402, elapsedMs: 40 })).toEqual(["confirm true"]);
  expect(counted({ route: confirm, status: 202, elapsedMs: 40 })).toEqual(["confirm false"]);
  expect(counted({ route: confirm, status: 503, elapsedMs: 40 })).toEqual(["confirm false"]);
  expect(counted({ route: confirm, status: 200, elapsedMs: 2_001 })).toEqual(["confirm false"]);
  expect(counted({ route: "GET /api/v1/menu/items", status: 200, elapsedMs: 801 })).toEqual(["read false"]);
  expect(counted({ route: "POST /api/v1/orders", status: 201, elapsedMs: 801 })).toEqual(["other true"]);
});

test("streams and what machines ask are no promise to a person", () => {
  for (const route of [
    "GET /ready",
    "GET /metrics",
    "GET unmatched",
    "GET /api/v1/ws/me",
    "GET /api/v1/pos/stream",
    "GET /api/v1/admin/orders/stream",
  ])
    expect(objectiveOf(route), route).toBeUndefined();
});

test("every operation of the API belongs to an objective or is a stream or a question of machines", () => {
  const { paths } = JSON.parse(readFileSync(new URL("../../docs/openapi.json", import.meta.url), "utf8")) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const routes = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`),
  );
  const none = routes.filter((route) => !objectiveOf(route));
  expect(
    none.filter(
      (route) => !/\/(stream|ws\/.+|health|ready|metrics|docs|docs\/:file|ops|ops\/page\.\w+|openapi\.json|jwks\.json|verify)$/.test(route),
    ),
  ).toEqual([]);
  const found = new Set(routes.map(objectiveOf));
  for (const name of ["scan", "confirm", "read", "other"] as const) expect(found.has(name), name).toBe(true);
  expect(objectiveNames).toContain("prompt");
});
