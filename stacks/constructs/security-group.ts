import { Construct } from "constructs";
import { SecurityGroup, VpcSecurityGroupEgressRule, VpcSecurityGroupIngressRule } from "../aws.ts";
import { campusOf } from "./campus-stack.ts";

export type GroupProps = { readonly part: string; readonly purpose: string; readonly vpcId: string };

/**
 * Who reaches whom, on which port. Rules are resources of their own: inline rules are written with nulls by cdktf,
 * which hides open ports from policy scanners.
 */
export class Group extends Construct {
  readonly group: SecurityGroup;
  readonly part: string;

  constructor(scope: Construct, id: string, props: GroupProps) {
    super(scope, id);
    this.part = props.part;
    refuseStrangeCharacters(props.purpose);
    this.group = new SecurityGroup(this, "group", {
      name: campusOf(this).name("securityGroup", props.part),
      description: props.purpose,
      vpcId: props.vpcId,
      revokeRulesOnDelete: true,
    });
  }

  get id(): string {
    return this.group.id;
  }

  /** Opens one port between two groups: in here, out there. Both rules stand in the stack of the one who asks. */
  allowFrom(peer: Group, port: number, why: string): void {
    const description = refuseStrangeCharacters(`${peer.part} to ${this.part}: ${why}`);
    const ports = { fromPort: port, toPort: port, ipProtocol: "tcp", description };
    new VpcSecurityGroupIngressRule(peer, `into-${this.part}-${port}`, {
      securityGroupId: this.id,
      referencedSecurityGroupId: peer.id,
      ...ports,
    });
    new VpcSecurityGroupEgressRule(peer, `out-to-${this.part}-${port}`, {
      securityGroupId: peer.id,
      referencedSecurityGroupId: this.id,
      ...ports,
    });
  }

  /** Every port among the members of this group and nobody else: what Glue demands of its workers. */
  allowAmongMembers(why: string): void {
    const ports = { fromPort: 0, toPort: 65_535, ipProtocol: "tcp", description: `${this.part} to itself: ${why}` };
    new VpcSecurityGroupIngressRule(this, "from-members", { securityGroupId: this.id, referencedSecurityGroupId: this.id, ...ports });
    new VpcSecurityGroupEgressRule(this, "to-members", { securityGroupId: this.id, referencedSecurityGroupId: this.id, ...ports });
  }

  allowFromPrefixList(prefixListId: string, port: number, why: string): void {
    const ports = { fromPort: port, toPort: port, ipProtocol: "tcp", description: why };
    new VpcSecurityGroupIngressRule(this, `from-prefix-list-${port}`, { securityGroupId: this.id, prefixListId, ...ports });
  }

  /** HTTPS to the world: AWS's own interfaces, FCM, the payment gateway and the SMS provider have no fixed addresses. */
  allowHttpsOut(why: string): void {
    const ports = { fromPort: 443, toPort: 443, ipProtocol: "tcp", description: why };
    new VpcSecurityGroupEgressRule(this, "https-out", { securityGroupId: this.id, cidrIpv4: "0.0.0.0/0", ...ports });
  }
}

/** EC2 refuses an apostrophe, for one, and only at the apply. */
function refuseStrangeCharacters(description: string): string {
  if (/^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]{1,255}$/.test(description)) return description;
  throw new Error(
    `the description "${description}" of a security group or rule has characters that EC2 refuses; use letters, digits and ._-:/()#,@[]+=&;{}!$* only.`,
  );
}
