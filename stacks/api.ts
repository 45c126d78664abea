import type { Construct } from "constructs";
import { type Environment, type FleetPlan, mailDomain, type RegionPlan, regionPlans } from "../regions/index.ts";
import { secretSlug, secretsOfTheApp } from "./app-secrets.ts";
import { DataAwsSsmParameter, IamInstanceProfile, Route53Record, ShieldProtection, Wafv2WebAclAssociation } from "./aws.ts";
import { CampusStack } from "./constructs/campus-stack.ts";
import { Certificate } from "./constructs/certificate.ts";
import { replicaBehindSeconds } from "./constructs/database.ts";
import { Fleet, inServiceHook } from "./constructs/fleet.ts";
import { LoadBalancer } from "./constructs/load-balancer.ts";
import { Migrator } from "./constructs/migrator.ts";
import { Role } from "./constructs/role.ts";
import { Secret } from "./constructs/secret.ts";
import { TargetGroup } from "./constructs/target-group.ts";
import { WebAcl } from "./constructs/web-acl.ts";
import type { DataStack } from "./data.ts";
import type { MessagingStack } from "./messaging.ts";
import { epochParameter, logGroupName, logGroupPrefix, migrationParameter, restoreParameter, secretName } from "./names.ts";
import { type NetworkStack, ports } from "./network.ts";
import { originHeader, originName, placeOriginName } from "./origins.ts";
import type { HomeSecurityStack, RegionKeys } from "./security.ts";
import type { StorageStack } from "./storage.ts";
import { bootScript } from "./user-data.ts";

export type ApiStackProps = {
  readonly environment: Environment;
  readonly plan: RegionPlan;
  readonly keys: RegionKeys;
  readonly secrets: HomeSecurityStack["secrets"];
  readonly network: NetworkStack;
  readonly storage: StorageStack;
  readonly data: DataStack;
  readonly messaging: MessagingStack;
  readonly zoneId: string;
  readonly originKey: string;
  /** The master's password and that of the role that reports are read with: the migrator alone needs both. */
  readonly databaseSecrets: readonly Secret[];
};

/** The machine image: Debian 12 for Graviton, newest at each deploy of this stack, run from the next release on. */
const imageParameter = "/aws/service/debian/release/12/latest/arm64";

/** Written by app/host: the authorities of RDS, which are in the artifact. */
const databaseCaFile = "/etc/campus-pay/database-ca.pem";

/** Where the boot script's link leads: a table's code answers its page with the menu inside, as the artifact built it. */
const webFolder = "/opt/campus-pay/current/web";

const routes = [
  { name: "pos", paths: ["/api/v1/pos/*"] },
  { name: "portal", paths: ["/api/v1/admin/*", "/api/v1/delivery/*"] },
  { name: "student", paths: ["/api/v1/*"] },
  { name: "health", paths: ["/health", "/ready"] },
  { name: "documents", paths: ["/openapi.json", "/docs*"] },
  { name: "operations", paths: ["/ops", "/ops/*"] },
  { name: "public-pages", paths: ["/t/*", "/.well-known/*"] },
];

/** Log groups that the machine's agent writes to; the observability stack makes them. */
export const machineLogs = ["api", "worker", "nginx", "system"] as const;

export class ApiStack extends CampusStack {
  readonly loadBalancer: LoadBalancer;
  readonly fleets: readonly Fleet[];
  private readonly props: ApiStackProps;
  private readonly image: DataAwsSsmParameter;

  constructor(scope: Construct, props: ApiStackProps) {
    super(scope, { ...props, part: "api" });
    this.props = props;
    this.loadBalancer = this.createLoadBalancer();
    this.image = new DataAwsSsmParameter(this, "image", { name: imageParameter });
    this.fleets = this.createFleets();
    this.createMigrator();
    this.refuseKnownAttacks();
    this.nameTheOrigin();
  }

