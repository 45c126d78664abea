import { S3Backend, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { capabilities, type Environment, type RegionPlan, regionPlans } from "../../regions/index.ts";
import { AwsProvider } from "../aws.ts";
import { bucketName, type NameKind, nameOf } from "../names.ts";

export type CampusStackProps = {
  readonly environment: Environment;
  readonly part: string;
  /** Left out by the two stacks that stand once: bootstrap and global. */
  readonly plan?: RegionPlan;
};

/** A stack with its state, its provider and its tags: what every stack of the campus has in common. */
export class CampusStack extends TerraformStack {
  readonly environment: Environment;
  readonly region: string;
  readonly place: string;
  readonly part: string;

  constructor(scope: Construct, props: CampusStackProps) {
    const place = props.plan ? capabilities[props.plan.region].place : "global";
    super(scope, [props.environment.name, ...(props.plan ? [place] : []), props.part].join("-"));
    this.environment = props.environment;
    this.region = props.plan?.region ?? regionPlans(props.environment)[0].region;
    this.place = place;
    this.part = props.part;
    this.keepState();
    this.provider("aws", this.region);
    this.addOverride("terraform.required_providers.aws.source", "hashicorp/aws");
  }

  name(kind: NameKind, part: string): string {
    return nameOf(kind, { environment: this.environment.name, place: this.place, part });
  }

  arn(service: string, resource: string, region = this.region): string {
    return `arn:aws:${service}:${region}:${this.environment.accountId}:${resource}`;
  }

  /** A second provider of this stack, for the few things that live in another region. Each costs 0.4 GB while Terraform runs. */
  providerIn(region: string, alias: string): AwsProvider {
    return this.provider(`aws-${alias}`, region, alias);
  }

  get tags(): Record<string, string> {
    return {
      Project: "campus-pay",
      Environment: this.environment.name,
      Place: this.place,
      Stack: this.node.id,
      Owner: this.environment.owner,
      CostCentre: this.environment.costCentre,
      ManagedBy: "cdktf",
    };
  }

  private provider(id: string, region: string, alias?: string): AwsProvider {
    return new AwsProvider(this, id, {
      region,
      allowedAccountIds: [this.environment.accountId],
      defaultTags: [{ tags: this.tags }],
      ...(alias ? { alias } : {}),
    });
  }

  private keepState(): void {
    const backend = new S3Backend(this, {
      ...stateOf(this.environment),
      key: `${this.node.id}.tfstate`,
      encrypt: true,
    });
    backend.addOverride("use_lockfile", true); // the binding's type lacks it
  }
}

/** At home, or the copy in the other region on the day that home is lost. */
function stateOf(environment: Environment): { readonly bucket: string; readonly region: string } {
  const [home, away] = regionPlans(environment);
  const fromCopy = environment.stateFrom === "copy";
  const part = fromCopy ? "state-copy" : "state";
  const bucket = bucketName({ environment: environment.name, place: "global", part }, environment.accountId);
  return { bucket, region: (fromCopy ? away : home).region };
}

/** The campus stack that a construct stands in. */
export function campusOf(construct: Construct): CampusStack {
  const stack = TerraformStack.of(construct);
  if (!(stack instanceof CampusStack))
    throw new Error(`${construct.node.path} stands in a plain TerraformStack; put it in a CampusStack, which names and tags it.`);
  return stack;
}
