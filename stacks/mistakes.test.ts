import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type App, TerraformLocal, TerraformStack } from "cdktf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { oneMetric } from "../dashboards/alarm.ts";
import { anyArtifact, type Environment, environments, withArtifact } from "../regions/index.ts";
import { LocalTerraform } from "../scripts/policy/local-terraform.ts";
import {
  CloudwatchLogGroup,
  DbInstance,
  DbParameterGroup,
  IamRole,
  LambdaFunction,
  LaunchTemplate,
  S3Bucket,
  SecretsmanagerSecretRotation,
  SecurityGroup,
  SnsTopic,
  SyntheticsCanary,
  Vpc,
  VpcEndpoint,
  VpcSecurityGroupIngressRule,
} from "./aws.ts";
import { addCampus } from "./campus.ts";
import { Alarm } from "./constructs/alarm.ts";
import { CampusStack } from "./constructs/campus-stack.ts";
import { Database } from "./constructs/database.ts";
import { Key } from "./constructs/key.ts";
import { LogGroup } from "./constructs/log-group.ts";
import { Role } from "./constructs/role.ts";
import { Group } from "./constructs/security-group.ts";
import { Topic } from "./constructs/topic.ts";
import { nameOf } from "./names.ts";
import { outsideBoundary } from "./rules/boundary.ts";
import { databaseWithoutAuthority } from "./rules/database-tls.ts";
import { shutOutOfEndpoints } from "./rules/endpoints.ts";
import { openPorts, openRoutes } from "./rules/exposure.ts";
import { hooksThatNobodyCompletes } from "./rules/hooks.ts";
import { filtersThatNeverMatch, tokensInLogs } from "./rules/log-lines.ts";
import { unreasonedWildcards, wideTrust } from "./rules/policies.ts";
import { unprotected } from "./rules/protection.ts";
import { secretsInJson } from "./rules/secrets.ts";
import { deafTargets, deploysThatWaitForNobody, policiesBeforeTheirRules } from "./rules/serving.ts";
import { type Body, resourcesOf, type Synthesized, synthesize, synthesizeCampus } from "./rules/synthesized.ts";
import { missingTags } from "./rules/tags.ts";
import { refuseExpiredSafeguards } from "./safeguards.ts";

const pilot = withArtifact(environments.pilot as Environment, anyArtifact);
const production = withArtifact(environments.production as Environment, anyArtifact);

/** A stack of the campus with one thing in it that should not be. */
const trial = (app: App) => new CampusStack(app, { environment: pilot, plan: pilot.primary, part: "trial" });
const withMistake = (make: (stack: CampusStack) => void): Synthesized => synthesize((app) => make(trial(app)));
const inStandby = (change: Partial<Environment["standby"]>) => () =>
  synthesize((app) => addCampus(app, { ...pilot, standby: { ...pilot.standby, ...change } }));

type Mistake = { readonly mistake: string; readonly make: () => unknown; readonly says: RegExp };

