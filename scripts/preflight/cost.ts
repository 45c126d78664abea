import { capabilities, type Environment, regionPlans } from "../../regions/index.ts";
import { costedParts, totalOf, totalOfEnvironment } from "../cost/page.ts";

/** What the sizes of an environment cost a month, from the numbers beside them. */
export function costTable(environment: Environment): string {
  const plans = regionPlans(environment);
  const row = (name: string, amounts: readonly number[]) => [name.padEnd(12), ...amounts.map((usd) => String(usd).padStart(10))].join("");
  return [
    ["USD a month".padEnd(12), ...plans.map((plan) => capabilities[plan.region].city.padStart(10))].join(""),
    ...costedParts.map((part) =>
      row(
        part,
        plans.map((plan) => plan[part].monthlyUsd),
      ),
    ),
    row("sum", plans.map(totalOf)),
    `edge ${environment.edge.monthlyUsd}, in all ${totalOfEnvironment(environment)} of a budget of ${environment.monthlyBudgetUsd}`,
  ].join("\n");
}
