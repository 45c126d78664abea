import { readFileSync } from "node:fs";
import { DataResource, Fn, Token } from "cdktf";
import type { Construct } from "constructs";
import type { Severity } from "../dashboards/alarm.ts";
import { capabilities, type Environment, regionPlans } from "../regions/index.ts";
import {
  type AwsProvider,
  BudgetsBudget,
  CloudfrontDistribution,
  CloudfrontFunction,
  CloudfrontOriginAccessControl,
  CloudfrontResponseHeadersPolicy,
  CloudwatchLogDelivery,
  CloudwatchLogDeliveryDestination,
  CloudwatchLogDeliverySource,
  DataAwsSecretsmanagerRandomPassword,
  Route53HealthCheck,
  Route53Record,
  Route53Zone,
  ShieldProtection,
} from "./aws.ts";
import type { Tell } from "./constructs/alarm.ts";
import { Bucket } from "./constructs/bucket.ts";
import { CampusStack } from "./constructs/campus-stack.ts";
import { Certificate } from "./constructs/certificate.ts";
import { Key } from "./constructs/key.ts";
import { subscribeOnCall } from "./constructs/on-call.ts";
import type { ResourceStatement } from "./constructs/policy.ts";
import { Topic } from "./constructs/topic.ts";
import { WebAcl } from "./constructs/web-acl.ts";
import { fileHeaders } from "./edge-headers.ts";
import { apiAt, apiOrigin, apiPaths, bucketOrigins, eitherRegion, fileParts, filesFrom, socketPaths } from "./edge-origins.ts";
import { originName, placeOriginName } from "./origins.ts";
import { logGroupsUser } from "./security.ts";

/** CloudFront takes certificates, web ACLs and log deliveries from here and nowhere else. */
const edgeRegion = "us-east-1";

/** Of a request: no query, which may hold a token, and no cookie. */
const loggedFields = [
  "timestamp(ms)",
  "x-edge-location",
  "x-edge-request-id",
  "c-ip",
  "c-country",
  "cs-method",
  "cs(Host)",
  "cs-uri-stem",
  "cs-protocol",
  "cs-protocol-version",
  "cs(User-Agent)",
  "sc-status",
  "sc-bytes",
  "cs-bytes",
  "time-taken",
  "time-to-first-byte",
  "x-edge-detailed-result-type",
  "ssl-protocol",
] as const;

export type GlobalStackProps = { readonly environment: Environment };

/** What stands once for the world: names, the edge, the switch between the regions, the budget. */
export class GlobalStack extends CampusStack {
  readonly zone: Route53Zone;
  readonly distribution: CloudfrontDistribution;
  /** What the edge sends to the load balancers to be known. */
  readonly originKey: string;
  private readonly edge: AwsProvider;
  private readonly edgeKey: Key;
  /** Where the edge's metrics are: an alarm tells a topic of its own region only. */
  private readonly alarms: Tell;

  constructor(scope: Construct, props: GlobalStackProps) {
    super(scope, { ...props, part: "global" });
    this.edge = this.providerIn(edgeRegion, "edge");
    this.zone = new Route53Zone(this, "zone", { name: props.environment.domain, comment: "Campus Pay" });
    this.switchBetweenRegions();
    this.edgeKey = this.createEdgeKey();
    this.alarms = this.createAlarmTopics();
    this.originKey = this.createOriginKey();
    this.distribution = this.createDistribution();
    this.nameTheDistribution();
    this.logRequests();
    this.watchTheBudget();
    if (props.environment.edge.shieldAdvanced) this.shield();
  }

  /**
   * A switched-off health check counts as healthy, and as unhealthy when inverted: that is the switch, and a person turns it. Nothing
   * turns it by itself, because money has one writer: a region that only seems lost must not go on writing beside the new one.
   * Route 53's own routing controls do the same with a data plane of five regions, for 1,800 USD a month.
   */
  private switchBetweenRegions(): void {
    const { serving } = this.environment;
    const [first, second] = regionPlans(this.environment).map((plan) => capabilities[plan.region].place) as [string, string];
    const check = new Route53HealthCheck(this, "primary-serves", {
      type: "HTTPS",
      fqdn: placeOriginName(this.environment, first),
      port: 443,
      resourcePath: "/ready",
      failureThreshold: 3,
      requestInterval: 30,
      disabled: true,
      invertHealthcheck: serving !== first,
      tags: { Name: this.name("other", `${first}-serves`) },
    });
    const record = (place: string, type: "PRIMARY" | "SECONDARY") =>
      new Route53Record(this, `origin-${place}`, {
        zoneId: this.zone.zoneId,
        name: originName(this.environment),
        type: "CNAME",
        ttl: 30,
        records: [placeOriginName(this.environment, place)],
        setIdentifier: place,
        failoverRoutingPolicy: { type },
        ...(type === "PRIMARY" ? { healthCheckId: check.id } : {}),
      });
    record(first, "PRIMARY");
    record(second, "SECONDARY");
  }