  private createLoadBalancer(): LoadBalancer {
    const { environment, network, storage, zoneId, originKey } = this.props;
    const hosts = [originName(environment), placeOriginName(environment, this.place)];
    return new LoadBalancer(this, "load-balancer", {
      subnetIds: network.subnets.public.map((subnet) => subnet.id),
      group: network.groups.loadBalancer,
      certificate: new Certificate(this, "certificate", {
        domain: hosts[0] as string,
        alternativeNames: hosts.slice(1),
        zoneId,
        tell: this.props.messaging.alarms,
      }),
      logs: storage.logs,
      hosts,
      onlyWith: { header: originHeader, value: originKey },
    });
  }

  private createFleets(): Fleet[] {
    const { plan, network, storage } = this.props;
    const profile = new IamInstanceProfile(this, "machine-profile", {
      name: this.name("role", "machine"),
      role: this.createMachineRole().name,
    });
    const behind = plan.api.fleets.map((fleet) => ({
      fleet,
      targets: new TargetGroup(this, `targets-${fleet.colour}`, { ...fleet, vpcId: network.vpc.id, port: ports.app }),
    }));
    const routedBy = this.loadBalancer.routeTo(
      behind.map(({ targets }) => targets),
      routes,
    );
    return behind.map(
      ({ fleet, targets }) =>
        new Fleet(this, `fleet-${fleet.colour}`, {
          plan: plan.api,
          fleet,
          targets,
          routedBy,
          subnetIds: network.subnets.app.map((subnet) => subnet.id),
          group: network.groups.app,
          imageId: this.image.insecureValue,
          instanceProfileArn: profile.arn,
          loadBalancerArnSuffix: this.loadBalancer.balancer.arnSuffix,
          tell: this.props.messaging.alarms,
          userData: bootScript({
            artifactBucket: storage.artifacts.name,
            artifactSha256: fleet.artifactSha256,
            region: this.region,
            program: "start",
            environment: this.machineEnvironment(fleet),
          }),
        }),
    );
  }

  /** Nobody migrates from a laptop, and no machine that serves may become the schema's owner. */
  private createMigrator(): void {
    const { environment, plan, network, storage, data } = this.props;
    const [fleet] = plan.api.fleets;
    const profile = new IamInstanceProfile(this, "migrator-profile", {
      name: this.name("role", "migrator"),
      role: this.createMigratorRole().name,
    });
    const id = (slug: string) => secretName(environment.name, slug);
    new Migrator(this, "migrator", {
      instanceType: plan.api.instanceType,
      subnetId: network.subnets.app[0]?.id as string,
      group: network.groups.app,
      imageId: this.image.insecureValue,
      instanceProfileArn: profile.arn,
      userData: bootScript({
        artifactBucket: storage.artifacts.name,
        artifactSha256: fleet?.artifactSha256 as string,
        region: this.region,
        program: "migrate",
        environment: {
          CAMPUS_VERSION: fleet?.artifactSha256 as string,
          AWS_REGION: this.region,
          DATABASE_URL: `postgres://campus_app@${data.database.instance.address}:${ports.postgres}/campus`,
          DATABASE_CA_FILE: databaseCaFile,
          DATABASE_MASTER_USER: "campus_master",
          DATABASE_MASTER_SECRET_ID: id("database-master"),
          MIGRATION_DATABASE_PASSWORD_SECRET_ID: id(secretSlug("MIGRATION_DATABASE_PASSWORD")),
          DATABASE_PASSWORD_SECRET_ID: id(secretSlug("DATABASE_PASSWORD")),
          ANALYTICS_DATABASE_SECRET_ID: id("analytics-database"),
          MIGRATION_PARAMETER: migrationParameter(environment.name),
        },
      }),
    });
  }

