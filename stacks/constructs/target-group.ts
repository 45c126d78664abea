import { Construct } from "constructs";
import type { FleetPlan } from "../../regions/index.ts";
import { LbTargetGroup } from "../aws.ts";
import { campusOf } from "./campus-stack.ts";

export type TargetGroupProps = {
  readonly colour: FleetPlan["colour"];
  readonly weightPercent: number;
  readonly vpcId: string;
  readonly port: number;
};

/** Where the load balancer sends the requests of one colour. Stands before the listener's rules, which stand before the machines. */
export class TargetGroup extends Construct {
  readonly group: LbTargetGroup;
  readonly weightPercent: number;

  constructor(scope: Construct, id: string, props: TargetGroupProps) {
    super(scope, id);
    this.weightPercent = props.weightPercent;
    this.group = this.createGroup(props);
  }

  get arn(): string {
    return this.group.arn;
  }

  get arnSuffix(): string {
    return this.group.arnSuffix;
  }

  /**
   * 503 counts as alive: the app answers it when its database is lost, and replacing every machine would not bring that back.
   * A machine that hangs, refuses or answers 500 is taken out after 15 s; until then every other request meets it, and its client has to ask again.
   * The name is AWS's to complete: another port makes another group, which must stand before the rules can let go of this one.
   */
  private createGroup({ colour, vpcId, port }: TargetGroupProps): LbTargetGroup {
    return new LbTargetGroup(this, "group", {
      namePrefix: `${colour}-`,
      vpcId,
      port,
      protocol: "HTTPS",
      targetType: "instance",
      deregistrationDelay: "45",
      loadBalancingAlgorithmType: "least_outstanding_requests",
      healthCheck: {
        path: "/ready",
        protocol: "HTTPS",
        matcher: "200,503",
        interval: 5,
        timeout: 4,
        healthyThreshold: 2,
        unhealthyThreshold: 3,
      },
      tags: { Name: campusOf(this).name("other", colour) },
      lifecycle: { createBeforeDestroy: true },
    });
  }
}
