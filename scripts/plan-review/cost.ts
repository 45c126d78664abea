import { monthly, monthlyOf } from "../cost/prices.ts";
import type { Json } from "../rehearse/terraform-json.ts";
import { changesAnything, creates, type Finding, type Plan, type ResourceChange, removes, type Side } from "./plan.ts";

/** From so much more a month on, over all plans, somebody has to say yes. */
export const gateFromUsdAMonth = 50;
/** What one accepts to accept the sum. */
export const costAddress = "cost";

export type CostChange = { readonly plan: string; readonly address: string; readonly deltaUsd: number };
export type Costs = { readonly changes: readonly CostChange[]; readonly unpriced: readonly string[]; readonly deltaUsd: number };

const zonesOfAnEndpoint = 3;
const smallestChangeUsd = 0.005;

const number = (value: unknown): number => (typeof value === "number" ? value : 0);
const lengthOf = (value: unknown): number => (Array.isArray(value) ? value.length : 0);

/** What one resource costs a month for standing there; "unknown" when the table has no price for its size. */
type Price = number | "unknown";
type Pricer = (body: Json, plan: Plan, side: Side) => Price;

const times = (size: unknown, count: number, plan: Plan, extra = 0): Price => {
  const price = monthlyOf(String(size), plan.place);
  return price === undefined ? "unknown" : price * count + extra;
};

const database: Pricer = (body, plan) => {
  const copies = body.multi_az === true ? 2 : 1;
  return times(body.instance_class, copies, plan, number(body.allocated_storage) * copies * monthly.databaseGib);
};

/** A group's machines are as large as its launch template says, which is a resource of its own. */
const machines: Pricer = (body, plan, side) => {
  const template = plan.changes.find((change) => change.type === "aws_launch_template" && "instance_type" in change[side]);
  const count = number(body.min_size);
  return count === 0 ? 0 : times(template?.[side].instance_type, count, plan);
};

const endpoint: Pricer = (body) => {
  if (body.vpc_endpoint_type !== "Interface") return 0;
  return (lengthOf(body.subnet_ids) || zonesOfAnEndpoint) * monthly.interfaceEndpointPerZone;
};

const pricers: Readonly<Record<string, Pricer>> = {
  aws_autoscaling_group: machines,
  aws_cloudwatch_metric_alarm: () => monthly.alarm,
  aws_db_instance: database,
  aws_eip: () => monthly.publicAddress,
  aws_elasticache_replication_group: (body, plan) => times(body.node_type, number(body.num_cache_clusters), plan),
  aws_instance: (body, plan) => times(body.instance_type, 1, plan),
  aws_kms_key: () => monthly.key,
  aws_kms_replica_key: () => monthly.key,
  aws_lb: () => monthly.loadBalancer,
  aws_nat_gateway: () => monthly.nat,
  aws_route53_health_check: () => monthly.healthCheck,
  aws_route53_zone: () => monthly.zone,
  aws_secretsmanager_secret: (body) => monthly.secretCopy * (1 + lengthOf(body.replica)),
  aws_vpc_endpoint: endpoint,
  aws_wafv2_web_acl: (body) => monthly.webAcl + lengthOf(body.rule) * monthly.webAclRule,
};

const priceOf = (plan: Plan, change: ResourceChange, side: Side): Price => {
  const isThere = side === "before" ? !creates(change) : !removes(change);
  return isThere ? (pricers[change.type]?.(change[side], plan, side) ?? 0) : 0;
};

export const costsOf = (plans: readonly Plan[]): Costs => {
  const priced = plans.flatMap((plan) =>
    plan.changes.map((change) => ({
      plan: plan.name,
      change,
      before: priceOf(plan, change, "before"),
      after: priceOf(plan, change, "after"),
    })),
  );
  const changes = priced.flatMap(({ plan, change, before, after }) => {
    if (before === "unknown" || after === "unknown") return [];
    return Math.abs(after - before) < smallestChangeUsd ? [] : [{ plan, address: change.address, deltaUsd: after - before }];
  });
  const unpriced = priced
    .filter(({ change, before, after }) => (before === "unknown" || after === "unknown") && changesAnything(change))
    .map(({ plan, change }) => `${plan}/${change.address}`);
  return { changes, unpriced, deltaUsd: changes.reduce((sum, { deltaUsd }) => sum + deltaUsd, 0) };
};

export const usd = (amount: number): string => `${amount < 0 ? "-" : "+"}${Math.abs(amount).toFixed(2)} USD a month`;

export const costFindings = (costs: Costs): readonly Finding[] => {
  const unpriced = costs.unpriced.map((address): Finding => {
    const mend = "add its size to scripts/cost/prices.ts, so that its cost is known before it is there.";
    return { kind: "cost", address, says: "has a size that the price table does not know", mend };
  });
  if (costs.deltaUsd < gateFromUsdAMonth) return unpriced;
  const mend = `give it a budget in regions/ and say so with --accept ${costAddress}="…" (gated from ${gateFromUsdAMonth} USD on).`;
  return [...unpriced, { kind: "cost", address: costAddress, says: `all plans together cost ${usd(costs.deltaUsd)}`, mend }];
};