describe("refused at synth", () => {
  const mistakes: readonly Mistake[] = [
    {
      mistake: "an instance family that Milan lacks",
      make: inStandby({ api: { ...pilot.standby.api, instanceType: "m7g.large" } }),
      says: /Milan \(eu-south-1\) has no instance type m7g\.large: it offers t4g, m6g.*choose one of these for eu-south-1/,
    },
    {
      mistake: "a bad CIDR for a network",
      make: inStandby({ network: { ...pilot.standby.network, cidr: "10.300.0.0/16" } }),
      says: /"10\.300\.0\.0\/16" is not a 10\.N\.0\.0\/16; choose one/,
    },
    {
      mistake: "an expired waiver",
      make: () =>
        refuseExpiredSafeguards(
          { ...pilot, protection: { on: false, reason: "moving to another account", until: "2026-01-31" } },
          "2026-11-21",
        ),
      says: /protection was switched off until 2026-01-31 \("moving to another account"\) and today is 2026-11-21; switch it on or give a new day/,
    },
    {
      mistake: "a name too long",
      make: () => nameOf("loadBalancer", { environment: "production", place: "north", part: "student-api" }),
      says: /"campus-production-north-student-api" has 35 characters, AWS allows 32; shorten/,
    },
    {
      mistake: "a token in a name",
      make: () => withMistake((stack) => stack.name("topic", new SnsTopic(stack, "topic", {}).arn)),
      says: /holds a Terraform token; build it from plain text/,
    },
    {
      mistake: "a token as a construct id",
      make: () => withMistake((stack) => new SnsTopic(stack, new SnsTopic(stack, "first", {}).arn, {})),
      says: /token/i,
    },
    {
      mistake: "a replica with a managed password",
      make: () => withMistake((stack) => databaseIn(stack, { primary: true, masterPassword: "managed by RDS", hasReplica: true })),
      says: /"managed by RDS" and a read replica: RDS refuses the two together; let it be "rotated by us"/,
    },
    {
      mistake: "an alarm without a runbook",
      make: () => withMistake((stack) => alarmIn(stack, { runbook: "nobody-wrote-this.md" })),
      says: /names the runbook "nobody-wrote-this\.md", which does not exist; write runbooks\/nobody-wrote-this\.md first/,
    },
    {
      mistake: "an alarm whose runbook has no such section",
      make: () => withMistake((stack) => alarmIn(stack, { runbook: "rds-failover-and-storage.md#network" })),
      says: /has no heading "network"; add it or mend the name/,
    },
    {
      mistake: "an alarm on a metric that nobody emits",
      make: () =>
        withMistake((stack) =>
          alarmIn(stack, {
            watched: oneMetric({ namespace: "CampusPay", name: "Slow", dimensions: {}, statistic: "Sum", periodSeconds: 60 }),
          }),
        ),
      says: /too-slow could never ring: nobody emits the metric CampusPay Slow/,
    },
    {
      mistake: "an alarm on a metric that is emitted by other dimensions",
      make: () =>
        withMistake((stack) =>
          alarmIn(stack, {
            watched: oneMetric({ namespace: "CampusPay", name: "SloEvents", dimensions: {}, statistic: "Sum", periodSeconds: 60 }),
          }),
        ),
      says: /emitted by {slo, good}, and asked for by {}/,
    },
    {
      mistake: "an alarm without a severity",
      make: () => withMistake((stack) => alarmIn(stack, { severity: "soon" as "page" })),
      says: /has the severity "soon"; use "page"/,
    },
    {
      mistake: "a log group without retention",
      make: () => withMistake((stack) => new LogGroup(stack, "log", { name: "/campus/x", retentionDays: 0 as 30, key: keyIn(stack) })),
      says: /\/campus\/x has the retention 0; give it 30 days or more/,
    },
    {
      mistake: "trust of a whole organisation",
      make: () =>
        withMistake(
          (stack) =>
            new Role(stack, "role", {
              part: "friend",
              purpose: "x",
              trust: {
                statements: [
                  {
                    sid: "Friends",
                    actions: ["sts:AssumeRole"],
                    resources: [],
                    principals: { AWS: ["*"] },
                    conditions: { StringEquals: { "aws:PrincipalOrgID": "o-1234567890" } },
                  },
                ],
              },
            }),
        ),
      says: /the role friend trusts .*whole organisation or everybody; name the service or the role/,
    },
    {
      mistake: "trust of every repository of an owner",
      make: () =>
        withMistake((stack) => {
          const conditions = { StringLike: { "token.actions.githubusercontent.com:sub": "repo:campus-university/*" } };
          const statement = {
            sid: "Any",
            actions: ["sts:AssumeRoleWithWebIdentity"],
            resources: [],
            principals: { Federated: ["arn"] },
            conditions,
          };
          new Role(stack, "role", { part: "ci", purpose: "x", trust: { statements: [statement] } });
        }),
      says: /a wildcard lets every repository or branch of an owner in/,
    },
    {
      mistake: "a description that EC2 refuses",
      make: () => withMistake((stack) => new Group(stack, "group", { part: "x", purpose: "the app's machines", vpcId: "vpc-1" })),
      says: /the description "the app's machines" .* has characters that EC2 refuses/,
    },
    {
      mistake: "a thing of the campus in a plain stack",
      make: () => synthesize((app) => new Group(new TerraformStack(app, "plain"), "group", { part: "x", purpose: "x", vpcId: "vpc-1" })),
      says: /plain\/group stands in a plain TerraformStack; put it in a CampusStack/,
    },
    {
      mistake: "two stacks that need each other",
      make: () =>
        synthesize((app) => {
          const [one, two] = ["one", "two"].map((part) => new CampusStack(app, { environment: pilot, plan: pilot.primary, part })) as [
            CampusStack,
            CampusStack,
          ];
          one.addDependency(two);
          two.addDependency(one);
        }),
      says: /depends on|circular|cycle/i,
    },
    {
      mistake: "weights of fleets that are not 100 in all",
      make: inStandby({
        api: { ...pilot.standby.api, fleets: pilot.standby.api.fleets.map((fleet) => ({ ...fleet, weightPercent: 90 })) },
      }),
      says: /weights add up to 90; they must be 100 in all/,
    },
    {
      mistake: "an artifact that is not named by its digest",
      make: inStandby({
        api: { ...pilot.standby.api, fleets: pilot.standby.api.fleets.map((fleet) => ({ ...fleet, artifactSha256: "latest" })) },
      }),
      says: /the artifact "latest" is not a sha256 in hexadecimal; publish the artifact/,
    },
    {
      mistake: "a cache of one node",
      make: inStandby({ cache: { ...pilot.standby.cache, nodes: 1 } }),
      says: /the cache has 1 node\(s\); automatic failover needs 2 or more/,
    },
    {
      mistake: "two primaries",
      make: inStandby({ role: "primary" }),
      says: /eu-north-1 as primary and eu-south-1 as primary; one of each role in two regions is needed/,
    },
  ];
  test.each(mistakes)("$mistake", ({ make, says }) => expect(make).toThrow(says));
});