  /**
   * CloudFront's prefix list lets in the distributions of everybody: only who knows this key is ours. It opens no account and reads no
   * money; it only tells the edge from its copies, so it may stand in the state (docs/decisions/0046). Made once; another one:
   * `terraform apply -replace` on it, then the api stacks, at a quiet time.
   */
  private createOriginKey(): string {
    const random = new DataAwsSecretsmanagerRandomPassword(this, "random", { passwordLength: 40, excludePunctuation: true });
    const kept = new DataResource(this, "origin-key", {
      input: { value: random.randomPassword },
      lifecycle: { ignoreChanges: ["input"] },
    });
    return Token.asString(Fn.lookup(kept.output, "value"));
  }

  private createDistribution(): CloudfrontDistribution {
    const { environment } = this;
    const certificate = new Certificate(this, "certificate", {
      domain: environment.domain,
      alternativeNames: [],
      zoneId: this.zone.zoneId,
      provider: this.edge,
      tell: this.alarms,
    });
    const { pages, guide, pictures } = this.files();
    return new CloudfrontDistribution(this, "distribution", {
      comment: `Campus Pay ${environment.name}`,
      enabled: true,
      isIpv6Enabled: true,
      httpVersion: "http2and3",
      priceClass: environment.edge.priceClass,
      aliases: [environment.domain],
      defaultRootObject: "index.html",
      webAclId: this.createWebAcl().arn,
      viewerCertificate: { acmCertificateArn: certificate.arn, sslSupportMethod: "sni-only", minimumProtocolVersion: "TLSv1.2_2021" },
      restrictions: { geoRestriction: { restrictionType: "none", locations: [] } },
      origin: this.origins(),
      originGroup: fileParts.map((part) => eitherRegion(this.environment, part)),
      defaultCacheBehavior: pages,
      orderedCacheBehavior: [pictures, guide, this.sockets(), ...apiPaths.map(apiAt)],
      waitForDeployment: false,
    });
  }

  private origins() {
    const access = new CloudfrontOriginAccessControl(this, "bucket-access", {
      name: this.name("other", "buckets"),
      description: "CloudFront signs its requests to our buckets",
      originAccessControlOriginType: "s3",
      signingBehavior: "always",
      signingProtocol: "sigv4",
    });
    return [...fileParts.flatMap((part) => bucketOrigins(this.environment, part, access.id)), apiOrigin(this.environment, this.originKey)];
  }

  private createEdgeKey(): Key {
    const { accountId } = this.environment;
    const ofAccount = { StringEquals: { "aws:SourceAccount": accountId } };
    return new Key(this, "edge-logs-key", {
      part: "edge-logs",
      purpose: "log group of the edge's web ACL, topics of its alarms",
      services: [
        logGroupsUser(edgeRegion, accountId),
        ...["cloudwatch.amazonaws.com", "sns.amazonaws.com"].map((service) => ({ service, conditions: ofAccount })),
      ],
      provider: this.edge,
    });
  }

  private createAlarmTopics(): Tell {
    const topic = (severity: Severity) =>
      new Topic(this, `edge-alarms-${severity}`, {
        part: `edge-alarms-${severity}`,
        purpose: `Campus Pay ${severity === "page" ? "PAGE" : "ticket"}`,
        key: this.edgeKey,
        publishers: ["cloudwatch.amazonaws.com"],
        provider: this.edge,
      });
    const topics = { page: topic("page"), ticket: topic("ticket") };
    subscribeOnCall(this, topics, this.edge);
    return topics;
  }

  private files() {
    const routing = [this.edgeFunction("spa-routing", "pages of the web apps")];
    const web = { ...filesFrom("web"), functionAssociation: routing };
    return {
      pages: { ...web, responseHeadersPolicyId: this.createHeaders("headers", "web-headers", "apps") },
      guide: { ...web, responseHeadersPolicyId: this.createHeaders("guide-headers", "guide-headers", "guide"), pathPattern: "/guide/*" },
      pictures: { ...filesFrom("menu-images"), pathPattern: "/images/*" },
    };
  }