  private createMigratorRole(): Role {
    const { environment, secrets, databaseSecrets, storage } = this.props;
    const role = new Role(this, "migrator-role", {
      part: "migrator",
      purpose: "one run of the migrator, or of a restore drill's check: the passwords of the database's roles and the artifact",
      trust: { service: "ec2.amazonaws.com" },
    });
    for (const secret of [secrets.MIGRATION_DATABASE_PASSWORD, secrets.DATABASE_PASSWORD, ...databaseSecrets]) secret.grantRead(role);
    storage.artifacts.grantRead(role, "releases/");
    role.allow("say-how-it-went", [
      {
        sid: "Outcome",
        actions: ["ssm:PutParameter"],
        resources: [migrationParameter, restoreParameter].map((name) => this.arn("ssm", `parameter${name(environment.name)}`)),
      },
    ]);
    return role;
  }

  /** The app's environment, and what app/host needs to tell Auto Scaling and CloudWatch, and to learn who may write. */
  private machineEnvironment({ artifactSha256, colour }: FleetPlan): Record<string, string> {
    return {
      ...this.appEnvironment(artifactSha256),
      LIFECYCLE_GROUP: this.name("other", colour),
      LIFECYCLE_HOOK: inServiceHook,
      LOG_GROUP_PREFIX: logGroupPrefix(this.environment.name),
      EPOCH_PARAMETER: epochParameter(this.environment.name),
      CAMPUS_REGIONS: this.regions().join(","),
    };
  }

  private regions(): readonly string[] {
    return regionPlans(this.environment).map(({ region }) => region);
  }

  private appEnvironment(version: string): Record<string, string> {
    const { environment, data, storage, messaging, plan } = this.props;
    const secretIds = secretsOfTheApp.map((name) => [`${name}_SECRET_ID`, secretName(environment.name, secretSlug(name))]);
    return {
      CAMPUS_ENV: "production",
      CAMPUS_REGION: this.region,
      CAMPUS_VERSION: version,
      API_PROCESSES: String(plan.api.workersPerInstance),
      AWS_REGION: this.region,
      PUBLIC_URL: `https://${environment.domain}`,
      WEB_FOLDER: webFolder,
      TRUSTED_PROXIES: "3",
      DATABASE_URL: `postgres://campus_app@${data.database.instance.address}:${ports.postgres}/campus`,
      DATABASE_CA_FILE: databaseCaFile,
      REPLICA_LAG_LIMIT_SECONDS: String(replicaBehindSeconds),
      REDIS_URL: `rediss://${data.cache.endpoint}:${ports.redis}`,
      MENU_IMAGES_BUCKET: storage.menuImages.name,
      RECEIPTS_BUCKET: storage.receipts.name,
      ANALYTICS_BUCKET: storage.analytics.name,
      TRANSACTIONS_TOPIC: messaging.transactions.arn,
      WEBHOOKS_QUEUE: messaging.webhooks.queue.url,
      ...(messaging.receiptMails && {
        RECEIPT_MAIL_QUEUE: messaging.receiptMails.queue.queue.url,
        RECEIPT_MAIL_FROM: messaging.receiptMails.from,
      }),
      SMS_PROVIDER: environment.providers.sms,
      SMS_ACCOUNT: environment.providers.smsAccount,
      FCM_PROJECT_ID: environment.providers.fcmProjectId,
      ...(environment.providers.fcmWebApp && {
        FCM_WEB_APP: JSON.stringify({ ...environment.providers.fcmWebApp, projectId: environment.providers.fcmProjectId }),
      }),
      GATEWAY_KEY_ID: environment.providers.gatewayKeyId,
      ...this.bankVariables(),
      ...Object.fromEntries(secretIds),
    };
  }

  private bankVariables(): Readonly<Record<string, string>> {
    const { bank } = this.props.environment;
    if (!bank) return {};
    return { BANK_HOLDER: bank.holder, BANK_IBAN: bank.iban, ...(bank.bic && { BANK_BIC: bank.bic }) };
  }

