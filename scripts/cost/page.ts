import { boardsNamed } from "../../dashboards/boards.ts";
import { capabilities, type Environment, environments, type RegionPlan, regionPlans } from "../../regions/index.ts";
import { firstDashboards, machinesOf } from "./estimate.ts";
import { ceilingOf, lunchLogBytes, lunchPayments, watchingCost } from "./watching.ts";

export const costPage = "docs/platform/cost.md";

export const costedParts = ["network", "security", "database", "cache", "api", "analytics", "canary", "watching", "logs"] as const;
type Part = (typeof costedParts)[number];

/** What one pays for, in the words of the sizes. */
const sizes: Readonly<Record<Part, (plan: RegionPlan) => string>> = {
  network: ({ network, region }) => {
    const gateways = network.nat === "one" ? "1 NAT gateway" : `${capabilities[region].zones.length} NAT gateways`;
    return [gateways, ...(network.interfaceEndpoints.length > 0 ? [`endpoints for ${network.interfaceEndpoints.join(", ")}`] : [])].join(
      ", ",
    );
  },
  security: ({ security }) =>
    ["keys, secrets, trail", ...(security.guardDuty ? ["GuardDuty"] : []), ...(security.configRecorder ? ["Config"] : [])].join(", "),
  database: ({ database, role }) => {
    const zones = database.multiAz.on ? "Multi-AZ" : "one zone";
    return `${database.instanceClass}, ${zones}, ${database.storageGib} GiB${role === "standby" ? ", read replica" : ""}`;
  },
  cache: ({ cache }) => `${cache.nodes} × ${cache.nodeType}, ${cache.engine}`,
  api: (plan) => `${machinesOf(plan).toFixed(1)} × ${plan.api.instanceType} on average, load balancer with its addresses and web ACL`,
  analytics: ({ analytics, role }) => {
    const jobs = role === "primary" ? `${analytics.glueWorkers} Glue workers while a job runs` : "catalogue only, jobs are off";
    return [jobs, ...(analytics.quickSight ? ["QuickSight"] : [])].join(", ");
  },
  canary: ({ canary }) => `one visit every ${canary.everyMinutes} minutes`,
  watching: (plan) => {
    const { series, alarms, composites } = watchingCost(plan, 0);
    return `${series} series, ${alarms} metrics in alarms, ${composites} composites, ${boardsNamed(plan.watching.dashboards).length} dashboards`;
  },
  logs: ({ logs }) => `kept ${logs.retentionDays} days`,
};

export const totalOf = (plan: RegionPlan): number => costedParts.reduce((sum, part) => sum + plan[part].monthlyUsd, 0);

export const totalOfEnvironment = (environment: Environment): number =>
  regionPlans(environment).reduce((sum, plan) => sum + totalOf(plan), environment.edge.monthlyUsd);

export const renderCostPage = (): string =>
  [
    "# What the platform costs a month",
    "",
    "<!-- Written by `npm run cost` from regions/. Do not edit. -->",
    "",
    "In USD. Each number stands in `regions/environments/` beside the size it pays for; `npm run preflight` shows the same for one environment,",
    "and `npm run plan:review` says what a plan adds or saves.",
    "",
    "| environment | primary | standby | edge | in all | budget |",
    "|---|--:|--:|--:|--:|--:|",
    ...Object.values(environments).map((one) => {
      const amounts = [totalOf(one.primary), totalOf(one.standby), one.edge.monthlyUsd, totalOfEnvironment(one), one.monthlyBudgetUsd];
      return `| ${one.name} | ${amounts.map(grouped).join(" | ")} |`;
    }),
    "",
    ...Object.values(environments).flatMap(section),
    ...watchingSection(),
    "## What these numbers assume",
    "",
    "- Rounded on-demand prices to plan with, 730 hours a month; no tax, no savings plan, no reserved machine, no free tier. Before a budget is signed, ask AWS's calculator.",
    "- Machines at their smallest number, and at lunch's number from 10:30 to 22:00 on 22 days; what scaling adds comes on top.",
    "- Bytes out, requests, queues, messages and object storage at the load that each environment is sized for; SMS and push are bills of other firms.",
    "- Not in the sum: support plan, Shield Advanced (3,000 a month, off), data transfer of a failover, a restore drill's second database.",
    "- A test holds the sizes of network, database, cache, machines and watching to the price table in `scripts/cost/prices.ts`, within a fifth: a bigger machine with its old cost fails it.",
    "",
  ].join("\n");

const mib = (bytes: number): string => `${grouped(Math.round(bytes / 1_048_576))} MiB`;

/** Counted from the metric table, the alarms and the boards; bytes by dashboards/log-bytes.ts, which a run of payments holds. */
function watchingSection(): readonly string[] {
  const plans = Object.values(environments).flatMap((environment) => regionPlans(environment).map((plan) => ({ environment, plan })));
  return [
    "## What watching costs",
    "",
    `The last column is a ceiling: series, alarms, dashboards and lines that would cost more fail the build (\`scripts/cost/cost.test.ts\`). Bytes are those of an hour with ${grouped(lunchPayments)} payments, on the machines that lunch has.`,
    "",
    "| environment | region | series | metrics in alarms | composites | dashboards paid for | log of a lunch hour: requests | metrics | USD a month | ceiling |",
    "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ...plans.map(({ environment, plan }) => {
      const { series, alarms, composites, dashboards, monthlyUsd } = watchingCost(plan, plan.role === "primary" ? 0 : firstDashboards);
      const lunch = plan.role === "primary" ? lunchLogBytes(plan) : { payments: 0, metrics: 0 };
      const cells = [
        series,
        alarms,
        composites,
        dashboards,
        mib(lunch.payments),
        mib(lunch.metrics),
        monthlyUsd.toFixed(0),
        ceilingOf(plan),
      ];
      return `| ${environment.name} | ${plan.region} (${plan.role}) | ${cells.join(" | ")} |`;
    }),
    "",
  ];
}

const grouped = (amount: number): string => amount.toLocaleString("en-US");

const section = (environment: Environment): readonly string[] => [
  `## ${environment.name}`,
  "",
  "| region | line | size | USD |",
  "|---|---|---|--:|",
  ...regionPlans(environment).flatMap((plan) => [
    ...costedParts.map((part) => `| ${plan.region} (${plan.role}) | ${part} | ${sizes[part](plan)} | ${grouped(plan[part].monthlyUsd)} |`),
    `| ${plan.region} (${plan.role}) | **sum** | | **${grouped(totalOf(plan))}** |`,
  ]),
  `| global | edge | CloudFront ${environment.edge.priceClass}, web ACL, zone | ${grouped(environment.edge.monthlyUsd)} |`,
  `| | **in all** | budget ${grouped(environment.monthlyBudgetUsd)} | **${grouped(totalOfEnvironment(environment))}** |`,
  "",
];
