import type { Construct } from "constructs";
import type { Environment, RegionPlan } from "../regions/index.ts";
import { createAnalyticsRole } from "./analytics-role.ts";
import { analyticsJobs, savedQueries } from "./analytics-work.ts";
import {
  AthenaNamedQuery,
  AthenaWorkgroup,
  GlueCatalogDatabase,
  GlueConnection,
  GlueCrawler,
  GlueJob,
  GlueSecurityConfiguration,
  GlueTrigger,
  KinesisStream,
  QuicksightDataSource,
} from "./aws.ts";
import { CampusStack } from "./constructs/campus-stack.ts";
import type { Role } from "./constructs/role.ts";
import type { Secret } from "./constructs/secret.ts";
import { Group } from "./constructs/security-group.ts";
import type { DataStack } from "./data.ts";
import { type NetworkStack, ports } from "./network.ts";
import type { RegionKeys } from "./security.ts";
import type { StorageStack } from "./storage.ts";

export type AnalyticsStackProps = {
  readonly environment: Environment;
  readonly plan: RegionPlan;
  readonly keys: RegionKeys;
  readonly databaseSecret: Secret;
  readonly network: NetworkStack;
  readonly storage: StorageStack;
  readonly data: DataStack;
};

/** Yesterday's orders as tables: Glue copies them from PostgreSQL each night, Athena answers questions. Runs where the region is primary. */
export class AnalyticsStack extends CampusStack {
  private readonly props: AnalyticsStackProps;
  private readonly database: GlueCatalogDatabase;

  constructor(scope: Construct, props: AnalyticsStackProps) {
    super(scope, { ...props, part: "analytics" });
    this.props = props;
    this.database = new GlueCatalogDatabase(this, "catalog", {
      name: `campus_${props.environment.name}`,
      description: "orders, charges and sales",
    });
    const role = createAnalyticsRole(this, { ...props, catalog: this.database.name });
    const encryption = this.encrypt();
    const connection = this.connectToDatabase();
    const jobs = this.createJobs(role, encryption, connection);
    const crawler = this.createCrawler(role, encryption);
    this.runNightly(jobs, crawler);
    this.answerQuestions();
    if (props.plan.analytics.orderStream) this.streamOrders();
    if (props.plan.analytics.quickSight) this.offerToQuickSight(props.plan.analytics.quickSight.userArn);
  }

  private encrypt(): GlueSecurityConfiguration {
    const { keys } = this.props;
    return new GlueSecurityConfiguration(this, "encryption", {
      name: this.name("other", "analytics"),
      encryptionConfiguration: {
        s3Encryption: { s3EncryptionMode: "SSE-KMS", kmsKeyArn: keys.storage.arn },
        cloudwatchEncryption: { cloudwatchEncryptionMode: "SSE-KMS", kmsKeyArn: keys.logs.arn },
        jobBookmarksEncryption: { jobBookmarksEncryptionMode: "CSE-KMS", kmsKeyArn: keys.storage.arn },
      },
    });
  }

  private connectToDatabase(): GlueConnection {
    const { network, data, databaseSecret } = this.props;
    const group = new Group(this, "group-glue", { part: "glue", purpose: "Glue workers: the database and AWS", vpcId: network.vpc.id });
    group.allowAmongMembers("Glue refuses to start otherwise");
    group.allowHttpsOut("glue to the world: AWS");
    network.groups.database.allowFrom(group, ports.postgres, "SQL, reading only");
    const subnet = network.subnets.app[0];
    if (!subnet) throw new Error("the network has no app subnet for Glue");
    return new GlueConnection(this, "orders", {
      name: this.name("other", "orders"),
      connectionType: "JDBC",
      connectionProperties: {
        JDBC_CONNECTION_URL: `jdbc:postgresql://${data.database.instance.address}:${ports.postgres}/campus`,
        JDBC_ENFORCE_SSL: "true",
        SECRET_ID: databaseSecret.name,
      },
      physicalConnectionRequirements: { availabilityZone: subnet.availabilityZone, subnetId: subnet.id, securityGroupIdList: [group.id] },
    });
  }

