import type { Construct } from "constructs";
import type { Environment, RegionPlan } from "../regions/index.ts";
import { CampusStack } from "./constructs/campus-stack.ts";
import type { KeyRef } from "./constructs/key.ts";
import { Queue } from "./constructs/queue.ts";
import { Topic } from "./constructs/topic.ts";

export type MessagingStackProps = { readonly environment: Environment; readonly plan: RegionPlan; readonly key: KeyRef };

export class MessagingStack extends CampusStack {
  readonly transactions: Topic;
  readonly alarms: { readonly page: Topic; readonly ticket: Topic };
  readonly webhooks: Queue;
  /** Where an environment mails receipts: each payment is heard here as well. */
  readonly receiptMails: { readonly queue: Queue; readonly from: string } | undefined;

  constructor(scope: Construct, props: MessagingStackProps) {
    super(scope, { ...props, part: "messaging" });
    const { key } = props;
    const alarmed = { key, publishers: ["cloudwatch.amazonaws.com", "events.amazonaws.com"] };
    this.transactions = new Topic(this, "transactions", { part: "transactions", purpose: "Campus Pay transactions", key });
    this.alarms = {
      page: new Topic(this, "alarms-page", { part: "alarms-page", purpose: "Campus Pay PAGE", ...alarmed }),
      ticket: new Topic(this, "alarms-ticket", { part: "alarms-ticket", purpose: "Campus Pay ticket", ...alarmed }),
    };
    // A visibility time-out is six times what one message may take to handle.
    const { receiptMail } = props.environment;
    const queue = { part: "receipt-mails", key, visibilityTimeoutSeconds: 60, triesBeforeDeadLetter: 8, tell: this.alarms };
    this.receiptMails = receiptMail && { ...receiptMail, queue: new Queue(this, "receipt-mails", queue, [this.transactions]) };
    this.webhooks = new Queue(this, "webhooks", { ...queue, part: "webhooks" });
  }
}
