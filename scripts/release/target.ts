import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { EC2Client } from "@aws-sdk/client-ec2";
import { S3Client } from "@aws-sdk/client-s3";
import { SSMClient } from "@aws-sdk/client-ssm";
import { type Command, refuse } from "../../app/local/command.ts";
import { PlainError } from "../../app/local/plain-error.ts";
import { capabilities, type Environment, environments, type RegionPlan } from "../../regions/index.ts";
import { bucketName, nameOf } from "../../stacks/names.ts";
import { clientSettings } from "../preflight/client-settings.ts";

export function environmentNamed(name: string | undefined): Environment {
  const environment = name === undefined ? undefined : environments[name];
  if (environment) return environment;
  throw new PlainError(
    `there is no environment ${name === undefined ? "named" : `"${name}"`}: give one of ${Object.keys(environments).join(", ")}.`,
    2,
  );
}

/** Of a command that takes an environment and nothing else. */
export function onlyEnvironment(command: Pick<Command, "name">, [name, ...more]: readonly string[]): Environment {
  if (more.length > 0) throw refuse(command, `"${more.join(" ")}" is too much.`);
  return environmentNamed(name);
}

/** The address that students know, or the one that was said in its place. */
export const publicUrl = ({ domain }: Environment, said: string | undefined): string => (said ?? `https://${domain}`).replace(/\/$/, "");

/** CI and the rehearsal name the account; everybody else has it in regions/. */
const accountOf = (environment: Environment): string => process.env.CAMPUS_ACCOUNT_ID ?? environment.accountId;

/** One region of an environment: its names, and a client of each service that a release asks. */
export interface Target {
  readonly environment: Environment;
  readonly plan: RegionPlan;
  readonly region: string;
  readonly place: string;
  /** Of the Auto Scaling group and of its launch template, which share it: the colour that serves. */
  readonly fleet: string;
  readonly artifactsBucket: string;
  readonly webBucket: string;
  /** What runs and what ran before, as JSON; Parameter Store keeps the last hundred. */
  readonly record: string;
  readonly autoScaling: AutoScalingClient;
  readonly ec2: EC2Client;
  readonly s3: S3Client;
  readonly ssm: SSMClient;
}

export const releaseParameter = (environment: string): string => `/campus/${environment}/release`;

export function targetOf(environment: Environment, plan: RegionPlan): Target {
  const { place } = capabilities[plan.region];
  const [fleet] = [...plan.api.fleets].sort((one, other) => other.weightPercent - one.weightPercent);
  if (!fleet) throw new PlainError(`${plan.region} has no fleet in regions/environments/${environment.name}.ts.`);
  const naming = (part: string) => ({ environment: environment.name, place, part });
  const settings = clientSettings(plan.region);
  return {
    environment,
    plan,
    region: plan.region,
    place,
    fleet: nameOf("other", naming(fleet.colour)),
    artifactsBucket: bucketName(naming("artifacts"), accountOf(environment)),
    webBucket: bucketName(naming("web"), accountOf(environment)),
    record: releaseParameter(environment.name),
    autoScaling: new AutoScalingClient(settings),
    ec2: new EC2Client(settings),
    s3: new S3Client({ ...settings, forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined }),
    ssm: new SSMClient(settings),
  };
}

/** The standby first: nobody is served there, so what is wrong with a version is seen where it hurts nobody. */
export const targetsOf = (environment: Environment, region?: string): readonly Target[] => {
  const all = [environment.standby, environment.primary].map((plan) => targetOf(environment, plan));
  const chosen = all.filter((target) => region === undefined || target.region === region);
  if (chosen.length > 0) return chosen;
  throw new PlainError(`${environment.name} has no region ${region}: it has ${all.map((target) => target.region).join(" and ")}.`, 2);
};

export const digestOf = (text: string | undefined): string => {
  if (text !== undefined && /^[0-9a-f]{64}$/.test(text)) return text;
  throw new PlainError(`"${text ?? ""}" is no artifact: give the sha256 that npm run publish printed.`, 2);
};
