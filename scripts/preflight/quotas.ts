import { GetServiceQuotaCommand, ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import type { RegionPlan } from "../../regions/index.ts";
import { clientSettings } from "./client-settings.ts";
import { type Finding, fine, note, stop } from "./finding.ts";

type Need = { readonly what: string; readonly service: string; readonly code: string; readonly need: number };

const vcpusOf: Readonly<Record<string, number>> = { micro: 2, small: 2, medium: 2, large: 2, xlarge: 4, "2xlarge": 8, "4xlarge": 16 };

/** CloudFront's prefix list counts as 55 rules wherever it is named. */
const cloudFrontListWeight = 55;

function needsOf(plan: RegionPlan): Need[] {
  const machines = plan.api.fleets.reduce((sum, fleet) => sum + fleet.maxInstances, 0);
  const vcpus = machines * (vcpusOf[plan.api.instanceType.split(".")[1] ?? ""] ?? 8);
  return [
    { what: "virtual processors of machines", service: "ec2", code: "L-1216C47A", need: vcpus },
    { what: "elastic addresses", service: "ec2", code: "L-0263D0A3", need: plan.network.nat === "one" ? 1 : 3 },
    { what: "networks", service: "vpc", code: "L-F678F1CE", need: 1 },
    { what: "rules of a security group", service: "vpc", code: "L-0EA8095F", need: cloudFrontListWeight + 1 },
    { what: "databases", service: "rds", code: "L-7B6409FD", need: 1 },
  ];
}

/** The account's limits against what the plan can grow to. What stands already is not subtracted. */
export async function checkQuotas(plan: RegionPlan): Promise<Finding[]> {
  const quotas = new ServiceQuotasClient(clientSettings(plan.region));
  try {
    return await Promise.all(needsOf(plan).map((need) => checkQuota(quotas, plan.region, need)));
  } finally {
    quotas.destroy();
  }
}

async function checkQuota(quotas: ServiceQuotasClient, region: string, { what, service, code, need }: Need): Promise<Finding> {
  const about = `quota in ${region}`;
  const answer = await quotas.send(new GetServiceQuotaCommand({ ServiceCode: service, QuotaCode: code })).catch((error: Error) => error);
  if (answer instanceof Error) return note(about, `${what}: not known (${answer.name}); ${need} are needed`);
  const limit = answer.Quota?.Value ?? 0;
  if (limit >= need) return fine(about, `${what}: ${need} of ${limit}`);
  const ask = `aws service-quotas request-service-quota-increase --region ${region} --service-code ${service} --quota-code ${code} --desired-value ${need}`;
  return stop(about, `${what}: ${need} are needed and ${limit} allowed`, `${ask} (hours to days), or smaller sizes in regions/.`);
}
