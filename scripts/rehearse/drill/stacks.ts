import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment/index.js";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider/index.js";
import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic/index.js";
import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue/index.js";
import { App, S3Backend, TerraformStack } from "cdktf";

const stateBucket = "campus-pay-drill-state";

/** A stack with its state where the platform keeps it: in S3, with Terraform's own lock file. */
const drillStack = (app: App, name: string): TerraformStack => {
  const stack = new TerraformStack(app, name);
  new AwsProvider(stack, "aws", { region: "eu-north-1" });
  new S3Backend(stack, { bucket: stateBucket, key: `${name}.tfstate`, region: "eu-north-1", encrypt: true }).addOverride(
    "use_lockfile",
    true,
  );
  return stack;
};

/** The neighbour: a topic at once, then two queues, one after the other, about 25 s each. */
const neighbour = (app: App) => {
  const stack = drillStack(app, "drill-neighbour");
  new SnsTopic(stack, "topic", { name: "drill-topic" });
  const first = new SqsQueue(stack, "first", { name: "drill-first" });
  new SqsQueue(stack, "second", { name: "drill-second", dependsOn: [first] });
};

/** Fails in the middle: after its queue it asks for a policy on a role that nobody made. */
const broken = (app: App) => {
  const stack = drillStack(app, "drill-broken");
  const queue = new SqsQueue(stack, "queue", { name: "drill-queue" });
  const policyArn = "arn:aws:iam::aws:policy/ReadOnlyAccess";
  new IamRolePolicyAttachment(stack, "attachment", { role: "drill-nobody", policyArn, dependsOn: [queue] });
};

const app = new App();
neighbour(app);
broken(app);
app.synth();