describe("caught by a policy test", () => {
  type Found = Omit<Mistake, "make"> & {
    readonly rule: (synthesized: Synthesized) => readonly string[];
    readonly put: (stack: CampusStack) => void;
  };
  const mistakes: readonly Found[] = [
    {
      mistake: "an open port",
      rule: openPorts,
      put: (stack) =>
        new VpcSecurityGroupIngressRule(stack, "ssh", {
          securityGroupId: "sg-1",
          cidrIpv4: "0.0.0.0/0",
          fromPort: 22,
          toPort: 22,
          ipProtocol: "tcp",
        }),
      says: /trial\/ssh lets the whole world in on port 22; name a group or a prefix list/,
    },
    {
      mistake: "a rule inside a group",
      rule: openPorts,
      put: (stack) =>
        new SecurityGroup(stack, "group", { ingress: [{ fromPort: 22, toPort: 22, protocol: "tcp", cidrBlocks: ["0.0.0.0/0"] }] }),
      says: /trial\/group has rules inside the group; use Group\.allowFrom/,
    },
    {
      mistake: "a secret in user data",
      rule: secretsInJson,
      put: (stack) => new LaunchTemplate(stack, "template", { userData: "#!/bin/bash\nexport DATABASE_PASSWORD=hunter2hunter2\n" }),
      says: /gives a machine the value of DATABASE_PASSWORD; give it <NAME>_SECRET_ID/,
    },
    {
      mistake: "an access key in the JSON",
      rule: secretsInJson,
      put: (stack) => new SnsTopic(stack, "topic", { displayName: ["AKIA", "IOSFODNN7EXAMPLE"].join("") }),
      says: /holds an AWS access key; put it into Secrets Manager/,
    },
    {
      mistake: "a password in the state",
      rule: secretsInJson,
      put: (stack) => new DbInstance(stack, "database", { instanceClass: "db.t4g.small", password: "correct horse battery" }),
      says: /trial\/database sets password, which is kept in the state; use its write-only twin/,
    },
    {
      mistake: "an unprotected database",
      rule: unprotected,
      put: (stack) => new DbInstance(stack, "database", { instanceClass: "db.t4g.small", skipFinalSnapshot: true }),
      says: /trial\/database \(aws_db_instance\) lacks deletion_protection/,
    },
    {
      mistake: "a bucket without a policy",
      rule: unprotected,
      put: (stack) => new S3Bucket(stack, "bucket", { bucket: "bare", forceDestroy: false }),
      says: /trial\/bucket has no aws_s3_bucket_policy; build it with constructs\/bucket\.ts/,
    },
    {
      mistake: "a raw log group without retention",
      rule: unprotected,
      put: (stack) => new CloudwatchLogGroup(stack, "log", { name: "/campus/raw" }),
      says: /trial\/log \(aws_cloudwatch_log_group\) lacks a retention/,
    },
    {
      mistake: "a rotation that Secrets Manager may not call",
      rule: unprotected,
      put: (stack) => {
        const rotator = new LambdaFunction(stack, "rotator", { functionName: "rotator", role: "arn", timeout: 60 });
        new SecretsmanagerSecretRotation(stack, "rotation", {
          secretId: "arn",
          rotationLambdaArn: rotator.arn,
          rotationRules: { automaticallyAfterDays: 30 },
        });
      },
      says: /trial\/rotation calls a function that Secrets Manager may not call.*add an aws_lambda_permission/,
    },
    {
      mistake: "a canary that nobody hears",
      rule: unprotected,
      put: (stack) =>
        new SyntheticsCanary(stack, "canary", {
          name: "alone",
          artifactS3Location: "s3://x",
          executionRoleArn: "arn",
          handler: "canary.handler",
          runtimeVersion: "syn-nodejs-5.0",
          schedule: { expression: "rate(5 minutes)" },
        }),
      says: /trial\/canary has no alarm on its SuccessPercent/,
    },
    {
      mistake: "a policy that allows *",
      rule: (synthesized) => unreasonedWildcards(synthesized, {}),
      put: (stack) =>
        new Role(stack, "role", { part: "all", purpose: "x", trust: { service: "ec2.amazonaws.com" } }).allow("all", [
          { sid: "All", actions: ["*"], resources: ["*"] },
        ]),
      says: /trial\/role\/all#All allows "\*"; name the actions and the resources/,
    },
    {
      mistake: "a raw role that trusts a whole organisation",
      rule: wideTrust,
      put: (stack) =>
        new IamRole(stack, "role", {
          assumeRolePolicy: JSON.stringify({
            Statement: [
              {
                Sid: "Org",
                Effect: "Allow",
                Principal: { AWS: "*" },
                Action: "sts:AssumeRole",
                Condition: { StringEquals: { "aws:PrincipalOrgID": "o-1" } },
              },
            ],
          }),
        }),
      says: /trial\/role#Org trusts everybody or a whole organisation; name the service or the role/,
    },
    {
      mistake: "a group that may ask AWS for things and is not let in at the endpoints",
      rule: shutOutOfEndpoints,
      put: (stack) => {
        const group = (part: string) => new Group(stack, part, { part, purpose: "x", vpcId: "vpc-1" });
        const [doors, jobs] = [group("doors"), group("jobs")];
        jobs.allowHttpsOut("AWS");
        doors.allowFrom(group("app"), 443, "AWS");
        const serviceName = "com.amazonaws.eu-north-1.kms";
        new VpcEndpoint(stack, "kms", {
          vpcId: "vpc-1",
          serviceName,
          vpcEndpointType: "Interface",
          privateDnsEnabled: true,
          securityGroupIds: [doors.id],
        });
      },
      says: /trial\/jobs\/group asks AWS for things and is shut out of .*trial\/kms; let its group into/,
    },
    {
      mistake: "a missing tag",
      rule: missingTags,
      put: (stack) => stack.addOverride("provider.aws.0.default_tags.0.tags.Owner", ""),
      says: /trial: the provider for eu-north-1 lacks the tags Owner/,
    },
  ];
  test.each(mistakes)("$mistake", ({ rule, put, says }) => expect(rule(withMistake(put)).join("\n")).toMatch(says));
});

