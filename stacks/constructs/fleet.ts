import { Fn, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { oneMetric } from "../../dashboards/alarm.ts";
import { type ApiPlan, type FleetPlan, notPublished } from "../../regions/index.ts";
import { AutoscalingGroup, AutoscalingPolicy, AutoscalingSchedule, LaunchTemplate, type LbListenerRule } from "../aws.ts";
import { Alarm, type Tell } from "./alarm.ts";
import { campusOf } from "./campus-stack.ts";
import { News } from "./news.ts";
import type { Group } from "./security-group.ts";
import type { TargetGroup } from "./target-group.ts";

export type FleetProps = {
  readonly plan: ApiPlan;
  readonly fleet: FleetPlan;
  readonly targets: TargetGroup;
  /** The rules that send requests to the target group: AWS looks at no target's health, and counts no request, before they stand. */
  readonly routedBy: readonly LbListenerRule[];
  readonly subnetIds: readonly string[];
  readonly group: Group;
  readonly imageId: string;
  readonly instanceProfileArn: string;
  readonly userData: string;
  readonly loadBalancerArnSuffix: string;
  readonly tell: Tell;
};

/** The hook of a launch, which app/host/in-service.ts completes. */
export const inServiceHook = "in-service";

/** How long a deploy waits for the machines that it asked for: boot, unpack, warm up, two health checks. */
const machinesWithin = "15m";

/**
 * The machines of one colour behind one target group. A release moves weight from a colour to the other, or replaces machines within one.
 * Until an artifact is published there is a template and no machine: it could not serve, and would be replaced every few minutes for ever.
 */
export class Fleet extends Construct {
  readonly targets: TargetGroup;
  readonly plan: FleetPlan;
  /** Undefined until an artifact is published. */
  readonly machines: AutoscalingGroup | undefined;
  private readonly props: FleetProps;

  constructor(scope: Construct, id: string, props: FleetProps) {
    super(scope, id);
    this.props = props;
    this.plan = props.fleet;
    this.targets = props.targets;
    this.refuseImpossibleSizes();
    const template = this.createTemplate();
    if (props.fleet.artifactSha256 === notPublished) return;
    this.machines = this.createMachines(template);
    if (this.plan.minInstances > 0) {
      this.growWithLoad(this.machines);
      this.growForLunch(this.machines);
      this.watch();
    }
  }

  /** Has machines that serve, or that must be ready to. */
  get isRunning(): boolean {
    return this.machines !== undefined && this.plan.minInstances > 0;
  }

  private refuseImpossibleSizes(): void {
    const { colour, minInstances, lunchMinInstances, maxInstances } = this.plan;
    if (minInstances > lunchMinInstances || lunchMinInstances > maxInstances) {
      throw new Error(
        `the fleet ${colour} has ${minInstances} machines, ${lunchMinInstances} at lunch and ${maxInstances} at most; these must not fall from left to right.`,
      );
    }
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
   * How many machines there are is decided by load above the smallest number, and which version of the template runs by releases
   * where users are served, so there Terraform looks away: its own instance refresh would "roll back" to the bad version.
   * A colour without users takes the newest version: raising its smallest number in regions/ starts what was published last.
   */
  private createMachines(template: LaunchTemplate): AutoscalingGroup {
    const stack = campusOf(this);
    const { fleet, subnetIds, targets, routedBy } = this.props;
    return new AutoscalingGroup(this, "machines", {
      name: stack.name("other", fleet.colour),
      minSize: fleet.minInstances,
      maxSize: fleet.maxInstances,
      desiredCapacity: fleet.minInstances,
      vpcZoneIdentifier: [...subnetIds],
      launchTemplate: { id: template.id, version: Fn.tostring(template.latestVersion) },
      targetGroupArns: [targets.arn],
      healthCheckType: "ELB",
      healthCheckGracePeriod: 180,
      defaultInstanceWarmup: 120,
      maxInstanceLifetime: 30 * 86_400,
      instanceMaintenancePolicy: { minHealthyPercentage: 100, maxHealthyPercentage: 150 }, // the new machine serves before the old one goes
      enabledMetrics: ["GroupInServiceInstances", "GroupDesiredCapacity", "GroupMaxSize", "GroupPendingInstances"],
      waitForCapacityTimeout: machinesWithin,
      ...(fleet.minInstances > 0 ? { minElbCapacity: fleet.minInstances } : {}),
      // A machine that has not said "200, and my own artifact" within five minutes is thrown away before it gets a request.
      initialLifecycleHook: [
        {
          name: inServiceHook,
          lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
          heartbeatTimeout: 300,
          defaultResult: "ABANDON",
        },
      ],
      tag: Object.entries({ ...stack.tags, Name: stack.name("other", fleet.colour) }).map(([key, value]) => ({
        key,
        value,
        propagateAtLaunch: true,
      })),
      dependsOn: [...routedBy],
      lifecycle: { ignoreChanges: ["desired_capacity", ...(fleet.weightPercent > 0 ? ["launch_template[0].version"] : [])] },
    });
  }

  private watch(): void {
    const { tell, loadBalancerArnSuffix } = this.props;
    const { colour, minInstances } = this.plan;
    const group = campusOf(this).name("other", colour);
    const runbook = "bad-deploy-and-unhealthy-hosts.md";
    new Alarm(this, `alb-unhealthy-hosts-${colour}`, {
      severity: "page",
      runbook,
      says: `Too few machines of the ${colour} fleet answer.`,
      watched: oneMetric({
        namespace: "AWS/ApplicationELB",
        name: "HealthyHostCount",
        dimensions: { LoadBalancer: loadBalancerArnSuffix, TargetGroup: this.targets.arnSuffix },
        statistic: "Minimum",
        periodSeconds: 60,
      }),
      when: "below",
      threshold: minInstances,
      periods: 3,
      silence: "breaching",
      tell,
    });
    const size = (name: string) =>
      ({ namespace: "AWS/AutoScaling", name, dimensions: { AutoScalingGroupName: group }, statistic: "Maximum" }) as const;
    new Alarm(this, `asg-at-max-${colour}`, {
      severity: "ticket",
      runbook,
      says: `The ${colour} fleet has had as many machines as it may for a quarter of an hour: more load finds no more machines.`,
      watched: {
        of: { running: size("GroupInServiceInstances"), most: size("GroupMaxSize") },
        expression: "IF(running >= most, 1, 0)",
        periodSeconds: 300,
      },
      when: "above",
      threshold: 0,
      periods: 3,
      silence: "notBreaching",
      tell,
    });
    new News(this, `machine-not-launched-${colour}`, {
      severity: "ticket",
      runbook,
      says: `Auto Scaling could not launch a machine of the ${colour} fleet.`,
      source: "aws.autoscaling",
      kinds: ["EC2 Instance Launch Unsuccessful"],
      detail: { AutoScalingGroupName: [group] },
      tell,
    });
  }

  /** Load only adds machines: each that goes cuts live streams, so they go together in the evening, when nobody orders. */
  private growWithLoad(machines: AutoscalingGroup): void {
    const requests = {
      predefinedMetricSpecification: {
        predefinedMetricType: "ALBRequestCountPerTarget",
        resourceLabel: `${this.props.loadBalancerArnSuffix}/${this.targets.arnSuffix}`,
      },
      targetValue: this.props.plan.requestsPerTargetPerMinute,
    };
    const cpu = { predefinedMetricSpecification: { predefinedMetricType: "ASGAverageCPUUtilization" }, targetValue: 55 };
    for (const [what, tracking] of Object.entries({ requests, cpu })) {
      new AutoscalingPolicy(this, `follow-${what}`, {
        name: `follow-${what}`,
        autoscalingGroupName: machines.name,
        policyType: "TargetTrackingScaling",
        targetTrackingConfiguration: { ...tracking, disableScaleIn: true },
        dependsOn: [...this.props.routedBy], // AWS refuses to count requests of a group that no listener knows
      });
    }
  }

  /**
   * Half of the campus orders within half an hour: machines stand before the first one does. The number is set, not the smallest
   * number: that one is Terraform's alone, so a plan at noon is as empty as one at midnight.
   */
  private growForLunch(machines: AutoscalingGroup): void {
    const { lunch } = this.props.plan;
    const sizes = {
      "lunch-begins": [lunch.start, this.plan.lunchMinInstances],
      "day-ends": [lunch.dayEnds, this.plan.minInstances],
    } as const;
    for (const [name, [recurrence, desiredCapacity]] of Object.entries(sizes)) {
      new AutoscalingSchedule(this, name, {
        scheduledActionName: name,
        autoscalingGroupName: machines.name,
        recurrence,
        timeZone: lunch.timeZone,
        minSize: -1, // as they are
        maxSize: -1,
        desiredCapacity,
      });
    }
  }
}
