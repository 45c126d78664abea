import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readArguments } from "../../app/local/command.ts";
import { ownAccount, planText, reviewOf, type Written, withPlans } from "./handwritten-plan.ts";
import { command, optionsOf } from "./options.ts";
import { readPlans } from "./read-plans.ts";
import { render } from "./report.ts";
import { isGated } from "./review.ts";

const changed = (address: string, before: Written["before"], after: Written["after"], actions: readonly string[] = ["update"]): Written => {
  return { address, actions, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
};

const policy = (...statements: readonly object[]): string => JSON.stringify({ Version: "2012-10-17", Statement: statements });
const read = { Sid: "Read", Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::campus/*" };
const trust = (principal: unknown, condition?: unknown) => {
  return policy({
    Sid: "Trust",
    Effect: "Allow",
    Action: "sts:AssumeRole",
    Principal: principal,
    ...(condition ? { Condition: condition } : {}),
  });
};
const database = { identifier: "campus", instance_class: "db.t4g.small", multi_az: true, allocated_storage: 30, deletion_protection: true };
const rule = (cidr: string, port: number) => ({ cidr_ipv4: cidr, from_port: port, to_port: port, ip_protocol: "tcp" });
const closed = { block_public_acls: true, block_public_policy: true, ignore_public_acls: true, restrict_public_buckets: true };
const accessBlock = "aws_s3_bucket_public_access_block.web";
const ingress = "aws_vpc_security_group_ingress_rule.into";
const rolePolicy = "aws_iam_role_policy.read";

describe("gated", () => {
  const cases: readonly (readonly [string, string, string, readonly Written[]])[] = [
    ["a database that is replaced", "stateful", "is replaced", [changed("aws_db_instance.main", database, database, ["delete", "create"])]],
    ["a replacement that creates first", "stateful", "is replaced", [changed("aws_s3_bucket.receipts", {}, {}, ["create", "delete"])]],
    ["a key that is destroyed", "stateful", "everything that was encrypted", [changed("aws_kms_key.data", {}, null, ["delete"])]],
    ["a secret that Terraform forgets", "stateful", "is forgotten", [changed("aws_secretsmanager_secret.jwt", {}, null, ["forget"])]],
    [
      "an action that is added",
      "iam",
      "s3:PutObject",
      [changed(rolePolicy, { policy: policy(read) }, { policy: policy({ ...read, Action: ["s3:GetObject", "s3:PutObject"] }) })],
    ],
    [
      "a resource that is added",
      "iam",
      "on arn:aws:s3:::other/*",
      [changed(rolePolicy, { policy: policy(read) }, { policy: policy({ ...read, Resource: [read.Resource, "arn:aws:s3:::other/*"] }) })],
    ],
    [
      "a condition that is dropped",
      "iam",
      "widens",
      [
        changed(
          rolePolicy,
          { policy: policy({ ...read, Condition: { Bool: { "aws:SecureTransport": "true" } } }) },
          { policy: policy(read) },
        ),
      ],
    ],
    [
      "a denial that is dropped",
      "iam",
      "no longer denies",
      [
        changed(
          rolePolicy,
          { policy: policy(read, { ...read, Sid: "No", Effect: "Deny", Action: "s3:DeleteObject" }) },
          { policy: policy(read) },
        ),
      ],
    ],
    [
      "a new policy with *",
      "iam",
      'allows "s3:*"',
      [changed("aws_iam_policy.wide", null, { policy: policy({ ...read, Action: "s3:*" }) }, ["create"])],
    ],
    [
      "a new policy on every resource",
      "iam",
      "on every resource",
      [changed("aws_iam_policy.wide", null, { policy: policy({ ...read, Resource: "*" }) }, ["create"])],
    ],
    [
      "everything but something",
      "iam",
      'allows "not:',
      [changed("aws_iam_policy.wide", null, { policy: policy({ Effect: "Allow", NotAction: "iam:*", Resource: "arn:x" }) }, ["create"])],
    ],
    [
      "trust of another account",
      "iam",
      "trusts another account, 999988887777",
      [changed("aws_iam_role.ci", null, { name: "ci", assume_role_policy: trust({ AWS: "arn:aws:iam::999988887777:root" }) }, ["create"])],
    ],
    [
      "trust of a whole organisation",
      "iam",
      "whole organisation",
      [
        changed("aws_iam_role.ci", null, { assume_role_policy: trust({ AWS: "*" }, { StringEquals: { "aws:PrincipalOrgID": "o-1" } }) }, [
          "create",
        ]),
      ],
    ],
    ["trust of everybody", "iam", "trusts everybody", [changed("aws_iam_role.ci", null, { assume_role_policy: trust("*") }, ["create"])]],
    [
      "rights for a role that stands already",
      "iam",
      "widens",
      [changed(rolePolicy, null, { role: "campus-pilot-machine", policy: policy(read) }, ["create"])],
    ],
    [
      "an attached policy of AWS",
      "iam",
      "attaches arn:aws:iam::aws:policy/AdministratorAccess",
      [
        changed("aws_iam_role_policy_attachment.a", null, { role: "r", policy_arn: "arn:aws:iam::aws:policy/AdministratorAccess" }, [
          "create",
        ]),
      ],
    ],
    [
      "a changed policy that only the apply will tell",
      "iam",
      "only the apply will tell",
      [{ address: rolePolicy, actions: ["update"], before: { policy: policy(read) }, after: {}, unknown: { policy: true } }],
    ],
    ["SSH from everybody", "exposure", "everybody (0.0.0.0/0) in on port 22", [changed(ingress, null, rule("0.0.0.0/0", 22), ["create"])]],
    [
      "an address on the internet",
      "exposure",
      "203.0.113.7/32 on the internet",
      [changed(ingress, null, rule("203.0.113.7/32", 5432), ["create"])],
    ],
    [
      "an inline rule for everybody over IPv6",
      "exposure",
      "everybody (::/0) in on every port",
      [
        changed(
          "aws_security_group.app",
          { ingress: [] },
          { ingress: [{ ipv6_cidr_blocks: ["::/0"], from_port: 0, to_port: 0, protocol: "-1" }] },
        ),
      ],
    ],
    [
      "an old-style rule for everybody",
      "exposure",
      "port 6379",
      [
        changed(
          "aws_security_group_rule.a",
          null,
          { type: "ingress", cidr_blocks: ["0.0.0.0/0"], from_port: 6379, to_port: 6379, protocol: "tcp" },
          ["create"],
        ),
      ],
    ],
    [
      "a bucket's block switched off",
      "exposure",
      "block_public_policy",
      [changed(accessBlock, closed, { ...closed, block_public_policy: false })],
    ],
    ["a bucket's block removed", "exposure", "is removed", [changed(accessBlock, closed, null, ["delete"])]],
    [
      "a public database",
      "exposure",
      "publicly_accessible",
      [changed("aws_db_instance.main", database, { ...database, publicly_accessible: true })],
    ],
    [
      "deletion protection off",
      "protection",
      "deletion_protection",
      [changed("aws_db_instance.main", database, { ...database, deletion_protection: false })],
    ],
    [
      "no final snapshot",
      "protection",
      "skip_final_snapshot",
      [changed("aws_db_instance.main", database, { ...database, skip_final_snapshot: true })],
    ],
    [
      "shorter backups",
      "protection",
      "from 35 to 7",
      [changed("aws_db_instance.main", { ...database, backup_retention_period: 35 }, { ...database, backup_retention_period: 7 })],
    ],
    [
      "logs that were kept for ever",
      "protection",
      "from 0 to 30",
      [changed("aws_cloudwatch_log_group.api", { retention_in_days: 0 }, { retention_in_days: 30 })],
    ],
    [
      "versioning suspended",
      "protection",
      "stops versioning",
      [
        changed(
          "aws_s3_bucket_versioning.v",
          { versioning_configuration: [{ status: "Enabled" }] },
          { versioning_configuration: [{ status: "Suspended" }] },
        ),
      ],
    ],
    [
      "a shorter object lock",
      "protection",
      "from 7 to 1",
      [
        changed(
          "aws_s3_bucket_object_lock_configuration.l",
          { rule: [{ default_retention: [{ years: 7 }] }] },
          { rule: [{ default_retention: [{ years: 1 }] }] },
        ),
      ],
    ],
    ["an alarm that is removed", "protection", "nobody is told", [changed("aws_cloudwatch_metric_alarm.lag", {}, null, ["delete"])]],
    [
      "a role without its boundary",
      "protection",
      "boundary",
      [changed("aws_iam_role.machine", { permissions_boundary: "arn:b" }, { name: "machine" })],
    ],
    [
      "a much larger database",
      "cost",
      "cost +",
      [changed("aws_db_instance.main", database, { ...database, instance_class: "db.m6g.large" })],
    ],
    [
      "a size without a price",
      "cost",
      "does not know",
      [changed("aws_db_instance.main", database, { ...database, instance_class: "db.x9.huge" })],
    ],
  ];

  test.each(cases)("%s", (_, kind, says, changes) => {
    const gated = reviewOf(planText(changes)).findings.filter(isGated);
    expect(gated).toContainEqual(expect.objectContaining({ kind, says: expect.stringContaining(says) }));
    expect(gated.map((finding) => finding.kind)).toEqual(gated.map(() => kind));
  });
});

describe("not gated", () => {
  const cases: readonly (readonly [string, readonly Written[]])[] = [
    [
      "a new database with its protections",
      [changed("aws_db_instance.main", null, { ...database, multi_az: false, storage_encrypted: true }, ["create"])],
    ],
    ["a stateful thing that is left alone", [changed("aws_db_instance.main", database, database, ["no-op"])]],
    ["a tag of a bucket", [changed("aws_s3_bucket.web", { tags: {} }, { tags: { Owner: "a" } })]],
    ["a narrower policy", [changed(rolePolicy, { policy: policy({ ...read, Action: "s3:*" }) }, { policy: policy(read) })]],
    [
      "the same rights in another order and shape",
      [
        changed(
          rolePolicy,
          { policy: policy({ ...read, Action: ["s3:GetObject", "s3:PutObject"] }) },
          { policy: policy({ ...read, Action: "s3:putobject" }, { ...read, Action: ["s3:GetObject"] }) },
        ),
      ],
    ],
    [
      "an action within a wildcard that stood before",
      [
        changed(
          rolePolicy,
          { policy: policy({ ...read, Action: "s3:Get*" }) },
          { policy: policy({ ...read, Action: ["s3:Get*", "s3:GetObjectTagging"] }) },
        ),
      ],
    ],
    [
      "the first rights of a role that this plan creates",
      [
        changed("aws_iam_role.machine", null, { name: "machine", assume_role_policy: trust({ Service: "ec2.amazonaws.com" }) }, ["create"]),
        changed(rolePolicy, null, { role: "machine", policy: policy(read) }, ["create"]),
      ],
    ],
    [
      "a key that its own account decides about",
      [
        changed(
          "aws_kms_key.data",
          null,
          { policy: policy({ Effect: "Allow", Action: "kms:*", Resource: "*", Principal: { AWS: `arn:aws:iam::${ownAccount}:root` } }) },
          ["create"],
        ),
      ],
    ],
    ["a rule for a private network", [changed(ingress, null, rule("10.40.0.0/16", 5432), ["create"])]],
    ["an egress rule to everybody", [changed("aws_vpc_security_group_egress_rule.out", null, rule("0.0.0.0/0", 443), ["create"])]],
    ["a bucket's block that is new and closed", [changed(accessBlock, null, closed, ["create"])]],
    [
      "logs that are kept for ever from now on",
      [changed("aws_cloudwatch_log_group.api", { retention_in_days: 90 }, { retention_in_days: 0 })],
    ],
    [
      "a replica without a final snapshot",
      [
        changed("aws_db_instance.r", null, { ...database, multi_az: false, replicate_source_db: "arn", skip_final_snapshot: true }, [
          "create",
        ]),
      ],
    ],
    ["a saving", [changed("aws_nat_gateway.b", { id: "nat" }, null, ["delete"])]],
    ["nothing at all", []],
  ];

  test.each(cases)("%s", (_, changes) => expect(reviewOf(planText(changes)).findings.filter(isGated)).toEqual([]));
});

test("only 443 and 80 of the load balancer may be open to everybody", () => {
  const group = (name: string) => changed("aws_security_group.g", null, { name }, ["create"]);
  const review = (name: string, port: number) =>
    reviewOf(
      planText([group(name), changed(ingress, null, rule("0.0.0.0/0", port), ["create"])], {
        [ingress]: ["aws_security_group.g.id", "aws_security_group.g"],
      }),
    );
  expect(review("campus-pilot-north-load-balancer", 443).passes).toBe(true);
  expect(review("campus-pilot-north-load-balancer", 8443).passes).toBe(false);
  expect(review("campus-pilot-north-app", 443).passes).toBe(false);
});

test("costs are told for each change and in all, and follow a machine's size from the launch template to its group", () => {
  const { costs } = reviewOf(
    planText([
      changed("aws_nat_gateway.b", null, {}, ["create"]),
      changed("aws_launch_template.api", { instance_type: "t4g.small" }, { instance_type: "t4g.medium" }),
      changed("aws_autoscaling_group.api", { min_size: 2 }, { min_size: 2 }, ["no-op"]),
    ]),
  );
  expect(costs.changes.map(({ address, deltaUsd }) => [address, deltaUsd.toFixed(2)])).toEqual([
    ["aws_nat_gateway.b", "33.60"],
    ["aws_autoscaling_group.api", "25.11"],
  ]);
  expect(costs.deltaUsd).toBeCloseTo(58.71, 2);
});

test("an acceptance opens one gate, stands in the output with its reason, and leaves the other gates shut", () => {
  const text = planText([changed("aws_kms_key.a", {}, null, ["delete"]), changed("aws_kms_key.b", {}, null, ["delete"])]);
  const accept = (...addresses: readonly string[]) =>
    reviewOf(
      text,
      addresses.map((address) => ({ address, reason: "nothing uses it since May" })),
    );
  const half = accept("pilot/aws_kms_key.a");
  expect(half.passes).toBe(false);
  expect(half.findings.filter(isGated).map(({ address }) => address)).toEqual(["pilot/aws_kms_key.b"]);
  const all = accept("pilot/aws_kms_key.a", "pilot/aws_kms_key.b");
  expect(all.passes).toBe(true);
  expect(render(all, 1)).toContain("accepted because: nothing uses it since May");
  expect(render(all, 1)).toMatch(/verdict: pass, 2 accepted by hand$/);
});

test("an acceptance that opens nothing is refused, so that none outlives its plan", () => {
  expect(() => reviewOf(planText([]), [{ address: "pilot/aws_kms_key.a", reason: "once" }])).toThrow("accepts nothing: nothing is gated.");
});

const parse = (args: readonly string[]) => optionsOf(readArguments(command, args));

test("an acceptance needs a reason, and its address may hold an equals sign in a key", () => {
  expect(() => parse(["p.json", "--accept", "a/b.c"])).toThrow("has no reason");
  expect(() => parse(["p.json", "--accept", "a/b.c= "])).toThrow("has no reason");
  expect(parse(["p.json", "--accept", 'a/b.c["k=v"]=as agreed: x=1']).acceptances).toEqual([
    { address: 'a/b.c["k=v"]', reason: "as agreed: x=1" },
  ]);
});

test.each([
  ["no JSON", "{", "cannot be read as JSON"],
  ["no plan", "{}", "is not a plan of Terraform"],
  ["a list", "[]", "is not a plan of Terraform"],
  ["a state", '{"format_version":"1.0","values":{}}', "is a state and not a plan"],
  ["another format", '{"format_version":"2.0","planned_values":{}}', "has format 2.0"],
  ["a plan that ended in an error", '{"format_version":"1.2","planned_values":{},"errored":true}', "ended in an error"],
  [
    "a change without actions",
    '{"format_version":"1.2","planned_values":{},"resource_changes":[{"address":"a.b"}]}',
    "without address, type and actions",
  ],
])("%s is refused with the file's name and how to make a plan", (_, text, why) => {
  withPlans({ "pilot.json": text }, (folder) => {
    expect(() => readPlans([folder])).toThrow(why);
    expect(() => readPlans([folder])).toThrow(/pilot\.json .*terraform show -json/);
  });
});

test("two files of one name are refused: their findings could not be told apart", () => {
  withPlans({ "pilot.json": planText([]) }, (folder) =>
    expect(() => readPlans([folder, join(folder, "pilot.json")])).toThrow("Two plans are named pilot"),
  );
});

test("the command says pass with 0, gated with 1 and bad input with 2 and one line", () => {
  const run = (text: string, ...args: readonly string[]) =>
    withPlans({ "pilot.json": text }, (folder) =>
      spawnSync(process.execPath, [join(import.meta.dirname, "../plan-review.ts"), folder, ...args], { encoding: "utf8" }),
    );
  expect(run(planText([]))).toMatchObject({ status: 0, stdout: expect.stringMatching(/verdict: pass\n$/) });
  const key = planText([changed("aws_kms_key.a", {}, null, ["delete"])]);
  expect(run(key)).toMatchObject({ status: 1, stdout: expect.stringContaining("verdict: GATED, 1 to mend or to accept") });
  expect(run(key, "--accept", "pilot/aws_kms_key.a=unused")).toMatchObject({ status: 0 });
  expect(run("{")).toMatchObject({ status: 2, stdout: "", stderr: expect.stringMatching(/^[^\n]+\n$/) });
});
