import type { Construct } from "constructs";
import type { Severity } from "../../dashboards/alarm.ts";
import { type AwsProvider, SnsTopicSubscription } from "../aws.ts";
import type { Tell } from "./alarm.ts";
import { campusOf } from "./campus-stack.ts";

/** Each person on call hears pages and tickets by mail; where the environment names a pager, it hears the pages too and escalates by itself. */
export function subscribeOnCall(scope: Construct, topics: Tell, provider?: AwsProvider): void {
  const { onCallEmails, pager } = campusOf(scope).environment;
  const there = provider ? { provider } : {};
  onCallEmails.forEach((endpoint, index) => {
    for (const severity of ["page", "ticket"] satisfies Severity[]) {
      new SnsTopicSubscription(scope, `on-call-${severity}-${index + 1}`, {
        topicArn: topics[severity].arn,
        protocol: "email",
        endpoint,
        ...there,
      });
    }
  });
  if (!pager) return;
  // The pager answers SNS's question whether it wants the pages; Terraform waits for that.
  new SnsTopicSubscription(scope, "pager", {
    topicArn: topics.page.arn,
    protocol: "https",
    endpoint: pager.webhook,
    endpointAutoConfirms: true,
    ...there,
  });
}
