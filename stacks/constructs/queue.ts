import { Construct } from "constructs";
import { oneMetric } from "../../dashboards/alarm.ts";
import { SnsTopicSubscription, SqsQueue, SqsQueuePolicy, SqsQueueRedriveAllowPolicy } from "../aws.ts";
import { Alarm, type Tell } from "./alarm.ts";
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
  readonly tell: Tell;
};

const oldestMessageSeconds = 300;
const fourteenDaysSeconds = 1_209_600;
const receiving = ["sqs:ReceiveMessage", "sqs:DeleteMessage"];

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
    this.watch();
  }

  get part(): string {
    return this.props.part;
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

  private watch(): void {
    const { part, tell } = this.props;
    const common = { runbook: "queues-and-dead-letters.md", when: "above", silence: "notBreaching", tell } as const;
    const metric = (name: string, queue: string) =>
      oneMetric({
        namespace: "AWS/SQS",
        name,
        dimensions: { QueueName: campusOf(this).name("queue", queue) },
        statistic: "Maximum",
        periodSeconds: 60,
      });
    new Alarm(this, `queue-oldest-message-${part}`, {
      ...common,
      severity: "page",
      says: `The oldest message of the queue ${part} is older than ${oldestMessageSeconds / 60} minutes: nobody takes them.`,
      watched: metric("ApproximateAgeOfOldestMessage", part),
      threshold: oldestMessageSeconds,
      periods: 3,
    });
    new Alarm(this, `dlq-not-empty-${part}`, {
      ...common,
      severity: "ticket",
      says: `A message of the queue ${part} was given up by its consumer.`,
      watched: metric("ApproximateNumberOfMessagesVisible", `${part}-dead-letters`),
      threshold: 0,
      periods: 1,
    });
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
