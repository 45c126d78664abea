import { expect, test } from "vitest";
import { drawComparison, renderTable, summaryOf, targetsOf } from "./report.ts";

const measured = (perSecond: number, cpuMs: number) => ({ perSecond, cpuMs, p95Ms: 10 });
/** In the second round the machine was half as fast for all. */
const rounds = [
  { limit: measured(3_000, 0.6), payment: measured(600, 3), peer: measured(100, 12), ledger: measured(800, 2) },
  { limit: measured(1_500, 0.6), payment: measured(300, 3), peer: measured(50, 12), ledger: measured(400, 2) },
  { limit: measured(3_000, 0.6), payment: measured(600, 3), peer: measured(120, 12), ledger: measured(800, 2) },
];
const settings = { rounds: 3, connections: 32, driver: "pgbench", machine: "2 × a processor", load_average: [0.1, 1] };

test("a ratio is of one round, so a machine that slows down for all changes none", () => {
  const { payment_to } = summaryOf(rounds, "a ledger");
  expect(payment_to.peer?.rate).toEqual({ median: 6, least: 5, most: 6 });
  expect(payment_to.limit?.rate).toEqual({ median: 0.2, least: 0.2, most: 0.2 });
  expect(payment_to.peer?.cpu.median).toBe(0.25);
});

test("T6 and T8 are printed with their spread, and what is not reached is named", () => {
  const found = targetsOf(summaryOf(rounds, "a ledger"));
  expect(found.map(({ line }) => line)).toEqual([
    "T6: 6.00 × (5.00 to 6.00) the peer's rate, 0.25 × (0.25 to 0.25) its CPU",
    "T8: 0.75 × (0.75 to 0.75) the rate of one transfer, 1.50 × (1.50 to 1.50) its CPU",
  ]);
  expect(found.flatMap(({ missed }) => missed)).toEqual([
    "T8: 0.75 × the rate of one transfer, at least 1.2 ×",
    "T8: 1.50 × the CPU of one transfer, at most 0.9 ×",
  ]);
});

test("whoever did not take part stands neither in the table nor in the chart", () => {
  const summary = summaryOf(
    rounds.map(({ limit, payment, peer }) => ({ limit, payment, peer })),
    undefined,
  );
  expect(renderTable(summary, settings)).not.toMatch(/transfer|one confirm/);
  expect(targetsOf(summary)).toHaveLength(1);
  const chart = drawComparison(summary);
  expect(chart).toContain(">600</text>");
  expect(chart).not.toContain("ledger server");
});
