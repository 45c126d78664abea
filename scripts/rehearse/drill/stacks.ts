import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group/index.js";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment/index.js";
import { KinesisStream } from "@cdktf/provider-aws/lib/kinesis-stream/index.js";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider/index.js";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket/index.js";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning/index.js";
import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic/index.js";
import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue/index.js";
import { App, S3Backend, TerraformStack } from "cdktf";

const stateBucket = "campus-pay-drill-state";
const region = "eu-north-1";

/** A stack with its state where the platform keeps it: in S3, with Terraform's own lock file. Every resource says which stack made it. */
const drillStack = (app: App, name: string): TerraformStack => {
  const stack = new TerraformStack(app, name);
  new AwsProvider(stack, "aws", { region, defaultTags: [{ tags: { Stack: name } }] });
  new S3Backend(stack, { bucket: stateBucket, key: `${name}.tfstate`, region, encrypt: true }).addOverride("use_lockfile", true);
  return stack;
};

const bootstrap = (app: App) => {
  const stack = drillStack(app, "drill-bootstrap");
  const bucket = new S3Bucket(stack, "state", { bucket: stateBucket });
  new S3BucketVersioningA(stack, "versions", { bucket: bucket.id, versioningConfiguration: { status: "Enabled" } });
};

/** Fails after about 40 s, in the middle of its neighbour's work: it asks for a policy on a role that nobody made. */
const broken = (app: App) => {
  const stack = drillStack(app, "drill-broken");
  const queue = new SqsQueue(stack, "queue", { name: "drill-queue" });
  const stream = new KinesisStream(stack, "stream", { name: "drill-stream", shardCount: 1, dependsOn: [queue] });
  const policyArn = "arn:aws:iam::aws:policy/ReadOnlyAccess";
  new IamRolePolicyAttachment(stack, "attachment", { role: "drill-nobody", policyArn, dependsOn: [stream] });
};

/**
 * The neighbour, cut off in the middle. Terraform writes its state at most every 20 s while it applies: the topic and
 * the first queue (25 s) are in it, the log group that follows at once is not yet, and the second queue is being made.
 */
const neighbour = (app: App) => {
  const stack = drillStack(app, "drill-neighbour");
  new SnsTopic(stack, "topic", { name: "drill-topic" });
  const first = new SqsQueue(stack, "first", { name: "drill-first" });
  const log = new CloudwatchLogGroup(stack, "log", { name: "drill-log", retentionInDays: 30, dependsOn: [first] });
  new SqsQueue(stack, "second", { name: "drill-second", dependsOn: [log] });
};

/** Waits for its turn. While a stack waits and as many run as --parallelism allows, cdktf 0.21 ends at the first failure without waiting for the others. */
const waiting = (app: App) => {
  new SnsTopic(drillStack(app, "drill-waiting"), "topic", { name: "drill-waiting" });
};

const app = new App();
bootstrap(app);
broken(app);
neighbour(app);
waiting(app);
app.synth();
