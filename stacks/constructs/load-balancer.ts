import { Construct } from "constructs";
import { Lb, LbListener, LbListenerRule } from "../aws.ts";
import type { Bucket } from "./bucket.ts";
import { campusOf } from "./campus-stack.ts";
import type { Certificate } from "./certificate.ts";
import type { Group } from "./security-group.ts";
import type { TargetGroup } from "./target-group.ts";

export type LoadBalancerProps = {
  readonly subnetIds: readonly string[];
  readonly group: Group;
  readonly certificate: Certificate;
  readonly logs: Bucket;
  readonly hosts: readonly string[];
  /** What a request must carry to be let in at all. */
  readonly onlyWith: { readonly header: string; readonly value: string };
};

const valuesARule = 5;

export type Route = { readonly name: string; readonly paths: readonly string[] };

/** HTTPS in, only from our own edge, only for our host names and only for the paths that are named; everything else is the API's own 404. */
export class LoadBalancer extends Construct {
  readonly balancer: Lb;
  readonly certificate: Certificate;
  private readonly listener: LbListener;
  private readonly props: LoadBalancerProps;

  constructor(scope: Construct, id: string, props: LoadBalancerProps) {
    super(scope, id);
    this.props = props;
    this.certificate = props.certificate;
    this.balancer = this.createBalancer();
    this.listener = this.listen();
    this.redirectPlainHttp();
  }

  /** Each route is a rule of its own, so that a release can give the portal to the other colour before the students. */
  routeTo(targets: readonly TargetGroup[], routes: readonly Route[]): LbListenerRule[] {
    const total = targets.reduce((sum, { weightPercent }) => sum + weightPercent, 0);
    if (total !== 100) throw new Error(`the fleets' weights add up to ${total}; they must be 100 in all (api.fleets in regions/).`);
    return routes.map((route, index) => {
      const { hosts, onlyWith } = this.props;
      const values = hosts.length + route.paths.length + 1;
      if (values > valuesARule)
        throw new Error(`the route ${route.name} compares ${values} values, AWS allows ${valuesARule} a rule; make two routes of it.`);
      const condition = [
        { hostHeader: { values: [...hosts] } },
        { pathPattern: { values: [...route.paths] } },
        { httpHeader: { httpHeaderName: onlyWith.header, values: [onlyWith.value] } },
      ];
      return new LbListenerRule(this, `route-${route.name}`, {
        listenerArn: this.listener.arn,
        priority: (index + 1) * 10,
        condition,
        action: [this.forward(targets)],
        tags: { Name: route.name },
      });
    });
  }

  private forward(targets: readonly TargetGroup[]) {
    const [only] = targets;
    if (targets.length === 1 && only) return { type: "forward", targetGroupArn: only.arn };
    const targetGroup = targets.map(({ arn, weightPercent }) => ({ arn, weight: weightPercent }));
    return { type: "forward", forward: { targetGroup, stickiness: { enabled: false, duration: 60 } } };
  }

  private createBalancer(): Lb {
    return new Lb(this, "balancer", {
      name: campusOf(this).name("loadBalancer", "api"),
      loadBalancerType: "application",
      internal: false,
      subnets: [...this.props.subnetIds],
      securityGroups: [this.props.group.id],
      idleTimeout: 60,
      dropInvalidHeaderFields: true,
      desyncMitigationMode: "strictest",
      enableDeletionProtection: campusOf(this).environment.protection.on,
      accessLogs: { bucket: this.props.logs.name, prefix: "alb", enabled: true },
    });
  }

  private listen(): LbListener {
    return new LbListener(this, "https", {
      loadBalancerArn: this.balancer.arn,
      port: 443,
      protocol: "HTTPS",
      sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
      certificateArn: this.props.certificate.arn,
      defaultAction: [
        {
          type: "fixed-response",
          fixedResponse: {
            contentType: "application/json",
            statusCode: "404",
            messageBody: JSON.stringify({ error: { code: "NOT_FOUND", message: "There is nothing at this address.", details: {} } }),
          },
        },
      ],
    });
  }

  /** The group lets nobody in on port 80 (CloudFront speaks HTTPS): the redirect is for the day that somebody opens it. */
  private redirectPlainHttp(): void {
    new LbListener(this, "http", {
      loadBalancerArn: this.balancer.arn,
      port: 80,
      protocol: "HTTP",
      defaultAction: [{ type: "redirect", redirect: { protocol: "HTTPS", port: "443", statusCode: "HTTP_301" } }],
    });
  }
}
