import { Fn, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import type { ApiPlan, FleetPlan } from "../../regions/index.ts";
import { AutoscalingGroup, AutoscalingPolicy, AutoscalingSchedule, LaunchTemplate, LbTargetGroup } from "../aws.ts";
import { campusOf } from "./campus-stack.ts";
import type { Group } from "./security-group.ts";

export type FleetProps = {
  readonly plan: ApiPlan;
  readonly fleet: FleetPlan;
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly group: Group;
  readonly imageId: string;
  readonly instanceProfileArn: string;
  readonly userData: string;
  readonly port: number;
  readonly loadBalancerArnSuffix: string;
};

/** The machines of one colour behind one target group. A release moves weight from a colour to the other, or replaces machines within one. */
export class Fleet extends Construct {
  readonly targets: LbTargetGroup;
  readonly machines: AutoscalingGroup;
  readonly plan: FleetPlan;
  private readonly props: FleetProps;

  constructor(scope: Construct, id: string, props: FleetProps) {
    super(scope, id);
    this.props = props;
    this.plan = props.fleet;
    this.refuseImpossibleSizes();
    this.targets = this.createTargets();
    this.machines = this.createMachines(this.createTemplate());
    if (this.plan.minInstances > 0) {
      this.followLoad();
      this.growForLunch();
    }
  }

  private refuseImpossibleSizes(): void {
    const { colour, minInstances, lunchMinInstances, maxInstances } = this.plan;
    if (minInstances > lunchMinInstances || lunchMinInstances > maxInstances) {
      throw new Error(
        `the fleet ${colour} has ${minInstances} machines, ${lunchMinInstances} at lunch and ${maxInstances} at most; these must not fall from left to right.`,
      );
    }
  }

  /**
   * 503 counts as alive: the app answers it when its database is lost, and replacing every machine would not bring that back.
   * A machine that hangs, refuses or answers 500 is taken out after 45 s.
   */
  private createTargets(): LbTargetGroup {
    return new LbTargetGroup(this, "targets", {
      name: campusOf(this).name("targetGroup", this.plan.colour),
      vpcId: this.props.vpcId,
      port: this.props.port,
      protocol: "HTTPS",
      targetType: "instance",
      deregistrationDelay: "45",
      loadBalancingAlgorithmType: "least_outstanding_requests",
      healthCheck: {
        path: "/ready",
        protocol: "HTTPS",
        matcher: "200,503",
        interval: 15,
        timeout: 5,
        healthyThreshold: 2,
        unhealthyThreshold: 3,
      },
    });
  }

  private createTemplate(): LaunchTemplate {
    const stack = campusOf(this);
    const name = stack.name("other", this.plan.colour);
    const tags = { ...stack.tags, Name: name, Fleet: this.plan.colour };
    // Through a local: inside a function's argument cdktf 0.21 breaks the tokens of a longer text.
    const boot = new TerraformLocal(this, "boot", this.props.userData);
    return new LaunchTemplate(this, "template", {
      name,
      description: "one machine of the API",
      imageId: this.props.imageId,
      instanceType: this.props.plan.instanceType,
      iamInstanceProfile: { arn: this.props.instanceProfileArn },
      vpcSecurityGroupIds: [this.props.group.id],
      userData: Fn.base64encode(boot.asString),
      metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1, httpEndpoint: "enabled", instanceMetadataTags: "enabled" },
      monitoring: { enabled: true },
      blockDeviceMappings: [
        { deviceName: "/dev/xvda", ebs: { encrypted: "true", volumeType: "gp3", volumeSize: 20, deleteOnTermination: "true" } },
      ],
      tagSpecifications: [
        { resourceType: "instance", tags },
        { resourceType: "volume", tags },
      ],
    });
  }

  /**
   * Which version of the template runs and how many machines there are is decided by releases and by load, so Terraform looks away:
   * its own instance refresh would "roll back" to the bad version. The lunch schedule moves the smallest size twice a day.
   */
  private createMachines(template: LaunchTemplate): AutoscalingGroup {
    const stack = campusOf(this);
    const { fleet, subnetIds, plan } = this.props;
    return new AutoscalingGroup(this, "machines", {
      name: stack.name("other", fleet.colour),
      minSize: fleet.minInstances,
      maxSize: fleet.maxInstances,
      desiredCapacity: fleet.minInstances,
      vpcZoneIdentifier: [...subnetIds],
      launchTemplate: { id: template.id, version: Fn.tostring(template.latestVersion) },
      targetGroupArns: [this.targets.arn],
      healthCheckType: "ELB",
      healthCheckGracePeriod: 180,
      defaultInstanceWarmup: 120,
      maxInstanceLifetime: 30 * 86_400,
      enabledMetrics: ["GroupInServiceInstances", "GroupDesiredCapacity", "GroupMaxSize", "GroupPendingInstances"],
      waitForCapacityTimeout: "0",
      ...(plan.warmPool && fleet.minInstances > 0
        ? { warmPool: { poolState: "Stopped", minSize: 1, maxGroupPreparedCapacity: fleet.maxInstances } }
        : {}),
      tag: Object.entries({ ...stack.tags, Name: stack.name("other", fleet.colour) }).map(([key, value]) => ({
        key,
        value,
        propagateAtLaunch: true,
      })),
      lifecycle: { ignoreChanges: ["desired_capacity", "min_size", "launch_template[0].version"] },
    });
  }

  private followLoad(): void {
    const requests = {
      predefinedMetricSpecification: {
        predefinedMetricType: "ALBRequestCountPerTarget",
        resourceLabel: `${this.props.loadBalancerArnSuffix}/${this.targets.arnSuffix}`,
      },
      targetValue: this.props.plan.requestsPerTargetPerMinute,
    };
    const cpu = { predefinedMetricSpecification: { predefinedMetricType: "ASGAverageCPUUtilization" }, targetValue: 55 };
    for (const [what, targetTrackingConfiguration] of Object.entries({ requests, cpu })) {
      new AutoscalingPolicy(this, `follow-${what}`, {
        name: `follow-${what}`,
        autoscalingGroupName: this.machines.name,
        policyType: "TargetTrackingScaling",
        targetTrackingConfiguration,
      });
    }
  }

  /** Half of the campus orders within half an hour: machines stand before the first one does. */
  private growForLunch(): void {
    const { lunch } = this.props.plan;
    const sizes = {
      "lunch-begins": [lunch.start, this.plan.lunchMinInstances],
      "lunch-ends": [lunch.end, this.plan.minInstances],
    } as const;
    for (const [name, [recurrence, minSize]] of Object.entries(sizes)) {
      new AutoscalingSchedule(this, name, {
        scheduledActionName: name,
        autoscalingGroupName: this.machines.name,
        recurrence,
        timeZone: lunch.timeZone,
        minSize,
        maxSize: this.plan.maxInstances,
        desiredCapacity: -1, // as it is: load decides above the smallest size
      });
    }
  }
}