  private createMachineRole(): Role {
    const { secrets, storage, messaging } = this.props;
    const role = new Role(this, "machine-role", {
      part: "machine",
      purpose: "a machine of the API: its secrets, its artifact, its images and receipts, the published tables, its topic and queue",
      trust: { service: "ec2.amazonaws.com" },
    });
    Secret.grantRead(
      role,
      secretsOfTheApp.map((name) => secrets[name]),
    );
    storage.artifacts.grantRead(role, "releases/");
    // The whole bucket: an upload waits for its check in uploads/, beside the images/ that the edge serves, and is deleted then.
    storage.menuImages.grantReadWrite(role, "", ["s3:DeleteObject"]);
    storage.receipts.grantReadWrite(role);
    storage.analytics.grantRead(role, "lake/tables/"); // what is published, nothing of what was read to make it
    messaging.transactions.grantPublish(role);
    messaging.webhooks.grantSendAndReceive(role);
    this.allowReceiptMail(role);
    this.allowLogsAndSessions(role);
    role.allow("enter-service", [
      {
        sid: "EnterService",
        actions: ["autoscaling:CompleteLifecycleAction"],
        resources: this.props.plan.api.fleets.map(({ colour }) =>
          this.arn("autoscaling", `autoScalingGroup:*:autoScalingGroupName/${this.name("other", colour)}`),
        ),
      },
    ]);
    // Of both regions: the lost one does not know of its loss.
    const epoch = `parameter${epochParameter(this.environment.name)}`;
    role.allow("learn-who-writes", [
      { sid: "Epoch", actions: ["ssm:GetParameter"], resources: this.regions().map((region) => this.arn("ssm", epoch, region)) },
    ]);
    return role;
  }

  private allowReceiptMail(role: Role): void {
    const { receiptMails } = this.props.messaging;
    if (!receiptMails) return;
    const { queue, from } = receiptMails;
    queue.grantReceive(role);
    role.allow("send-receipt-mails", [
      {
        sid: "SendReceiptMails",
        actions: ["ses:SendEmail", "ses:SendRawEmail"], // a mail with an attachment is sent raw, for which SES asks the second
        resources: [this.arn("ses", `identity/${mailDomain(from)}`)],
        conditions: { StringEquals: { "ses:FromAddress": from } },
      },
    ]);
  }

  private allowLogsAndSessions(role: Role): void {
    role.allow("write-logs", [
      {
        sid: "WriteLogs",
        actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
        resources: machineLogs.map((log) => this.arn("logs", `log-group:${logGroupName(this.environment.name, log)}:*`)),
      },
    ]);
    // Session Manager, the only way in: these actions know no resource.
    role.allow("sessions", [
      {
        sid: "Sessions",
        actions: [
          "ssm:UpdateInstanceInformation",
          "ssmmessages:CreateControlChannel",
          "ssmmessages:CreateDataChannel",
          "ssmmessages:OpenControlChannel",
          "ssmmessages:OpenDataChannel",
        ],
        resources: ["*"],
      },
    ]);
  }

  private refuseKnownAttacks(): void {
    const { plan, keys, messaging } = this.props;
    const acl = new WebAcl(this, "web-acl", {
      part: "api",
      scope: "REGIONAL",
      retentionDays: plan.logs.retentionDays,
      logsKey: keys.logs,
      tell: messaging.alarms,
    });
    const { arn } = this.loadBalancer.balancer;
    if (this.environment.edge.shieldAdvanced) new ShieldProtection(this, "shield", { name: this.name("other", "api"), resourceArn: arn });
    new Wafv2WebAclAssociation(this, "web-acl-on-load-balancer", { resourceArn: arn, webAclArn: acl.arn });
  }

  private nameTheOrigin(): void {
    const { balancer } = this.loadBalancer;
    new Route53Record(this, "origin", {
      zoneId: this.props.zoneId,
      name: placeOriginName(this.environment, this.place),
      type: "A",
      alias: { name: balancer.dnsName, zoneId: balancer.zoneId, evaluateTargetHealth: true },
    });
  }
}
