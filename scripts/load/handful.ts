import type { Scenario } from "./scenarios.ts";

const failures = 4;
const dayMs = 86_400_000;

/** One load and four failures, chosen by the day alone: every scenario has its turn, and a day's choice can be had again. */
export function handfulOf(day: string, scenarios: readonly Scenario[]): readonly Scenario[] {
  const number = Date.parse(`${day}T00:00:00Z`) / dayMs;
  // One that needs a system of its own would take as long as the four others.
  const choosable = scenarios.filter(({ apart, env }) => !apart && !env);
  const of = (kind: Scenario["kind"]) => choosable.filter((scenario) => scenario.kind === kind);
  const pick = (from: readonly Scenario[], turn: number) => from[turn % from.length] as Scenario;
  const broken = of("failure");
  return [pick(of("load"), number), ...Array.from({ length: failures }, (_, index) => pick(broken, number * failures + index))];
}