  private sockets() {
    return { ...apiAt(socketPaths), functionAssociation: [this.edgeFunction("socket-token", "tokens stay out of logs")] };
  }

  private edgeFunction(name: string, comment: string) {
    const { arn } = new CloudfrontFunction(this, name, {
      name: this.name("other", name),
      comment,
      runtime: "cloudfront-js-2.0",
      publish: true,
      code: readFileSync(new URL(`${name}.js`, import.meta.url), "utf8").replaceAll("${", () => "$${"), // else Terraform reads it as its own
    });
    return { eventType: "viewer-request", functionArn: arn };
  }

  private createHeaders(id: string, name: string, part: "apps" | "guide"): string {
    return new CloudfrontResponseHeadersPolicy(this, id, { name: this.name("other", name), ...fileHeaders(this.environment, part) }).id;
  }

  private createWebAcl(): WebAcl {
    const { environment } = this;
    return new WebAcl(this, "web-acl", {
      part: "edge",
      scope: "CLOUDFRONT",
      retentionDays: regionPlans(environment)[0].logs.retentionDays,
      logsKey: this.edgeKey,
      requestsPer5MinutesPerAddress: environment.edge.requestsPer5MinutesPerAddress,
      provider: this.edge,
      tell: this.alarms,
    });
  }

  private nameTheDistribution(): void {
    for (const type of ["A", "AAAA"]) {
      new Route53Record(this, `site-${type.toLowerCase()}`, {
        zoneId: this.zone.zoneId,
        name: this.environment.domain,
        type,
        alias: { name: this.distribution.domainName, zoneId: this.distribution.hostedZoneId, evaluateTargetHealth: false },
      });
    }
  }

  /** In a bucket of its own, because the edge stands before any region's log bucket does. */
  private logRequests(): void {
    const bucket = new Bucket(this, "edge-logs", {
      part: "edge-logs",
      key: "s3-managed",
      accessLogs: "is a log bucket",
      oldVersionsDays: 30,
      expireDays: regionPlans(this.environment)[0].logs.retentionDays,
      statements: (arn) => [this.deliveryWrites(arn)],
    });
    const source = new CloudwatchLogDeliverySource(this, "requests", {
      provider: this.edge,
      name: this.name("other", "edge-requests"),
      logType: "ACCESS_LOGS",
      resourceArn: this.distribution.arn,
    });
    const destination = new CloudwatchLogDeliveryDestination(this, "requests-to-bucket", {
      provider: this.edge,
      name: this.name("other", "edge-requests"),
      outputFormat: "json",
      deliveryDestinationConfiguration: [{ destinationResourceArn: bucket.arn }],
    });
    new CloudwatchLogDelivery(this, "requests-delivery", {
      provider: this.edge,
      recordFields: [...loggedFields],
      deliverySourceName: source.name,
      deliveryDestinationArn: destination.arn,
    });
  }

  private deliveryWrites(arn: string): ResourceStatement {
    return {
      sid: "EdgeLogs",
      principals: { Service: ["delivery.logs.amazonaws.com"] },
      actions: ["s3:PutObject"],
      resources: [`${arn}/*`],
      conditions: {
        StringEquals: { "aws:SourceAccount": this.environment.accountId },
        ArnLike: { "aws:SourceArn": `arn:aws:logs:${edgeRegion}:${this.environment.accountId}:delivery-source:*` },
      },
    };
  }

  private shield(): void {
    const arns = { distribution: this.distribution.arn, zone: this.zone.arn };
    for (const [what, resourceArn] of Object.entries(arns)) {
      new ShieldProtection(this, `shield-${what}`, { name: this.name("other", what), resourceArn });
    }
  }

  private watchTheBudget(): void {
    const tell = (notificationType: "ACTUAL" | "FORECASTED", threshold: number) => ({
      notificationType,
      threshold,
      thresholdType: "PERCENTAGE",
      comparisonOperator: "GREATER_THAN",
      subscriberEmailAddresses: [...this.environment.onCallEmails],
    });
    new BudgetsBudget(this, "budget", {
      name: this.name("other", "monthly"),
      budgetType: "COST",
      limitAmount: String(this.environment.monthlyBudgetUsd),
      limitUnit: "USD",
      timeUnit: "MONTHLY",
      notification: [tell("ACTUAL", 80), tell("ACTUAL", 100), tell("FORECASTED", 110)],
    });
  }
}
