import type { Construct } from "constructs";
import { oneMetric } from "../dashboards/alarm.ts";
import type { Environment, RegionPlan } from "../regions/index.ts";
import { type AnalyticsCode, publishAnalyticsCode } from "./analytics-code.ts";
import { createExtractRole, createPublishRole } from "./analytics-role.ts";
import { type AnalyticsTable, readAnalyticsTables } from "./analytics-tables.ts";
import {
  AthenaNamedQuery,
  AthenaWorkgroup,
  GlueCatalogDatabase,
  GlueCatalogTable,
  GlueConnection,
  GlueJob,
  GlueSecurityConfiguration,
  GlueTrigger,
  QuicksightDataSource,
} from "./aws.ts";
import { Alarm } from "./constructs/alarm.ts";
import { CampusStack } from "./constructs/campus-stack.ts";
import type { Role } from "./constructs/role.ts";
import type { Secret } from "./constructs/secret.ts";
import { Group } from "./constructs/security-group.ts";
import type { DataStack } from "./data.ts";
import type { MessagingStack } from "./messaging.ts";
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
  readonly messaging: MessagingStack;
};

/** Spark 3.5.4, Python 3.11, Java 17: what app/analytics/requirements-spark.txt pins and the tests run. A test holds the two together. */
export const glueVersion = "5.0";

const bytesPerGib = 1_073_741_824;
const hourSeconds = 3_600;
/** The night's run is a little earlier or later; two hours more than a day, so that its hour may move. */
const freshHours = 26;

/** Yesterday's orders as tables: Glue makes them each night, Athena answers questions. Runs where the region is primary. */
export class AnalyticsStack extends CampusStack {
  private readonly props: AnalyticsStackProps;
  private readonly database: GlueCatalogDatabase;
  private readonly lake: string;
  private readonly code: AnalyticsCode;

  constructor(scope: Construct, props: AnalyticsStackProps) {
    super(scope, { ...props, part: "analytics" });
    this.props = props;
    this.lake = `s3://${props.storage.analytics.name}/lake`;
    this.code = publishAnalyticsCode(this, props.storage.artifacts, props.keys.storage);
    this.database = new GlueCatalogDatabase(this, "catalog", {
      name: `campus_${props.environment.name}`,
      description: "orders, money and what was made of them",
    });
    const { published, sources } = readAnalyticsTables();
    for (const table of [...published, ...sources]) this.addTable(table);
    this.runNightly(this.createJobs());
    this.answerQuestions(published);
    if (props.plan.role === "primary") this.watch();
    if (props.plan.analytics.quickSight) this.offerToQuickSight(props.plan.analytics.quickSight.userArn);
  }

