import { Construct } from "constructs";
import { IamRole, IamRolePolicy } from "../aws.ts";
import { type CampusStack, campusOf } from "./campus-stack.ts";
import { policyJson, type ResourceStatement, refuseWideTrust, type Statement } from "./policy.ts";

export type RoleProps = {
  readonly part: string;
  readonly purpose: string;
  readonly trust: { readonly service: string } | { readonly statements: readonly ResourceStatement[] };
  /** A role that the apply role itself makes carries the boundary, so that it can never be more than the platform. */
  readonly boundary?: boolean;
};

/** A role with one small inline policy for each thing that it may do. */
export class Role extends Construct {
  readonly role: IamRole;

  constructor(scope: Construct, id: string, props: RoleProps) {
    super(scope, id);
    const stack = campusOf(this);
    const trust = trustOf(props, stack);
    refuseWideTrust(`the role ${props.part}`, trust);
    this.role = new IamRole(this, "role", {
      name: stack.name("role", props.part),
      description: props.purpose,
      assumeRolePolicy: JSON.stringify({ Version: "2012-10-17", Statement: trust.map(trustStatement) }),
      ...(props.boundary === false ? {} : { permissionsBoundary: boundaryArn(stack) }),
      maxSessionDuration: 3600,
    });
  }

  get arn(): string {
    return this.role.arn;
  }

  get name(): string {
    return this.role.name;
  }

  allow(what: string, statements: readonly Statement[]): IamRolePolicy {
    return new IamRolePolicy(this, what, { name: what, role: this.role.name, policy: policyJson(statements) });
  }
}

/** Services that send aws:SourceAccount when they take a role: with it, no other account's resource can talk them into using ours. */
const saysWhoAsks = new Set(["config.amazonaws.com", "glue.amazonaws.com", "monitoring.rds.amazonaws.com", "vpc-flow-logs.amazonaws.com"]);

export const boundaryName = (environment: string): string => `campus-${environment}-boundary`;

const boundaryArn = (stack: CampusStack): string =>
  `arn:aws:iam::${stack.environment.accountId}:policy/${boundaryName(stack.environment.name)}`;

function trustOf(props: RoleProps, stack: CampusStack): readonly ResourceStatement[] {
  if ("statements" in props.trust) return props.trust.statements;
  return [
    {
      sid: "Service",
      actions: ["sts:AssumeRole"],
      resources: [],
      principals: { Service: [props.trust.service] },
      ...(saysWhoAsks.has(props.trust.service)
        ? { conditions: { StringEquals: { "aws:SourceAccount": stack.environment.accountId } } }
        : {}),
    },
  ];
}

function trustStatement(statement: ResourceStatement) {
  const parsed = JSON.parse(policyJson([statement])).Statement[0];
  delete parsed.Resource;
  return parsed;
}
