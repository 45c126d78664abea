import { capabilities, type Environment, type RegionPlan, regionPlans } from "../regions/index.ts";

/** Stops the synth when a plan asks a region for what it does not have. */
export function refuseWhatRegionsLack(environment: Environment): void {
  for (const plan of regionPlans(environment)) {
    refuseFamily(plan, "instance type", plan.api.instanceType, capabilities[plan.region].instanceFamilies);
    refuseFamily(plan, "database class", plan.database.instanceClass, capabilities[plan.region].databaseFamilies);
    refuseFamily(plan, "cache node type", plan.cache.nodeType, capabilities[plan.region].cacheFamilies);
    for (const service of servicesOf(plan)) refuseService(plan, service);
  }
  refuseMixedUpRoles(environment);
}

function refuseFamily(plan: RegionPlan, what: string, type: string, families: readonly string[]): void {
  const family = type.split(".").slice(0, -1).join(".");
  if (families.includes(family)) return;
  throw new Error(
    `${nameOf(plan)} has no ${what} ${type}: it offers ${families.join(", ")}; choose one of these for ${plan.region} in regions/.`,
  );
}

function refuseService(plan: RegionPlan, service: string): void {
  const { services } = capabilities[plan.region];
  if (services.includes(service)) return;
  throw new Error(`${nameOf(plan)} has no ${service}: it offers ${services.join(", ")}; switch it off for ${plan.region} in regions/.`);
}

function servicesOf(plan: RegionPlan): string[] {
  return [
    "glue",
    "athena",
    "backup",
    "lambda",
    "synthetics",
    "wafv2",
    ...(plan.security.guardDuty ? ["guardduty"] : []),
    ...(plan.security.configRecorder ? ["config"] : []),
    ...(plan.analytics.quickSight ? ["quicksight"] : []),
  ];
}

function refuseMixedUpRoles({ primary, standby, serving, home }: Environment): void {
  if (primary.role !== "primary" || standby.role !== "standby" || primary.region === standby.region) {
    throw new Error(
      `the regions are ${primary.region} as ${primary.role} and ${standby.region} as ${standby.role}; one of each role in two regions is needed.`,
    );
  }
  const places = [primary, standby].map((plan) => capabilities[plan.region].place);
  if (!places.includes(home)) throw new Error(`the home of the state is "${home}"; it must be one of ${places.join(", ")}.`);
  if (!places.includes(serving)) throw new Error(`the region that serves is "${serving}"; it must be one of ${places.join(", ")}.`);
}

const nameOf = (plan: RegionPlan): string => `${capabilities[plan.region].city} (${plan.region})`;
