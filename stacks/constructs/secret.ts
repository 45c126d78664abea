import { Construct } from "constructs";
import { type IamRolePolicy, SecretsmanagerSecret } from "../aws.ts";
import { secretName } from "../names.ts";
import { campusOf } from "./campus-stack.ts";
import { type KeyRef, useStatement } from "./key.ts";
import type { Role } from "./role.ts";

export type SecretProps = {
  readonly name: string;
  readonly purpose: string;
  readonly key: KeyRef;
  readonly copyTo: { readonly region: string; readonly key: KeyRef };
};

/** A container for a secret and its copy in the other region. Its value never passes through Terraform's state. */
export class Secret extends Construct {
  private readonly secret: SecretsmanagerSecret;
  private readonly props: SecretProps;
  private readonly home: string;

  constructor(scope: Construct, id: string, props: SecretProps) {
    super(scope, id);
    this.props = props;
    const stack = campusOf(this);
    this.home = stack.region;
    this.secret = new SecretsmanagerSecret(this, "secret", {
      name: this.name,
      description: props.purpose,
      kmsKeyId: props.key.arn,
      recoveryWindowInDays: stack.environment.protection.on ? 30 : 0,
      replica: [{ region: props.copyTo.region, kmsKeyId: props.copyTo.key.arn }],
    });
  }

  /** The same in both regions. */
  get name(): string {
    return secretName(campusOf(this).environment.name, this.props.name);
  }

  get arn(): string {
    return this.secret.arn;
  }

  /** To the function that rotates it, in its home region: a copy cannot be rotated. */
  grantRotate(role: Role): IamRolePolicy {
    return role.allow(`rotate-secret-${this.props.name}`, [
      {
        sid: "MakeVersion",
        actions: [
          "secretsmanager:DescribeSecret",
          "secretsmanager:GetSecretValue",
          "secretsmanager:PutSecretValue",
          "secretsmanager:UpdateSecretVersionStage",
        ],
        resources: [this.arn],
      },
      {
        ...useStatement(this.props.key.arn, ["Decrypt", "GenerateDataKey"]),
        conditions: { StringEquals: { "kms:ViaService": `secretsmanager.${this.home}.amazonaws.com` } },
      },
    ]);
  }

  grantRead(role: Role): void {
    Secret.grantRead(role, [this], `read-secret-${this.props.name}`);
  }

  /** Several in one policy: IAM allows a role 10,240 characters in all. */
  static grantRead(role: Role, secrets: readonly Secret[], what = "read-secrets"): void {
    const stack = campusOf(role);
    const keys = new Set(secrets.map(({ props, home }) => (stack.region === home ? props.key : props.copyTo.key).arn));
    role.allow(what, [
      {
        sid: "ReadValue",
        actions: ["secretsmanager:GetSecretValue"],
        // AWS ends an ARN with six characters of its own; named so, the copy in the other region needs no look-up.
        resources: secrets.map(({ name }) => stack.arn("secretsmanager", `secret:${name}-??????`)),
      },
      {
        ...useStatement([...keys], ["Decrypt"]),
        conditions: { StringEquals: { "kms:ViaService": `secretsmanager.${stack.region}.amazonaws.com` } },
      },
    ]);
  }
}
