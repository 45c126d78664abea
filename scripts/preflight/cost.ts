import { capabilities, type Environment, type RegionPlan, regionPlans } from "../../regions/index.ts";

const parts = ["network", "security", "database", "cache", "api", "analytics", "logs"] as const;

/** What the sizes of an environment cost a month, from the numbers beside them. */
export function costTable(environment: Environment): string {
  const plans = regionPlans(environment);
  const row = (name: string, amounts: readonly number[]) => [name.padEnd(12), ...amounts.map((usd) => String(usd).padStart(10))].join("");
  const of = (plan: RegionPlan) => parts.reduce((sum, part) => sum + plan[part].monthlyUsd, 0);
  const total = plans.reduce((sum, plan) => sum + of(plan), environment.edge.monthlyUsd);
  return [
    ["USD a month".padEnd(12), ...plans.map((plan) => capabilities[plan.region].city.padStart(10))].join(""),
    ...parts.map((part) =>
      row(
        part,
        plans.map((plan) => plan[part].monthlyUsd),
      ),
    ),
    row("sum", plans.map(of)),
    `edge ${environment.edge.monthlyUsd}, in all ${total} of a budget of ${environment.monthlyBudgetUsd}`,
  ].join("\n");
}
