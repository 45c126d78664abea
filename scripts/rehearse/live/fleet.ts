import { Machine } from "../../machine/machine.ts";
import type { Ask } from "./ask.ts";
import type { Metadata } from "./metadata.ts";
import { nameServer, type Place } from "./places.ts";

type Group = {
  readonly AutoScalingGroupName: string;
  readonly Instances: readonly {
    readonly InstanceId: string;
    readonly LifecycleState: string;
    readonly LaunchTemplate?: { readonly LaunchTemplateId: string; readonly Version: string };
  }[];
};

type TemplateVersion = {
  readonly LaunchTemplateData: { readonly UserData: string; readonly IamInstanceProfile: { readonly Arn: string } };
};

export type Running = { readonly id: string; readonly address: string; readonly machine: Machine; readonly metadata: Metadata };

/** Makes true what the world says of a region's Auto Scaling groups: an instance there is a machine here, booted by its template's own user data. */
export class Fleet {
  readonly running = new Map<string, Running>();
  private readonly ask: Ask;
  private readonly place: Place;
  private readonly base: string;
  private readonly folder: string;
  private readonly authority: string;
  private states = new Map<string, string>();

  constructor(options: { ask: Ask; place: Place; base: string; folder: string; authority: string }) {
    this.ask = options.ask;
    this.place = options.place;
    this.base = options.base;
    this.folder = options.folder;
    this.authority = options.authority;
  }

  addressOf = (id: string): string | undefined => this.running.get(id)?.address;

  stateOf = (id: string): string => this.states.get(id) ?? "gone";

  machineAt = (address: string): Running | undefined => [...this.running.values()].find((one) => one.address === address);

  /** One look at the world: boots what is new, switches off what is gone. */
  async follow(): Promise<void> {
    const { AutoScalingGroups } = await this.ask<{ AutoScalingGroups: Group[] }>(
      "autoscaling",
      this.place.region,
      "describe_auto_scaling_groups",
    );
    const instances = AutoScalingGroups.flatMap(({ Instances }) => Instances);
    this.states = new Map(instances.map(({ InstanceId, LifecycleState }) => [InstanceId, LifecycleState]));
    for (const [id, { machine }] of this.running) {
      if (this.states.has(id)) continue;
      this.running.delete(id);
      void machine.powerOff();
    }
    for (const { InstanceId, LaunchTemplate } of instances) {
      if (!this.running.has(InstanceId) && LaunchTemplate) await this.boot(InstanceId, LaunchTemplate);
    }
  }

  /** A machine that its load balancer finds dead is terminated; the world then names another. */
  async replace(id: string): Promise<void> {
    await this.ask("autoscaling", this.place.region, "terminate_instance_in_auto_scaling_group", {
      InstanceId: id,
      ShouldDecrementDesiredCapacity: false,
    });
  }

  private async boot(id: string, template: { readonly LaunchTemplateId: string; readonly Version: string }): Promise<void> {
    const { region, bridge, gateway, prefix } = this.place;
    const ec2 = <T>(operation: string, args: Record<string, unknown>) => this.ask<T>("ec2", region, operation, args);
    const { LaunchTemplateVersions } = await ec2<{ LaunchTemplateVersions: TemplateVersion[] }>("describe_launch_template_versions", {
      LaunchTemplateId: template.LaunchTemplateId,
      Versions: [template.Version],
    });
    const { UserData = "", IamInstanceProfile } = LaunchTemplateVersions[0]?.LaunchTemplateData ?? {};
    const { Reservations } = await ec2<{ Reservations: { Instances: { PrivateIpAddress: string }[] }[] }>("describe_instances", {
      InstanceIds: [id],
    });
    const address = Reservations[0]?.Instances[0]?.PrivateIpAddress ?? "";
    const { InstanceProfile } = await this.ask<{ InstanceProfile: { Roles: { Arn: string }[] } }>("iam", region, "get_instance_profile", {
      InstanceProfileName: IamInstanceProfile?.Arn.split("/").at(-1),
    });
    const userData = Buffer.from(UserData, "base64").toString();
    const machine = await Machine.of({
      base: this.base,
      folder: this.folder,
      name: id,
      bridge,
      address,
      gateway,
      prefix,
      userData,
      hosts: {},
      authority: this.authority,
      files: {
        "usr/local/share/campus-pay/ca/rehearsal.pem": this.authority,
        "etc/resolv.conf": `nameserver ${nameServer}\n`,
      },
    });
    const metadata = {
      instanceId: id,
      region,
      userData,
      roleArn: InstanceProfile.Roles[0]?.Arn ?? "",
      lifecycleState: () => (/^(Pending|InService)/.test(this.states.get(id) ?? "") ? "InService" : "Terminated"),
    };
    this.running.set(id, { id, address, machine, metadata });
    machine.powerOn();
  }
}