  /**
   * Declared from the text that makes it, so nothing guesses types. Partitions are projected: `run` has one value, which the job
   * changes when it publishes, so a query needs no condition and sees one run or the other.
   */
  private addTable(table: AnalyticsTable): void {
    const months = table.keptBy === "month";
    new GlueCatalogTable(this, `table-${table.name}`, {
      name: table.name,
      databaseName: this.database.name,
      description: table.meaning,
      tableType: "EXTERNAL_TABLE",
      partitionKeys: [{ name: "run", type: "string" }, ...(months ? [{ name: "month", type: "string" }] : [])],
      parameters: {
        classification: "parquet",
        "projection.enabled": "true",
        "projection.run.type": "enum",
        "projection.run.values": "none",
        ...(months ? projectedMonths : {}),
        // Two dollars: Terraform would read one as its own.
        "storage.location.template": `${this.lake}/${table.area}/run=$\${run}/${table.name}/${months ? "month=$${month}/" : ""}`,
      },
      storageDescriptor: {
        location: `${this.lake}/${table.area}/`,
        inputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        outputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        serDeInfo: { serializationLibrary: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe" },
        columns: table.columns.map(({ name, type, meaning }) => ({ name, type, comment: meaning.slice(0, 255) })),
      },
      lifecycle: { ignoreChanges: ['parameters["projection.run.values"]'] },
    });
  }

  private createJobs(): readonly [GlueJob, GlueJob] {
    const { storage, keys, databaseSecret, data } = this.props;
    const connection = this.connectToDatabase();
    const roles = { storage, keys };
    const extract = this.createJob(
      "extract",
      createExtractRole(this, {
        ...roles,
        databaseSecret,
        mayRotate: this.props.plan.role === "primary",
        connection: this.name("other", "orders"),
      }),
      {
        purpose: "reads every day with something new from the database, in one snapshot",
        connection,
        arguments: {
          "--database": `postgres://campus_reports@${data.database.instance.address}:${ports.postgres}/campus`,
          "--secret": databaseSecret.name,
        },
      },
    );
    const publish = this.createJob("publish", createPublishRole(this, { ...roles, catalog: this.database.name }), {
      purpose: "makes the tables, checks them against the ledger and publishes them",
      arguments: { "--catalog": this.database.name, "--metrics": this.environment.name },
    });
    return [extract, publish];
  }

  private createJob(
    step: "extract" | "publish",
    role: Role,
    more: { readonly purpose: string; readonly connection?: GlueConnection; readonly arguments: Readonly<Record<string, string>> },
  ): GlueJob {
    return new GlueJob(this, `job-${step}`, {
      name: this.name("other", step),
      description: more.purpose,
      roleArn: role.arn,
      glueVersion,
      workerType: "G.1X",
      numberOfWorkers: this.props.plan.analytics.glueWorkers,
      executionClass: "STANDARD",
      timeout: 30,
      maxRetries: 1,
      securityConfiguration: this.encryption.name,
      ...(more.connection ? { connections: [more.connection.name] } : {}),
      command: { name: "glueetl", pythonVersion: "3", scriptLocation: this.code.script },
      executionProperty: { maxConcurrentRuns: 1 },
      defaultArguments: {
        "--job-language": "python",
        "--enable-metrics": "true",
        "--enable-continuous-cloudwatch-log": "true",
        "--extra-files": this.code.archive,
        "--TempDir": `s3://${this.props.storage.analytics.name}/temporary/`,
        "--step": step,
        "--engine": "spark",
        "--lake": this.lake,
        "--memory-mb": "8000",
        ...more.arguments,
      },
    });
  }

  private madeEncryption: GlueSecurityConfiguration | undefined;

  private get encryption(): GlueSecurityConfiguration {
    const { keys } = this.props;
    this.madeEncryption ??= new GlueSecurityConfiguration(this, "encryption", {
      name: this.name("other", "analytics"),
      encryptionConfiguration: {
        s3Encryption: { s3EncryptionMode: "SSE-KMS", kmsKeyArn: keys.storage.arn },
        cloudwatchEncryption: { cloudwatchEncryptionMode: "SSE-KMS", kmsKeyArn: keys.logs.arn },
        jobBookmarksEncryption: { jobBookmarksEncryptionMode: "CSE-KMS", kmsKeyArn: keys.storage.arn },
      },
    });
    return this.madeEncryption;
  }

  private connectToDatabase(): GlueConnection {
    const { network, data, databaseSecret } = this.props;
    const group = new Group(this, "group-glue", { part: "glue", purpose: "Glue workers: the database and AWS", vpcId: network.vpc.id });
    group.allowAmongMembers("Glue refuses to start otherwise");
    group.allowHttpsOut("glue to the world: AWS");
    network.groups.database.allowFrom(group, ports.postgres, "SQL, reading only");
    network.endpoints?.allowFrom(group, ports.https, "keys, logs and secrets without the NAT gateway");
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

  /** At 02:15, when every café's day is over; the tables are made when the files are there. */
  private runNightly([extract, publish]: readonly [GlueJob, GlueJob]): void {
    const enabled = this.props.plan.role === "primary";
    const common = { enabled, startOnCreation: enabled };
    new GlueTrigger(this, "start-extract", {
      ...common,
      name: this.name("other", "start-extract"),
      type: "SCHEDULED",
      schedule: "cron(15 2 * * ? *)",
      actions: [{ jobName: extract.name }],
    });
    new GlueTrigger(this, "start-publish", {
      ...common,
      name: this.name("other", "start-publish"),
      type: "CONDITIONAL",
      actions: [{ jobName: publish.name }],
      predicate: { conditions: [{ jobName: extract.name, state: "SUCCEEDED" }] },
    });
  }

  private answerQuestions(tables: readonly AnalyticsTable[]): void {
    const { storage, keys } = this.props;
    const workgroup = new AthenaWorkgroup(this, "workgroup", {
      name: this.name("other", "analytics"),
      description: "questions about orders and sales",
      forceDestroy: !this.environment.protection.on,
      configuration: {
        enforceWorkgroupConfiguration: true,
        publishCloudwatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: 10 * bytesPerGib, // five US cents
        engineVersion: { selectedEngineVersion: "Athena engine version 3" },
        resultConfiguration: {
          outputLocation: `s3://${storage.analytics.name}/answers/`,
          encryptionConfiguration: { encryptionOption: "SSE_KMS", kmsKeyArn: keys.storage.arn },
        },
      },
    });
    for (const { name, meaning, sql } of tables) {
      new AthenaNamedQuery(this, `query-${name}`, {
        name: name.replaceAll("_", "-"),
        description: meaning.slice(0, 1024),
        database: this.database.name,
        workgroup: workgroup.name,
        query: sql,
      });
    }
  }

  /** Both are told by the job itself; one that never ran tells nothing, and that is what the first listens for. */
  private watch(): void {
    const common = { severity: "ticket", runbook: "analytics-late.md", tell: this.props.messaging.alarms } as const;
    const watched = (name: string) =>
      oneMetric({
        namespace: "CampusPay",
        name,
        dimensions: { environment: this.environment.name },
        statistic: "Sum",
        periodSeconds: hourSeconds,
      });
    new Alarm(this, "analytics-late", {
      ...common,
      says: `No tables were published for ${freshHours} hours: readers see an older day.`,
      watched: watched("AnalyticsPublished"),
      when: "below",
      threshold: 1,
      periods: freshHours,
      silence: "breaching",
    });
    new Alarm(this, "analytics-checks-failed", {
      ...common,
      says: "The night's tables differ from the ledger: they were not published.",
      watched: watched("AnalyticsChecksFailed"),
      when: "above",
      threshold: 0,
      periods: 1,
      silence: "notBreaching",
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

const projectedMonths = {
  "projection.month.type": "date",
  "projection.month.format": "yyyy-MM",
  "projection.month.range": "2020-01,NOW",
  "projection.month.interval": "1",
  "projection.month.interval.unit": "MONTHS",
};