  private createJobs(role: Role, encryption: GlueSecurityConfiguration, connection: GlueConnection): GlueJob[] {
    const { storage, plan } = this.props;
    return analyticsJobs.map(
      (job) =>
        new GlueJob(this, `job-${job.name}`, {
          name: this.name("other", job.name),
          description: job.purpose,
          roleArn: role.arn,
          glueVersion: "5.0",
          workerType: "G.1X",
          numberOfWorkers: plan.analytics.glueWorkers,
          executionClass: "STANDARD",
          timeout: job.timeoutMinutes,
          maxRetries: 1,
          securityConfiguration: encryption.name,
          connections: [connection.name],
          command: { name: "glueetl", pythonVersion: "3", scriptLocation: `s3://${storage.artifacts.name}/analytics/${job.script}` },
          executionProperty: { maxConcurrentRuns: 1 },
          defaultArguments: {
            "--job-language": "python",
            "--job-bookmark-option": "job-bookmark-enable",
            "--enable-metrics": "true",
            "--enable-continuous-cloudwatch-log": "true",
            "--TempDir": `s3://${storage.analytics.name}/temporary/`,
            "--output": `s3://${storage.analytics.name}/tables/`,
          },
        }),
    );
  }

  private createCrawler(role: Role, encryption: GlueSecurityConfiguration): GlueCrawler {
    const { storage } = this.props;
    return new GlueCrawler(this, "tables", {
      name: this.name("other", "tables"),
      description: "finds the tables and days that the jobs wrote",
      databaseName: this.database.name,
      role: role.arn,
      securityConfiguration: encryption.name,
      s3Target: [{ path: `s3://${storage.analytics.name}/tables/` }],
      schemaChangePolicy: { deleteBehavior: "LOG", updateBehavior: "UPDATE_IN_DATABASE" },
      recrawlPolicy: { recrawlBehavior: "CRAWL_EVERYTHING" },
    });
  }

  /** Each job starts the next, the last one the crawler: at 06:00 yesterday's sales are there. */
  private runNightly(jobs: readonly GlueJob[], crawler: GlueCrawler): void {
    const enabled = this.props.plan.role === "primary";
    jobs.forEach((job, index) => {
      const before = jobs[index - 1];
      const name = this.name("other", `start-${analyticsJobs[index]?.name}`);
      const action = [{ jobName: job.name }];
      if (before) {
        const predicate = { conditions: [{ jobName: before.name, state: "SUCCEEDED" }] };
        new GlueTrigger(this, `start-${index + 1}`, {
          name,
          type: "CONDITIONAL",
          enabled,
          startOnCreation: enabled,
          actions: action,
          predicate,
        });
      } else {
        new GlueTrigger(this, `start-${index + 1}`, {
          name,
          type: "SCHEDULED",
          schedule: "cron(15 2 * * ? *)",
          enabled,
          startOnCreation: enabled,
          actions: action,
        });
      }
    });
    const last = jobs.at(-1);
    if (!last) throw new Error("analytics has no job");
    new GlueTrigger(this, "start-crawler", {
      name: this.name("other", "start-crawler"),
      type: "CONDITIONAL",
      enabled,
      startOnCreation: enabled,
      actions: [{ crawlerName: crawler.name }],
      predicate: { conditions: [{ jobName: last.name, state: "SUCCEEDED" }] },
    });
  }

  private answerQuestions(): void {
    const { storage, keys } = this.props;
    const workgroup = new AthenaWorkgroup(this, "workgroup", {
      name: this.name("other", "analytics"),
      description: "questions about orders and sales",
      forceDestroy: !this.environment.protection.on,
      configuration: {
        enforceWorkgroupConfiguration: true,
        publishCloudwatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: 10 * 1_073_741_824, // 10 GiB, five US cents
        engineVersion: { selectedEngineVersion: "Athena engine version 3" },
        resultConfiguration: {
          outputLocation: `s3://${storage.analytics.name}/answers/`,
          encryptionConfiguration: { encryptionOption: "SSE_KMS", kmsKeyArn: keys.storage.arn },
        },
      },
    });
    for (const query of savedQueries) {
      new AthenaNamedQuery(this, `query-${query.name}`, {
        name: query.name,
        description: query.purpose,
        database: this.database.name,
        workgroup: workgroup.name,
        query: query.sql,
      });
    }
  }

  private streamOrders(): void {
    new KinesisStream(this, "orders-stream", {
      name: this.name("other", "orders"),
      retentionPeriod: 24,
      streamModeDetails: { streamMode: "ON_DEMAND" },
      encryptionType: "KMS",
      kmsKeyId: this.props.keys.data.arn,
    });
  }

  private offerToQuickSight(userArn: string): void {
    new QuicksightDataSource(this, "quicksight", {
      awsAccountId: this.environment.accountId,
      dataSourceId: this.name("other", "sales"),
      name: "Campus Pay sales",
      type: "ATHENA",
      parameters: { athena: { workGroup: this.name("other", "analytics") } },
      permission: [{ principal: userArn, actions: ["quicksight:DescribeDataSource", "quicksight:PassDataSource"] }],
      sslProperties: { disableSsl: false },
    });
  }
}