/** A whole campus with one attribute or resource of it changed: what only shows between parts. */
describe("caught by a rule over the whole campus", () => {
  type Change = {
    readonly of?: Environment;
    readonly type: string;
    readonly path: RegExp;
    readonly change: (body: Body) => void;
  };
  const broken = ({ of = pilot, type, path, change }: Change): Synthesized => {
    const campus = synthesizeCampus(of);
    const found = resourcesOf(campus, type).filter((resource) => path.test(resource.path));
    expect(found.length, `no ${type} at ${path}`).toBeGreaterThan(0);
    for (const resource of found) change(resource.body);
    return campus;
  };
  const inPolicy = (from: string, to: string) => (body: Body) => {
    body.policy = body.policy.replace(from, to);
  };
  const noHookOfItsOwn = {
    rule: hooksThatNobodyCompletes,
    type: "aws_iam_role_policy",
    path: /north-api\/machine-role\/enter-service/,
    says: /north-api\/machine-role[^ ]* may not complete the hook in-service of campus-pilot-north-blue/,
  };
  const mistakes: readonly (Change & {
    readonly mistake: string;
    readonly rule: (campus: Synthesized) => readonly string[];
    readonly says: RegExp;
  })[] = [
    {
      mistake: "a missing grant in the boundary",
      rule: outsideBoundary,
      type: "aws_iam_policy",
      path: /bootstrap\/boundary/,
      change: inPolicy('"sns:*",', ""),
      says: /north-api\/machine-role\/publish-transactions gives sns:Publish, which the boundary does not hold/,
    },
    {
      mistake: "a grant that the boundary denies",
      rule: outsideBoundary,
      type: "aws_iam_role_policy",
      path: /machine-role\/publish-transactions/,
      change: inPolicy("sns:Publish", "kms:DisableKey"),
      says: /publish-transactions gives kms:DisableKey, which the boundary denies/,
    },
    {
      mistake: "a wrong port",
      rule: (campus) => deafTargets(campus),
      type: "aws_lb_target_group",
      path: /./,
      change: (body) => {
        body.port = 8444;
      },
      says: /targets-blue\/group sends to port 8444, on which no machine lets the load balancer in/,
    },
    {
      mistake: "a broken health path",
      rule: (campus) => deafTargets(campus),
      type: "aws_lb_target_group",
      path: /./,
      change: (body) => {
        body.health_check.path = "/redy";
      },
      says: /targets-blue\/group asks \/redy, which the app does not serve/,
    },
    {
      mistake: "a scaling policy before the listener's rule",
      rule: policiesBeforeTheirRules,
      type: "aws_autoscaling_policy",
      path: /follow-requests/,
      change: (body) => {
        delete body.depends_on;
      },
      says: /follow-requests counts the requests of .*targets-blue\/group and does not wait for a listener rule/,
    },
    {
      mistake: "a metric filter that never matches",
      rule: (campus) => filtersThatNeverMatch(campus, { level: "error" }, { level: "info" }),
      type: "aws_cloudwatch_log_metric_filter",
      path: /./,
      change: (body) => {
        body.pattern = "{ $.level >= 50 }";
      },
      says: /north-observability\/errors does not match an error line of the app/,
    },
    {
      mistake: "a token in a log of the web ACL",
      rule: (campus) => tokensInLogs(campus, ["authorization", "x-staff-authorization"]),
      type: "aws_wafv2_web_acl_logging_configuration",
      path: /north-api/,
      change: (body) => {
        body.redacted_fields = [{ single_header: { name: "authorization" } }];
      },
      says: /north-api\/web-acl\/logging logs \{"name":"x-staff-authorization"\}[^.]*redact it.*"query_string"/s,
    },
    {
      mistake: "a route that anybody's distribution can use",
      rule: openRoutes,
      type: "aws_lb_listener_rule",
      path: /north-api\/load-balancer\/route-pos/,
      change: (body) => {
        body.condition = body.condition.filter((one: Body) => !one.http_header);
      },
      says: /route-pos takes requests that have not passed our own edge/,
    },
    {
      mistake: "the endpoints' group without Glue",
      rule: shutOutOfEndpoints,
      of: production,
      type: "aws_vpc_security_group_ingress_rule",
      path: /north-analytics\/group-glue\/into-endpoints-443/,
      change: (body) => {
        body.referenced_security_group_id = body.security_group_id;
      },
      says: /north-analytics\/group-glue\/group asks AWS for things and is shut out of .*kms.*let its group into/,
    },
    {
      mistake: "a role that may not complete the launch hook",
      ...noHookOfItsOwn,
      change: inPolicy("autoScalingGroupName/campus-pilot-north-blue", "autoScalingGroupName/campus-pilot-north-green"),
    },
    {
      mistake: "a role that may complete no hook at all",
      ...noHookOfItsOwn,
      change: inPolicy("CompleteLifecycleAction", "RecordLifecycleActionHeartbeat"),
    },
    {
      mistake: "machines that wait for a hook they do not know",
      rule: hooksThatNobodyCompletes,
      type: "aws_autoscaling_group",
      path: /north-api\/fleet-blue/,
      change: (body) => {
        body.initial_lifecycle_hook[0].name = "ready";
      },
      says: /north-api\/fleet-blue\/machines waits for the hook ready, and its machines' user data does not name group and hook/,
    },
    {
      mistake: "a deploy that waits for no machine",
      rule: deploysThatWaitForNobody,
      type: "aws_autoscaling_group",
      path: /./,
      change: (body) => {
        body.wait_for_capacity_timeout = "0";
        body.lifecycle.ignore_changes.push("min_size");
      },
      says: /fleet-blue\/machines does not wait for its machines.*fleet-blue\/machines never takes another smallest number/s,
    },
  ];
  test.each(mistakes)("$mistake", ({ rule, says, ...change }) => expect(rule(broken(change)).join("\n")).toMatch(says));
});

