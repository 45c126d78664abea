import type { Construct } from "constructs";
import { capabilities, type Environment, regionPlans } from "../regions/index.ts";
import { IamOpenidConnectProvider, IamPolicy, IamRolePolicyAttachment, S3AccountPublicAccessBlock } from "./aws.ts";
import { boundary, platformServices } from "./boundary.ts";
import { Bucket } from "./constructs/bucket.ts";
import { copyBucket } from "./constructs/bucket-copy.ts";
import { CampusStack } from "./constructs/campus-stack.ts";
import { Key } from "./constructs/key.ts";
import { policyJson, type ResourceStatement } from "./constructs/policy.ts";
import { boundaryName, Role } from "./constructs/role.ts";

export type BootstrapStackProps = { readonly environment: Environment };

const tokenHost = "token.actions.githubusercontent.com";

/** What must stand before anything can be deployed: the state's bucket, CI's two roles, the boundary that holds every role. */
export class BootstrapStack extends CampusStack {
  private readonly states: { readonly state: Bucket; readonly copy: Bucket };
  private readonly stateKey: Key;

  constructor(scope: Construct, props: BootstrapStackProps) {
    super(scope, { ...props, part: "bootstrap" });
    new S3AccountPublicAccessBlock(this, "no-public-buckets", {
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    this.stateKey = new Key(this, "state-key", { part: "state", purpose: "Terraform's state", multiRegion: true });
    this.states = this.createStateBuckets();
    this.createCiRoles(this.createBoundary());
  }

  /** The state of both regions lies at home, with a copy in the other for the day that home is lost. */
  private createStateBuckets(): { readonly state: Bucket; readonly copy: Bucket } {
    const [, { region }] = regionPlans(this.environment);
    const { place } = capabilities[region];
    const provider = this.providerIn(region, place);
    const copyKey = this.stateKey.replicateTo(provider, place);
    const common = { accessLogs: "is a log bucket", oldVersionsDays: 365 } as const;
    const copy = new Bucket(this, "state-copy", { part: "state-copy", key: copyKey, provider, ...common });
    const state = new Bucket(this, "state", { part: "state", key: this.stateKey, ...common });
    copyBucket(state, { bucket: copy, key: copyKey });
    return { state, copy };
  }

  private createBoundary(): IamPolicy {
    return new IamPolicy(this, "boundary", {
      name: boundaryName(this.environment.name),
      description: "the most that any role of Campus Pay can do",
      policy: policyJson(boundary),
    });
  }

  private createCiRoles(boundary: IamPolicy): void {
    const issuer = new IamOpenidConnectProvider(this, "github", { url: `https://${tokenHost}`, clientIdList: ["sts.amazonaws.com"] });
    const plan = this.ciRole("plan", `${this.environment.name}-plan`, issuer);
    new IamRolePolicyAttachment(this, "plan-reads", { role: plan.name, policyArn: "arn:aws:iam::aws:policy/ReadOnlyAccess" });
    this.allowState(plan, "read");
    this.readNoSecret(plan);
    const apply = this.ciRole("apply", this.environment.name, issuer);
    this.allowState(apply, "write");
    this.readNoSecret(apply);
    this.allowDeploy(apply, boundary);
  }

  /** Bound to one repository and one of its protected environments: a fork, a branch or another repository gets nothing. */
  private ciRole(what: "plan" | "apply", githubEnvironment: string, issuer: IamOpenidConnectProvider): Role {
    const { owner, name } = this.environment.repository;
    const trust: ResourceStatement = {
      sid: "OneRepositoryOneEnvironment",
      actions: ["sts:AssumeRoleWithWebIdentity"],
      resources: [],
      principals: { Federated: [issuer.arn] },
      conditions: {
        StringEquals: {
          [`${tokenHost}:aud`]: "sts.amazonaws.com",
          [`${tokenHost}:sub`]: `repo:${owner}/${name}:environment:${githubEnvironment}`,
        },
      },
    };
    return new Role(this, `ci-${what}`, { part: `ci-${what}`, purpose: `CI: ${what}`, trust: { statements: [trust] }, boundary: false });
  }

  /** Who plans reads the state and holds its lock; who applies also writes it. The same for the copy, which is the state when home is lost. */
  private allowState(role: Role, may: "read" | "write"): void {
    const mine = `${this.environment.name}-`;
    for (const bucket of Object.values(this.states)) {
      if (may === "read") bucket.grantRead(role, mine);
      else bucket.grantReadWrite(role, mine);
    }
    const locks = Object.values(this.states).map(({ arn }) => `${arn}/${mine}*.tflock`);
    const keys = Object.values(this.states).flatMap(({ props: { key } }) => (key === "s3-managed" ? [] : [key.arn]));
    role.allow("hold-the-lock", [
      { sid: "Lock", actions: ["s3:PutObject", "s3:DeleteObject"], resources: locks },
      { sid: "UseKey", actions: ["kms:GenerateDataKey"], resources: keys },
    ]);
  }

  /**
   * Builds everything, but a role or policy only when it carries the boundary; never the boundary, CI's own roles or their issuer, which
   * an administrator changes by deploying this stack. What remains is said in docs/decisions/0045: who may deploy code that
   * runs with a role may do what that role may, so a person approves each apply.
   */
  private allowDeploy(role: Role, boundary: IamPolicy): void {
    const { accountId, name } = this.environment;
    const ours = ["role", "policy", "instance-profile"].map((kind) => `arn:aws:iam::${accountId}:${kind}/campus-${name}-*`);
    role.allow("build", [
      { sid: "BuildThePlatform", actions: platformServices.map((service) => `${service}:*`), resources: ["*"] },
      { sid: "ReadIdentities", actions: ["iam:Get*", "iam:List*"], resources: ["*"] },
      { sid: "ManageOurIdentities", actions: manageIdentities, resources: ours },
      {
        sid: "RolesOfAwsItself",
        actions: ["iam:CreateServiceLinkedRole"],
        resources: [`arn:aws:iam::${accountId}:role/aws-service-role/*`],
      },
      {
        sid: "RolesWithBoundaryOnly",
        actions: ["iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:AttachRolePolicy"],
        resources: ours,
        conditions: { StringEquals: { "iam:PermissionsBoundary": boundary.arn } },
      },
      {
        sid: "BoundaryStays",
        effect: "Deny",
        actions: [
          "iam:CreatePolicyVersion",
          "iam:DeletePolicy",
          "iam:DeletePolicyVersion",
          "iam:DeleteRolePermissionsBoundary",
          "iam:SetDefaultPolicyVersion",
        ],
        resources: [boundary.arn, `arn:aws:iam::${accountId}:role/*`],
      },
      {
        sid: "CiRolesStay",
        effect: "Deny",
        actions: identityWrites,
        resources: [`arn:aws:iam::${accountId}:role/${this.name("role", "ci")}*`, `arn:aws:iam::${accountId}:oidc-provider/*`],
      },
      {
        sid: "LocksStay",
        effect: "Deny",
        actions: ["s3:BypassGovernanceRetention", "backup:DeleteBackupVaultLockConfiguration"],
        resources: ["*"],
      },
    ]);
  }

  /** Not by a call of its own: Terraform makes containers and never reads what is in them; the database's first password is random and told to nobody. */
  private readNoSecret(role: Role): void {
    role.allow("secrets", [
      { sid: "NoSecret", effect: "Deny", actions: ["secretsmanager:GetSecretValue"], resources: ["*"] },
      { sid: "RandomPassword", actions: ["secretsmanager:GetRandomPassword"], resources: ["*"] },
    ]);
  }
}

/** Every change of a role, its trust and its policies. */
const identityWrites = [
  "iam:Add*",
  "iam:Attach*",
  "iam:Create*",
  "iam:Delete*",
  "iam:Detach*",
  "iam:Put*",
  "iam:Remove*",
  "iam:Tag*",
  "iam:Untag*",
  "iam:Update*",
];

const manageIdentities = [
  "iam:AddRoleToInstanceProfile",
  "iam:CreateInstanceProfile",
  "iam:DeleteInstanceProfile",
  "iam:DeleteRole",
  "iam:DeleteRolePolicy",
  "iam:DetachRolePolicy",
  "iam:PassRole",
  "iam:RemoveRoleFromInstanceProfile",
  "iam:TagInstanceProfile",
  "iam:TagRole",
  "iam:UntagInstanceProfile",
  "iam:UntagRole",
  "iam:UpdateAssumeRolePolicy",
  "iam:UpdateRole",
  "iam:UpdateRoleDescription",
];
