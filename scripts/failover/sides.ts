import { RDSClient } from "@aws-sdk/client-rds";
import { Route53Client } from "@aws-sdk/client-route-53";
import { SSMClient } from "@aws-sdk/client-ssm";
import { PlainError } from "../../app/local/plain-error.ts";
import { capabilities, type Environment, regionPlans } from "../../regions/index.ts";
import { nameOf } from "../../stacks/names.ts";
import { clientSettings } from "../preflight/client-settings.ts";
import { type Target, targetOf } from "../release/target.ts";

/** A region as a failover sees it: what a release knows of it, and its database. */
export interface Side extends Target {
  readonly database: string;
  readonly rds: RDSClient;
  /** Gives up after seconds: this region may be lost. */
  readonly quickSsm: SSMClient;
}

export interface Sides {
  readonly environment: Environment;
  readonly from: Side;
  readonly to: Side;
  /** Route 53 answers from the whole world; its changes are taken in us-east-1, and neither needs our regions. */
  readonly route53: Route53Client;
  readonly homePlace: string;
}

const lostRegion = { maxAttempts: 1, requestHandler: { connectionTimeout: 3_000, requestTimeout: 4_000, throwOnRequestTimeout: true } };

/** Both, home first. */
export const sidesOf = (environment: Environment): readonly [Side, Side] => {
  const [home, away] = regionPlans(environment).map((plan): Side => {
    const target = targetOf(environment, plan);
    return {
      ...target,
      database: nameOf("database", { environment: environment.name, place: target.place, part: "main" }),
      rds: new RDSClient(clientSettings(plan.region)),
      quickSsm: new SSMClient({ region: plan.region, ...lostRegion }),
    };
  });
  return [home as Side, away as Side];
};

export function towards(environment: Environment, region: string | undefined): Sides {
  const sides = sidesOf(environment);
  const to = sides.find((side) => side.region === region);
  const from = sides.find((side) => side !== to);
  if (!to || !from)
    throw new PlainError(
      `${environment.name} has no region ${region ?? ""}: give --to ${sides.map((side) => side.region).join(" or ")}.`,
      2,
    );
  const route53 = new Route53Client(clientSettings("us-east-1"));
  return { environment, from, to, route53, homePlace: capabilities[regionPlans(environment)[0].region].place };
}