const terraform = await LocalTerraform.find();
if (!terraform)
  console.warn(
    "SKIP: seven mistakes that Terraform or the provider catches: no terraform with a local copy of the AWS provider on this machine",
  );

describe.skipIf(!terraform)("caught by Terraform or the provider", () => {
  let folder = "";
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "campus-mistakes-"));
    await terraform?.init(folder);
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const vpc = (stack: CampusStack) => new Vpc(stack, "vpc", { cidrBlock: "10.40.0.0/16" });
  const topic = (stack: CampusStack, id: string) => new SnsTopic(stack, id, { name: id });
  const mistakes: readonly { readonly mistake: string; readonly put: (stack: CampusStack) => void; readonly says: RegExp }[] = [
    { mistake: "nothing wrong", put: vpc, says: /^$/ },
    {
      mistake: "a missing argument",
      put: (stack) => new DbInstance(stack, "database", { instanceClass: "db.t4g.small" }).addOverride("instance_class", undefined),
      says: /Missing required argument.*"instance_class" is required/s,
    },
    { mistake: "a cycle", put: (stack) => twoThatNeedEachOther(topic(stack, "one"), topic(stack, "two")), says: /Cycle: aws_sns_topic/ },
    {
      mistake: "an unknown attribute",
      put: (stack) => vpc(stack).addOverride("cidr_blok", "10.0.0.0/16"),
      says: /No argument or block type is named "cidr_blok"/,
    },
    { mistake: "a wrong type", put: (stack) => vpc(stack).addOverride("enable_dns_support", "perhaps"), says: /a bool is required/ },
    {
      mistake: "a bad CIDR",
      put: (stack) => new Vpc(stack, "vpc", { cidrBlock: "10.40.0.0/33" }),
      says: /expected cidr_block to contain a valid Value, got: 10\.40\.0\.0\/33/,
    },
    {
      mistake: "a wrong enum",
      put: (stack) => vpc(stack).addOverride("instance_tenancy", "shared"),
      says: /expected instance_tenancy to be one of \["default" "dedicated"\], got shared/,
    },
    {
      mistake: "conflicting arguments",
      put: (stack) => new SnsTopic(stack, "topic", { name: "one", namePrefix: "two" }),
      says: /"name": conflicts with name_prefix/,
    },
  ];
  test.each(mistakes)("$mistake", async ({ put, says }) => {
    const [text = ""] = [...withMistake(put).texts.values()];
    const { terraform: settings, ...rest } = JSON.parse(text);
    writeFileSync(join(folder, "cdk.tf.json"), JSON.stringify({ ...rest, terraform: { ...settings, backend: undefined } }));
    expect(await terraform?.validate(folder)).toMatch(says);
  });
});

