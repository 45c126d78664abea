import { Construct } from "constructs";
import { type AwsProvider, SnsTopic, SnsTopicPolicy } from "../aws.ts";
import { campusOf } from "./campus-stack.ts";
import { type KeyRef, useStatement } from "./key.ts";
import { policyJson, type ResourceStatement, refuseWideTrust } from "./policy.ts";
import type { Role } from "./role.ts";

export type TopicProps = {
  readonly part: string;
  readonly purpose: string;
  readonly key: KeyRef;
  /** AWS services that may publish, each for things of this account only. */
  readonly publishers?: readonly string[];
  readonly provider?: AwsProvider;
};

/** An encrypted topic. Our own roles publish by their own policies; services only where they are named. */
export class Topic extends Construct {
  readonly topic: SnsTopic;
  private readonly props: TopicProps;

  constructor(scope: Construct, id: string, props: TopicProps) {
    super(scope, id);
    this.props = props;
    this.topic = new SnsTopic(this, "topic", {
      name: campusOf(this).name("topic", props.part),
      displayName: props.purpose,
      kmsMasterKeyId: props.key.arn,
      ...(props.provider ? { provider: props.provider } : {}),
    });
    this.decideWhoMay();
  }

  get arn(): string {
    return this.topic.arn;
  }

  grantPublish(role: Role): void {
    role.allow(`publish-${this.props.part}`, [
      { sid: "Publish", actions: ["sns:Publish"], resources: [this.arn] },
      useStatement(this.props.key.arn, ["Decrypt", "GenerateDataKey"]),
    ]);
  }

  private decideWhoMay(): void {
    const { accountId } = campusOf(this).environment;
    const services = (this.props.publishers ?? []).map(
      (service, index): ResourceStatement => ({
        sid: `Service${index + 1}`,
        principals: { Service: [service] },
        actions: ["sns:Publish"],
        resources: [this.arn],
        conditions: { StringEquals: { "aws:SourceAccount": accountId } },
      }),
    );
    const owner: ResourceStatement = {
      sid: "AccountDecidesByIam",
      principals: { AWS: [`arn:aws:iam::${accountId}:root`] },
      actions: ["sns:GetTopicAttributes", "sns:Publish", "sns:Subscribe"],
      resources: [this.arn],
    };
    refuseWideTrust(`the topic ${this.props.part}`, services);
    new SnsTopicPolicy(this, "policy", {
      arn: this.arn,
      policy: policyJson([owner, ...services]),
      ...(this.props.provider ? { provider: this.props.provider } : {}),
    });
  }
}
