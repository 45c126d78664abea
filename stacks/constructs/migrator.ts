import { Fn, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { LaunchTemplate } from "../aws.ts";
import { campusOf } from "./campus-stack.ts";
import type { Group } from "./security-group.ts";

export type MigratorProps = {
  readonly instanceType: string;
  readonly subnetId: string;
  readonly group: Group;
  readonly imageId: string;
  readonly instanceProfileArn: string;
  readonly userData: string;
};

/** The template of a machine that lives for a minute: it makes the database's roles and schema, says how it went, and ends itself. */
export class Migrator extends Construct {
  readonly template: LaunchTemplate;

  constructor(scope: Construct, id: string, props: MigratorProps) {
    super(scope, id);
    const stack = campusOf(this);
    const name = stack.name("other", "migrator");
    const tags = { ...stack.tags, Name: name };
    // Through a local, as in Fleet.
    const boot = new TerraformLocal(this, "boot", props.userData);
    this.template = new LaunchTemplate(this, "template", {
      name,
      description: "one run of the migrator",
      imageId: props.imageId,
      instanceType: props.instanceType,
      iamInstanceProfile: { arn: props.instanceProfileArn },
      networkInterfaces: [{ subnetId: props.subnetId, securityGroups: [props.group.id], associatePublicIpAddress: "false" }],
      instanceInitiatedShutdownBehavior: "terminate",
      userData: Fn.base64encode(boot.asString),
      metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1, httpEndpoint: "enabled" },
      blockDeviceMappings: [
        { deviceName: "/dev/xvda", ebs: { encrypted: "true", volumeType: "gp3", volumeSize: 20, deleteOnTermination: "true" } },
      ],
      tagSpecifications: [
        { resourceType: "instance", tags },
        { resourceType: "volume", tags },
      ],
    });
  }
}