function twoThatNeedEachOther(one: SnsTopic, two: SnsTopic): void {
  one.displayName = two.arn;
  two.displayName = one.arn;
}

const keyIn = (stack: CampusStack, id = "key"): Key => new Key(stack, id, { part: id, purpose: "x" });

function databaseIn(stack: CampusStack, kind: ConstructorParameters<typeof Database>[2]["kind"]): Database {
  const group = new Group(stack, "group", { part: "database", purpose: "x", vpcId: "vpc-1" });
  return new Database(stack, "database", {
    plan: pilot.primary.database,
    key: keyIn(stack),
    subnetIds: ["subnet-1"],
    group,
    logGroups: [],
    kind,
    tell: tellIn(stack),
  });
}

const tellIn = (stack: CampusStack) => {
  const topic = new Topic(stack, "topic", { part: "alarms", purpose: "x", key: keyIn(stack, "topic-key") });
  return { page: topic, ticket: topic };
};

function alarmIn(stack: CampusStack, change: Partial<ConstructorParameters<typeof Alarm>[2]>): Alarm {
  return new Alarm(stack, "too-slow", {
    severity: "page",
    runbook: "bad-deploy-and-unhealthy-hosts.md",
    watched: oneMetric({ namespace: "CampusPay", name: "CardRefusals", dimensions: {}, statistic: "Sum", periodSeconds: 60 }),
    when: "above",
    threshold: 1,
    periods: 1,
    silence: "missing",
    says: "x",
    tell: tellIn(stack),
    ...change,
  });
}

test("a machine that would ask a database of forced TLS in clear is named", () => {
  const withBoot = (text: string) =>
    withMistake((stack) => {
      new DbParameterGroup(stack, "parameters", { family: "postgres18", parameter: [{ name: "rds.force_ssl", value: "1" }] });
      new TerraformLocal(stack, "boot", text);
    });
  expect(databaseWithoutAuthority(withBoot("DATABASE_URL=postgres://x\n")).join()).toMatch(/boot.* could not log in/);
  expect(databaseWithoutAuthority(withBoot("DATABASE_URL=postgres://x\nDATABASE_CA_FILE=/ca.pem\n"))).toEqual([]);
});
