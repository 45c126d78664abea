import { Construct } from "constructs";
import { SnsTopicSubscription, SqsQueue, SqsQueuePolicy, SqsQueueRedriveAllowPolicy } from "../aws.ts";
import { campusOf } from "./campus-stack.ts";
import { type KeyRef, useStatement } from "./key.ts";
import { policyJson, type ResourceStatement } from "./policy.ts";
import type { Role } from "./role.ts";
import type { Topic } from "./topic.ts";

export type QueueProps = {
  readonly part: string;
  readonly key: KeyRef;
  readonly visibilityTimeoutSeconds: number;
  readonly triesBeforeDeadLetter: number;
};

const fourteenDaysSeconds = 1_209_600;
const receiving = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"];

/** An encrypted queue with its dead-letter queue: what cannot be handled is kept for two weeks and seen, not lost. */
export class Queue extends Construct {
  readonly queue: SqsQueue;
  readonly deadLetters: SqsQueue;
  private readonly props: QueueProps;
  private readonly sources: Topic[] = [];

  constructor(scope: Construct, id: string, props: QueueProps, sources: readonly Topic[] = []) {
    super(scope, id);
    this.props = props;
    this.sources.push(...sources);
    this.deadLetters = this.createQueue("dead-letters", `${props.part}-dead-letters`);
    this.queue = this.createQueue("queue", props.part, {
      redrivePolicy: JSON.stringify({ deadLetterTargetArn: this.deadLetters.arn, maxReceiveCount: props.triesBeforeDeadLetter }),
    });
    this.acceptDeadLettersFromHereOnly();
    this.decideWhoMay();
    this.subscribe();
  }

  get arn(): string {
    return this.queue.arn;
  }

  grantReceive(role: Role): void {
    role.allow(`receive-queue-${this.props.part}`, [
      { sid: "Receive", actions: receiving, resources: [this.arn] },
      useStatement(this.props.key.arn, ["Decrypt"]),
    ]);
  }

  grantSendAndReceive(role: Role): void {
    role.allow(`use-queue-${this.props.part}`, [
      { sid: "SendAndReceive", actions: ["sqs:SendMessage", ...receiving], resources: [this.arn] },
      useStatement(this.props.key.arn, ["Decrypt", "GenerateDataKey"]),
    ]);
  }

  private createQueue(id: string, part: string, more: { redrivePolicy?: string } = {}): SqsQueue {
    return new SqsQueue(this, id, {
      name: campusOf(this).name("queue", part),
      kmsMasterKeyId: this.props.key.arn,
      kmsDataKeyReusePeriodSeconds: 300,
      messageRetentionSeconds: fourteenDaysSeconds,
      visibilityTimeoutSeconds: this.props.visibilityTimeoutSeconds,
      receiveWaitTimeSeconds: 20,
      ...more,
    });
  }

  private acceptDeadLettersFromHereOnly(): void {
    new SqsQueueRedriveAllowPolicy(this, "redrive", {
      queueUrl: this.deadLetters.url,
      redriveAllowPolicy: JSON.stringify({ redrivePermission: "byQueue", sourceQueueArns: [this.queue.arn] }),
    });
  }

  private decideWhoMay(): void {
    new SqsQueuePolicy(this, "policy", { queueUrl: this.queue.url, policy: policyJson([tlsOnly(this.queue.arn), ...this.fromTopics()]) });
    new SqsQueuePolicy(this, "dead-letters-policy", {
      queueUrl: this.deadLetters.url,
      policy: policyJson([tlsOnly(this.deadLetters.arn)]),
    });
  }

  private fromTopics(): ResourceStatement[] {
    return this.sources.map((topic, index) => ({
      sid: `Topic${index + 1}`,
      principals: { Service: ["sns.amazonaws.com"] },
      actions: ["sqs:SendMessage"],
      resources: [this.queue.arn],
      conditions: { ArnEquals: { "aws:SourceArn": topic.arn } },
    }));
  }

  private subscribe(): void {
    this.sources.forEach((topic, index) => {
      new SnsTopicSubscription(this, `from-topic-${index + 1}`, {
        topicArn: topic.arn,
        protocol: "sqs",
        endpoint: this.queue.arn,
        rawMessageDelivery: true,
      });
    });
  }
}

const tlsOnly = (arn: string): ResourceStatement => ({
  sid: "TlsOnly",
  effect: "Deny",
  principals: "*",
  actions: ["sqs:*"],
  resources: [arn],
  conditions: { Bool: { "aws:SecureTransport": "false" } },
});
