import { Construct } from "constructs";
import { oneMetric } from "../../dashboards/alarm.ts";
import type { LogRetentionDays } from "../../regions/index.ts";
import { type AwsProvider, Wafv2WebAcl, Wafv2WebAclLoggingConfiguration } from "../aws.ts";
import { Alarm, type Tell } from "./alarm.ts";
import { campusOf } from "./campus-stack.ts";
import type { KeyRef } from "./key.ts";
import { LogGroup } from "./log-group.ts";

export type WebAclProps = {
  readonly part: string;
  readonly scope: "CLOUDFRONT" | "REGIONAL";
  readonly retentionDays: LogRetentionDays;
  readonly logsKey: KeyRef;
  /** Only where the visitor's own address is seen: behind CloudFront all requests come from CloudFront. */
  readonly requestsPer5MinutesPerAddress?: number;
  readonly provider?: AwsProvider;
  readonly tell: Tell;
};

/** Strangers who try doors are some hundred a day. */
const blockedSurge = 2_000;

/**
 * AWS's rule sets against known attacks. The size rule only counts: a menu import is larger than its 8 kB. Those that read bodies
 * leave the gateway's webhook alone: its body is signed, and a blocked one is a payment that we never hear of.
 */
const managedRules = [
  { name: "AWSManagedRulesAmazonIpReputationList", countOnly: [], readsBodies: false },
  { name: "AWSManagedRulesKnownBadInputsRuleSet", countOnly: [], readsBodies: true },
  { name: "AWSManagedRulesCommonRuleSet", countOnly: ["SizeRestrictions_BODY"], readsBodies: true },
  { name: "AWSManagedRulesSQLiRuleSet", countOnly: [], readsBodies: true },
] as const;

export const signedWebhook = "/api/v1/payments/webhook";

/** What is in a log line of the ACL must not let anybody in. */
const withoutTokens = [
  ...["authorization", "cookie", "sec-websocket-protocol", "x-staff-authorization"].map((name) => ({ singleHeader: { name } })),
  { queryString: {} },
];

const tooMany = {
  error: { code: "RATE_LIMITED", message: "Too many requests from this address; try again in some minutes.", details: {} },
};

export class WebAcl extends Construct {
  readonly acl: Wafv2WebAcl;
  private readonly props: WebAclProps;

  constructor(scope: Construct, id: string, props: WebAclProps) {
    super(scope, id);
    this.props = props;
    this.acl = this.createAcl();
    this.logBlocked();
    this.watch();
  }

  private watch(): void {
    const { part, scope, tell } = this.props;
    const region = scope === "REGIONAL" ? { Region: campusOf(this).region } : {};
    new Alarm(this, `waf-block-surge-${part}`, {
      severity: "ticket",
      runbook: "edge-certificates-and-budget.md",
      says: `More than ${blockedSurge} requests were blocked in 15 minutes at the web ACL ${part}.`,
      watched: oneMetric({
        namespace: "AWS/WAFV2",
        name: "BlockedRequests",
        dimensions: { WebACL: part, Rule: "ALL", ...region },
        statistic: "Sum",
        periodSeconds: 900,
      }),
      when: "above",
      threshold: blockedSurge,
      periods: 1,
      silence: "notBreaching",
      tell,
      ...this.there,
    });
  }

  get arn(): string {
    return this.acl.arn;
  }

  private createAcl(): Wafv2WebAcl {
    return new Wafv2WebAcl(this, "acl", {
      name: campusOf(this).name("webAcl", this.props.part),
      description: "known attacks are refused before they reach the app",
      scope: this.props.scope,
      defaultAction: { allow: {} },
      customResponseBody: [{ key: "too-many", contentType: "APPLICATION_JSON", content: JSON.stringify(tooMany) }],
      rule: [...managedRules.map((rule, index) => managedRule(rule, index)), ...this.rateRule()],
      visibilityConfig: visible(this.props.part),
      ...this.there,
    });
  }

  private rateRule() {
    const limit = this.props.requestsPer5MinutesPerAddress;
    if (limit === undefined) return [];
    return [
      {
        name: "too-many-from-one-address",
        priority: managedRules.length,
        action: { block: { customResponse: { responseCode: 429, customResponseBodyKey: "too-many" } } },
        statement: { rate_based_statement: { limit, aggregate_key_type: "IP", evaluation_window_sec: 300 } },
        visibilityConfig: visible("too-many-from-one-address"),
      },
    ];
  }

  /** Only what was blocked or counted. */
  private logBlocked(): void {
    const stack = campusOf(this);
    const logs = new LogGroup(this, "log", {
      name: `aws-waf-logs-${stack.name("webAcl", this.props.part)}`, // WAF insists on the prefix
      retentionDays: this.props.retentionDays,
      key: this.props.logsKey,
      ...this.there,
    });
    new Wafv2WebAclLoggingConfiguration(this, "logging", {
      resourceArn: this.acl.arn,
      logDestinationConfigs: [logs.arn],
      redactedFields: withoutTokens,
      loggingFilter: {
        defaultBehavior: "DROP",
        filter: [
          {
            behavior: "KEEP",
            requirement: "MEETS_ANY",
            condition: ["BLOCK", "COUNT"].map((action) => ({ actionCondition: { action } })),
          },
        ],
      },
      ...this.there,
    });
  }

  private get there(): { provider?: AwsProvider } {
    return this.props.provider ? { provider: this.props.provider } : {};
  }
}

const notTheWebhook = {
  not_statement: {
    statement: [
      {
        byte_match_statement: {
          search_string: signedWebhook,
          positional_constraint: "EXACTLY",
          field_to_match: { uri_path: {} },
          text_transformation: [{ priority: 0, type: "NONE" }],
        },
      },
    ],
  },
};

/** The binding passes a statement on as it is: its names are Terraform's, not TypeScript's. */
function managedRule(rule: (typeof managedRules)[number], priority: number) {
  return {
    name: rule.name,
    priority,
    overrideAction: { none: {} },
    statement: {
      managed_rule_group_statement: {
        vendor_name: "AWS",
        name: rule.name,
        ...(rule.readsBodies ? { scope_down_statement: notTheWebhook } : {}),
        rule_action_override: rule.countOnly.map((name) => ({ name, action_to_use: { count: {} } })),
      },
    },
    visibilityConfig: visible(rule.name),
  };
}

const visible = (metricName: string) => ({ metricName, cloudwatchMetricsEnabled: true, sampledRequestsEnabled: false });
