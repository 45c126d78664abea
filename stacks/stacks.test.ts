import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createLog } from "../app/platform/log.ts";
import { openObjectStore } from "../app/platform/objects.ts";
import { readIban } from "../app/settlements/iban.ts";
import { contentSecurityPolicy, guideHeader, pageHeaders } from "../app/web/page-headers.ts";
import {
  anyArtifact,
  capabilities,
  type Environment,
  environments,
  notPublished,
  type RegionPlan,
  withArtifact,
} from "../regions/index.ts";
import { analyticsArchive } from "./analytics-code.ts";
import { signedWebhook } from "./constructs/web-acl.ts";
import { bucketName } from "./names.ts";
import { appCalls } from "./rules/app-calls.ts";
import { outsideBoundary } from "./rules/boundary.ts";
import { databaseWithoutAuthority } from "./rules/database-tls.ts";
import { shutOutOfEndpoints } from "./rules/endpoints.ts";
import { exposures, openPorts, openRoutes } from "./rules/exposure.ts";
import { hooksThatNobodyCompletes } from "./rules/hooks.ts";
import { filtersThatNeverMatch, tokenHeaders, tokensInLogs } from "./rules/log-lines.ts";
import { list, statementsOf, unreasonedWildcards, wideTrust, wildcards } from "./rules/policies.ts";
import { unprotected } from "./rules/protection.ts";
import { secretsInJson } from "./rules/secrets.ts";
import { deafTargets, deploysThatWaitForNobody, policiesBeforeTheirRules } from "./rules/serving.ts";
import { referenced, resourcesOf, type Synthesized, synthesizeCampus } from "./rules/synthesized.ts";
import { missingTags } from "./rules/tags.ts";
import { reasonedWildcards } from "./rules/wildcards.ts";

/** With machines, whatever is published today. */
const published = Object.values(environments).map((one) => withArtifact(one, anyArtifact));
const synthesized = Object.fromEntries(published.map((one) => [one.name, synthesizeCampus(one)])) as Record<string, Synthesized>;
const campuses = published.map((environment) => ({
  name: environment.name,
  environment,
  campus: synthesized[environment.name] as Synthesized,
}));

const openings = [
  "into app 8443 from load-balancer",
  "into cache 6379 from app",
  "into database 5432 from app",
  "into database 5432 from glue",
  "into glue 0-65535 from glue",
  "into load-balancer 443 from CloudFront",
  "out of app 443 to 0.0.0.0/0",
  "out of app 5432 to database",
  "out of app 6379 to cache",
  "out of glue 0-65535 to glue",
  "out of glue 443 to 0.0.0.0/0",
  "out of glue 5432 to database",
  "out of load-balancer 8443 to app",
];
const throughEndpoints = [
  "into endpoints 443 from app",
  "into endpoints 443 from glue",
  "out of app 443 to endpoints",
  "out of glue 443 to endpoints",
];

test.each(campuses)("$name: each group reaches exactly those that it must, in both regions", ({ environment, campus }) => {
  for (const [place, plan] of [
    ["north", environment.primary],
    ["south", environment.standby],
  ] as const) {
    const expected = plan.network.interfaceEndpoints.length > 0 ? [...openings, ...throughEndpoints] : openings;
    expect(exposures(campus, place)).toEqual([...expected].sort());
  }
});

test.each(campuses)("$name: no port is open to the world and no rule hides inside a group", ({ campus }) =>
  expect(openPorts(campus)).toEqual([]),
);

test.each(campuses)("$name: whoever asks AWS for things is let in at the doors that its names lead to", ({ campus }) =>
  expect(shutOutOfEndpoints(campus)).toEqual([]),
);

test.each(campuses)("$name: a policy allows no * without a reason", ({ campus }) =>
  expect(unreasonedWildcards(campus, reasonedWildcards)).toEqual([]),
);

test.each(campuses)("$name: nobody trusts everybody or a whole organisation", ({ campus }) => expect(wideTrust(campus)).toEqual([]));

test.each(campuses)("$name: no secret stands in any JSON, user data included", ({ campus }) => expect(secretsInJson(campus)).toEqual([]));

test.each(campuses)("$name: everything is encrypted, TLS only, kept and protected", ({ campus }) =>
  expect(unprotected(campus)).toEqual([]),
);

test.each(campuses)("$name: no role is given what its boundary takes away", ({ campus }) => expect(outsideBoundary(campus)).toEqual([]));

test.each(campuses)("$name: a machine may do all that the app asks of AWS", ({ name, campus }) => {
  for (const place of ["north", "south"]) {
    const allowed = resourcesOf(campus, "aws_iam_role_policy")
      .filter((one) => one.stack === `${name}-${place}-api` && one.path.includes("/machine-role/"))
      .flatMap(({ body }) => JSON.parse(body.policy).Statement)
      .flatMap((one: { Action: string | string[] }) => one.Action);
    const hasMail = campuses.find((one) => one.name === name)?.environment.receiptMail !== undefined;
    const calls = appCalls().filter(({ action }) => hasMail || !action.startsWith("ses:"));
    expect(new Set(calls.map(({ action }) => action)).size).toBeGreaterThan(6);
    expect(calls.filter(({ action }) => !allowed.includes(action))).toEqual([]);
  }
});

test.each(campuses)("$name: a deploy waits for machines that serve, and AWS can see whether they do", ({ campus }) => {
  expect(policiesBeforeTheirRules(campus)).toEqual([]);
  expect(deploysThatWaitForNobody(campus)).toEqual([]);
  expect(deafTargets(campus)).toEqual([]);
  expect(hooksThatNobodyCompletes(campus)).toEqual([]);
});

test.each(campuses)("$name: where the database takes TLS only, every machine knows whose certificate to believe", ({ campus }) =>
  expect(databaseWithoutAuthority(campus)).toEqual([]),
);

test.each(campuses)("$name: every request of a user has passed our own edge", ({ campus }) => expect(openRoutes(campus)).toEqual([]));

test.each(campuses)(
  "$name: the edge sends our pages' headers, and its policy lets a café's picture into both buckets",
  async ({ environment, campus }) => {
    process.env.AWS_ACCESS_KEY_ID ??= "nobody";
    process.env.AWS_SECRET_ACCESS_KEY ??= "nobody";
    const policies = new Map(
      resourcesOf(campus, "aws_cloudfront_response_headers_policy").map(({ path, body }) => [path.split("/").at(-1), body]),
    );
    const policyOf = (id: string): string => policies.get(id)?.security_headers_config.content_security_policy.content_security_policy;
    const origins = [];
    for (const plan of [environment.primary, environment.standby]) {
      const bucket = bucketName(
        { environment: environment.name, place: capabilities[plan.region].place, part: "menu-images" },
        environment.accountId,
      );
      const { signPut } = openObjectStore({ bucket, folder: "", region: plan.region, s3Url: undefined });
      const address = await signPut?.("uploads/a", { contentType: "image/jpeg", sizeBytes: 1, seconds: 60 });
      origins.push(new URL(String(address)).origin);
    }
    expect(policyOf("headers")).toBe(contentSecurityPolicy({ frames: "none", uploadOrigins: origins }));
    expect(policyOf("guide-headers")).toBe(guideHeader({ frames: "none" }));
    const sent = pageHeaders({ frames: "none" });
    for (const body of policies.values()) {
      const named = ["Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"];
      const others = body.custom_headers_config.items.map((item: { header: string; value: string }) => [item.header, item.value]);
      expect([...named, ...others.map(([header]: string[]) => header)].sort()).toEqual(Object.keys(sent).sort());
      expect(sent).toMatchObject(Object.fromEntries(others));
    }
    const [distribution] = resourcesOf(campus, "aws_cloudfront_distribution");
    const behaviours = [distribution?.body.default_cache_behavior, ...(distribution?.body.ordered_cache_behavior ?? [])];
    for (const { path_pattern, target_origin_id, response_headers_policy_id } of behaviours)
      if (target_origin_id === "web")
        expect(response_headers_policy_id, path_pattern).toContain(path_pattern === "/guide/*" ? "guide-headers" : "_headers");
  },
);

test.each(campuses)("$name: error lines as the app writes them are counted, others are not", ({ campus }) => {
  const lines: string[] = [];
  const log = createLog({ level: "trace", pepper: "pepper", base: {}, write: (line) => lines.push(line) });
  log.error({ err: new Error("no database") }, "The readiness check failed");
  log.info({ status: 200 }, "request");
  const [error, harmless] = lines.map((line) => JSON.parse(line));
  expect(filtersThatNeverMatch(campus, error, harmless)).toEqual([]);
});

test.each(campuses)("$name: no log of AWS holds a token", ({ campus }) => {
  expect(tokenHeaders()).toEqual(["authorization", "cookie", "sec-websocket-protocol", "x-staff-authorization"]);
  expect(tokensInLogs(campus, tokenHeaders())).toEqual([]);
});

test("the path that the web ACLs leave alone is the one that the gateway calls", () => {
  const { paths } = JSON.parse(readFileSync(new URL("../docs/openapi.json", import.meta.url), "utf8"));
  expect(Object.keys(paths)).toContain(signedWebhook);
});

test("until an artifact is published there is no machine, no policy that would start one and no alarm that misses it", () => {
  const campus = synthesizeCampus(withArtifact(environments.production as Environment, notPublished));
  expect(resourcesOf(campus, "aws_autoscaling_group", "aws_autoscaling_policy", "aws_autoscaling_schedule")).toEqual([]);
  expect(resourcesOf(campus, "aws_cloudwatch_metric_alarm").filter(({ path }) => path.includes("alb-unhealthy"))).toEqual([]);
});

test("the colour without users takes the newest version, and a larger smallest number reaches it", () => {
  const production = withArtifact(environments.production as Environment, anyArtifact);
  const [, green] = production.primary.api.fleets;
  const fleets = production.primary.api.fleets.map((fleet) =>
    fleet === green ? { ...fleet, minInstances: 3, lunchMinInstances: 3 } : fleet,
  );
  const started = synthesizeCampus({ ...production, primary: { ...production.primary, api: { ...production.primary.api, fleets } } });
  const group = (campus: Synthesized) =>
    resourcesOf(campus, "aws_autoscaling_group").find(({ path }) => path.includes("north-api/fleet-green"))?.body;
  expect(group(synthesized.production as Synthesized)?.min_size).toBe(0);
  expect(group(started)).toMatchObject({ min_size: 3, min_elb_capacity: 3, lifecycle: { ignore_changes: ["desired_capacity"] } });
});

test.each(campuses)("$name: everything says whose it is", ({ campus }) => expect(missingTags(campus)).toEqual([]));

test("each reason for a * is still needed", () => {
  const found = campuses.flatMap(({ campus }) => wildcards(campus));
  expect(Object.keys(reasonedWildcards).filter((suffix) => !found.some((wildcard) => wildcard.endsWith(suffix)))).toEqual([]);
});

const regional = ["analytics", "api", "data", "messaging", "network", "observability", "security", "storage"];

test.each(campuses)("$name: every regional stack stands in both regions, with a state of its own in S3", ({ name, campus }) => {
  const expected = ["bootstrap", "global", ...["north", "south"].flatMap((place) => regional.map((part) => `${place}-${part}`))].map(
    (id) => `${name}-${id}`,
  );
  expect([...campus.stacks.keys()].sort()).toEqual(expected.sort());
  const keys = [...campus.stacks.values()].map((stack) => stack.terraform?.backend.s3);
  expect(new Set(keys.map((backend) => backend.key)).size).toBe(expected.length);
  expect(keys.every((backend) => backend.use_lockfile === true && backend.encrypt === true)).toBe(true);
});

test.each(campuses)("$name: the provider can touch this account only, in its stack's region", ({ environment, campus }) => {
  for (const [id, stack] of campus.stacks) {
    const [main, ...others] = stack.provider?.aws ?? [];
    expect(main?.allowed_account_ids).toEqual([environment.accountId]);
    expect(main?.region).toBe(id.includes("-south-") ? "eu-south-1" : "eu-north-1");
    expect(others.every((provider) => provider.alias && provider.allowed_account_ids[0] === environment.accountId)).toBe(true);
  }
});

test.each(campuses)("$name: us-east-1 appears for the edge and nowhere else", ({ name, campus }) => {
  const there = [...campus.texts].filter(([, text]) => text.includes('"us-east-1"')).map(([id]) => id);
  expect(there).toEqual([`${name}-global`]);
});

test.each(campuses)("$name: the writer is in the primary region, its replica in the standby, and no password in either", ({ campus }) => {
  const [writer, replica] = ["north", "south"].map(
    (place) => resourcesOf(campus, "aws_db_instance").find((one) => one.stack.includes(place))?.body,
  );
  expect(writer).toMatchObject({ engine: "postgres", engine_version: "18", multi_az: true });
  expect(writer?.password_wo).toBe(["$", "{ephemeral.aws_secretsmanager_random_password.first.random_password}"].join(""));
  expect(replica?.replicate_source_db).toContain("aws_db_instance");
  expect(replica?.password_wo ?? replica?.username ?? replica?.manage_master_user_password).toBeUndefined();
});

test.each(campuses)(
  "$name: writer and copy both grow by themselves to the same size, and compress the pages in their log",
  ({ environment, campus }) => {
    const instances = resourcesOf(campus, "aws_db_instance").map(({ body }) => body.max_allocated_storage);
    expect(instances).toEqual([environment.primary, environment.standby].map((plan) => plan.database.maxStorageGib));
    for (const { body } of resourcesOf(campus, "aws_db_parameter_group")) {
      expect(body.parameter).toContainEqual({ name: "wal_compression", value: "lz4" });
    }
  },
);

test.each(campuses)(
  "$name: web, images, receipts and artifacts are copied to the standby, receipts are locked in both",
  ({ environment, campus }) => {
    const copied = resourcesOf(campus, "aws_s3_bucket_replication_configuration").map(({ path }) => path.split("/").slice(-2)[0]);
    expect(copied.sort()).toEqual(["artifacts", "menu-images", "menu-images-back", "receipts", "receipts-back", "state", "web"]);
    const mode = environment.locks === "for good" ? "COMPLIANCE" : "GOVERNANCE";
    const locks = resourcesOf(campus, "aws_s3_bucket_object_lock_configuration").map(({ body }) => body.rule.default_retention);
    expect(locks).toEqual([8, 8].map((years) => ({ mode, years })));
    const vaults = resourcesOf(campus, "aws_backup_vault_lock_configuration").map(({ body }) => body.changeable_for_days !== undefined);
    expect(vaults).toEqual([environment.locks === "for good", environment.locks === "for good"]);
  },
);

test.each(campuses)("$name: an instance reads the secrets of the app, each by name, and never the schema owner's", ({ name, campus }) => {
  for (const place of ["north", "south"]) {
    const grants = resourcesOf(campus, "aws_iam_role_policy").filter(
      (one) => one.stack === `${name}-${place}-api` && one.path.includes("/machine-role/read-secret"),
    );
    expect(grants).toHaveLength(1);
    const [{ Resource: secrets }] = JSON.parse(grants[0]?.body.policy).Statement;
    expect(secrets).toHaveLength(11);
    for (const secret of secrets) expect(secret).toMatch(new RegExp(`:secret:campus-${name}/[a-z-]+-\\?{6}$`));
    expect(secrets.join()).not.toContain("migration");
  }
});

test.each(campuses)("$name: the policies of each role together stay below the 10,240 characters that IAM allows", ({ campus }) => {
  const sizes = new Map<string, number>();
  for (const { stack, body } of resourcesOf(campus, "aws_iam_role_policy")) {
    const role = `${stack} ${body.role}`;
    const text = String(body.policy).replace(/\$\{[^}]+\}/g, "x".repeat(100)); // an ARN of ours has 100 characters at most
    sizes.set(role, (sizes.get(role) ?? 0) + text.length);
  }
  for (const [role, size] of sizes) expect(size, role).toBeLessThanOrEqual(10_240);
});

test.each(campuses)("$name: who plans cannot write the state, and neither plan nor apply can read a secret", ({ name, campus }) => {
  const policies = resourcesOf(campus, "aws_iam_role_policy").filter(({ path }) => path.startsWith(`${name}-bootstrap/ci-plan/`));
  const statements = policies.flatMap(({ body }) => JSON.parse(body.policy).Statement);
  const writes = statements.filter((one: { Action: string | string[] }) => [one.Action].flat().includes("s3:PutObject"));
  const written = writes.flatMap((one: { Resource: string | string[] }) => one.Resource);
  expect(written).toEqual([1, 2].map(() => expect.stringMatching(/\.tflock$/))); // of the state and of its copy
  const denials = resourcesOf(campus, "aws_iam_role_policy")
    .filter(({ path }) => /-bootstrap\/ci-(plan|apply)\/secrets$/.test(path))
    .map(({ body }) => JSON.parse(body.policy).Statement);
  expect(denials).toHaveLength(2);
  for (const denial of denials) {
    expect(denial).toContainEqual(expect.objectContaining({ Effect: "Deny", Action: "secretsmanager:GetSecretValue", Resource: "*" }));
  }
});

test.each(campuses)("$name: analytics jobs run where the region is primary only", ({ campus }) => {
  for (const trigger of resourcesOf(campus, "aws_glue_trigger")) expect(trigger.body.enabled).toBe(trigger.stack.includes("-north-"));
});

test.each(campuses)(
  "$name: each job's script, archive and arguments are those of app/analytics, and Glue's Spark is the one that is tested",
  ({ campus }) => {
    const sparkOf: Readonly<Record<string, string>> = { "5.0": "3.5.4", "5.1": "3.5.6" };
    const pinned = readFileSync(new URL("../app/analytics/requirements-spark.txt", import.meta.url), "utf8");
    const main = readFileSync(new URL("../app/analytics/main.py", import.meta.url), "utf8");
    const glueOwn = ["--job-language", "--enable-metrics", "--enable-continuous-cloudwatch-log", "--TempDir", "--extra-files"];
    for (const { body } of resourcesOf(campus, "aws_glue_job")) {
      expect(pinned).toContain(`pyspark==${sparkOf[body.glue_version]}`);
      const [, place] = /^(s3:\/\/.+\/analytics\/[0-9a-f]{12})\/main\.py$/.exec(body.command.script_location) ?? [];
      expect(body.default_arguments["--extra-files"]).toBe(`${place}/analytics.zip`);
      for (const option of Object.keys(body.default_arguments).filter((name) => !glueOwn.includes(name))) {
        expect(main).toContain(`add_argument("${option}"`);
      }
    }
  },
);

test("what Glue unpacks is what main.py imports and reads, RDS's certificates too, and none of the tests", () => {
  const files = Object.keys(analyticsArchive());
  const modules = readdirSync(new URL("../app/analytics/", import.meta.url)).filter((file) => file.endsWith(".py") && file !== "main.py");
  expect(files).toEqual(expect.arrayContaining([...modules, "checks.sql", "sql/sales.sql", "extract/money.sql", "rds-ca.pem"]));
  expect(files.filter((file) => /test|main\.py/.test(file))).toEqual([]);
});

test.each(campuses)("$name: a machine may read the published tables and nothing else of the lake", ({ campus }) => {
  const [granted] = resourcesOf(campus, "aws_iam_role_policy").filter(({ path }) => path.includes("/machine-role/read-analytics"));
  expect(JSON.parse(granted?.body.policy).Statement[0]).toMatchObject({
    Action: "s3:GetObject",
    Resource: expect.stringMatching(/\/lake\/tables\/\*$/),
  });
  const boots = [...campus.texts.values()].join("").match(/ANALYTICS_BUCKET/g);
  expect(boots?.length).toBe(resourcesOf(campus, "aws_autoscaling_group").length);
});

test.each(campuses)(
  "$name: every table that the jobs write is declared, projected by the run that was published and by month",
  ({ campus }) => {
    const texts = ["sql", "extract"].flatMap((folder) => readdirSync(new URL(`../app/analytics/${folder}/`, import.meta.url)));
    const tables = resourcesOf(campus, "aws_glue_catalog_table").filter(({ stack }) => stack.includes("-north-"));
    expect(tables.map(({ body }) => `${body.name}.sql`).toSorted()).toEqual(texts.toSorted());
    for (const { body } of tables) {
      expect(body.storage_descriptor.columns.length).toBeGreaterThan(2);
      const keys = body.partition_keys.map(({ name }: { name: string }) => name);
      expect(body.parameters["storage.location.template"].match(/\$\$\{(\w+)\}/g)).toEqual(keys.map((key: string) => `$\${${key}}`));
      for (const key of keys) expect(body.parameters).toHaveProperty([`projection.${key}.type`]);
      expect(body.lifecycle.ignore_changes).toEqual(['parameters["projection.run.values"]']);
    }
  },
);

test("two synths into two folders are equal to the byte, and hold no path of this machine", () => {
  const again = synthesizeCampus(withArtifact(environments.pilot as Environment, anyArtifact));
  expect(again.texts).toEqual(synthesized.pilot?.texts);
  for (const text of again.texts.values()) expect(text).not.toContain(process.cwd());
});

test("the region that serves is one value, and it turns the switch of Route 53", () => {
  const pilot = environments.pilot as Environment;
  const switchOf = (campus: Synthesized) => resourcesOf(campus, "aws_route53_health_check")[0]?.body;
  expect(switchOf(synthesized.pilot as Synthesized)).toMatchObject({ disabled: true, invert_healthcheck: false });
  expect(switchOf(synthesizeCampus({ ...pilot, serving: "south" }))).toMatchObject({ disabled: true, invert_healthcheck: true });
});

test.each(campuses)(
  "$name: the master password is rotated by the writer's function alone, and Terraform sets none twice",
  ({ environment, campus }) => {
    const [rotation, ...others] = resourcesOf(campus, "aws_secretsmanager_secret_rotation");
    expect(others).toEqual([]);
    expect(rotation?.body.rotation_rules).toEqual({ automatically_after_days: environment.primary.database.masterPasswordDays });
    expect(referenced(campus, rotation?.stack ?? "", rotation?.body.secret_id)?.path).toContain("/database-master/");
    expect(resourcesOf(campus, "aws_secretsmanager_secret_version")).toEqual([]); // a version in the state would be written again once AWS forgets it
    expect(resourcesOf(campus, "aws_db_instance").map(({ body }) => body.password_wo_version)).toEqual([1, undefined]);
    const [replaces] = rotation?.body.lifecycle.replace_triggered_by ?? [];
    expect(replaces).toMatch(/^aws_db_instance\.[\w-]+\.resource_id$/);
  },
);

test.each(campuses)("$name: the function that rotates may change one secret and one database, and nothing else", ({ campus }) => {
  const policies = resourcesOf(campus, "aws_iam_role_policy").filter(({ path }) => path.includes("/rotation/role/"));
  const statements = policies.flatMap(({ body }) => JSON.parse(body.policy).Statement);
  const resources = statements.map((one: { Resource: string }) => one.Resource);
  expect(new Set(resources).size).toBe(4); // the secret, its key, the database, its log
  expect(resources.every((resource: string) => resource.startsWith("$"))).toBe(true);
});

test.each(campuses)(
  "$name: a canary in each region asks for the public name, keeps its log and cannot make another",
  ({ environment, campus }) => {
    const canaries = resourcesOf(campus, "aws_synthetics_canary");
    expect(canaries.map(({ body }) => body.schedule.expression)).toEqual(
      [environment.primary, environment.standby].map((plan) => `rate(${plan.canary.everyMinutes} minutes)`),
    );
    const logs = resourcesOf(campus, "aws_cloudwatch_log_group").filter(({ body }) => String(body.name).includes("aws_synthetics_canary"));
    expect(logs).toHaveLength(2);
    const policies = resourcesOf(campus, "aws_iam_role_policy").filter(({ path }) => path.includes("/visitor/role/"));
    expect(policies.map(({ body }) => body.policy).join()).not.toContain("CreateLogGroup");
  },
);

test.each(campuses)(
  "$name: receipts are mailed where it is wished, from the one address and by the machine alone",
  ({ environment, campus }) => {
    const policies = resourcesOf(campus, "aws_iam_role_policy").filter(({ path }) => path.endsWith("/send-receipt-mails"));
    const from = environment.receiptMail?.from;
    expect(policies.map(({ stack }) => stack)).toEqual((from ? ["north", "south"] : []).map((place) => `${environment.name}-${place}-api`));
    for (const { body } of policies)
      expect(JSON.parse(body.policy).Statement[0].Condition).toEqual({ StringEquals: { "ses:FromAddress": from } });
  },
);

test.each(campuses)(
  "$name: each machine of the API pays from the bank account that is set, and from none where none is",
  ({ environment, campus }) => {
    const scripts = [...campus.stacks.values()].flatMap(({ locals }) => Object.values(locals ?? {}).map(String));
    const machines = scripts.map((script) => script.split("\n")).filter((lines) => lines.includes("CAMPUS_ENV=production"));
    const { bank } = environment;
    if (bank) {
      expect(readIban(bank.iban, [bank.iban.slice(0, 2)])).not.toHaveProperty("problem");
      // One line of a file of systemd.
      expect(bank.holder).toMatch(/^[^\s"'\\][^\n"'\\]{0,69}$/);
    }
    const expected = bank ? [`BANK_HOLDER=${bank.holder}`, `BANK_IBAN=${bank.iban}`, ...(bank.bic ? [`BANK_BIC=${bank.bic}`] : [])] : [];
    expect(machines.length).toBeGreaterThanOrEqual(2);
    for (const lines of machines) expect(lines.filter((line) => line.startsWith("BANK_"))).toEqual(expected);
  },
);

test("with every option switched on, all rules still hold", () => {
  const pilot = environments.pilot as Environment;
  const options = (plan: RegionPlan): RegionPlan => ({
    ...plan,
    network: { ...plan.network, nat: "one per zone", interfaceEndpoints: ["kms", "logs", "secretsmanager", "sqs"] },
    security: { ...plan.security, guardDuty: true, configRecorder: true },
    cache: { ...plan.cache, engine: "valkey" },
    analytics: {
      ...plan.analytics,
      quickSight: { userArn: "arn:aws:quicksight:eu-north-1:111122223333:user/default/ann" },
    },
  });
  const edge = { ...pilot.edge, shieldAdvanced: true };
  const campus = synthesizeCampus({ ...pilot, edge, primary: options(pilot.primary), standby: options(pilot.standby) });
  for (const type of ["aws_quicksight_data_source", "aws_guardduty_detector", "aws_config_configuration_recorder"]) {
    expect(resourcesOf(campus, type)).toHaveLength(2);
  }
  expect(resourcesOf(campus, "aws_shield_protection")).toHaveLength(4);
  const found = [unprotected, openPorts, outsideBoundary, secretsInJson, missingTags, wideTrust].flatMap((rule) => rule(campus));
  expect([...found, ...unreasonedWildcards(campus, reasonedWildcards)]).toEqual([]);
});

test("a decommission takes every protection off, and only that", () => {
  const pilot = environments.pilot as Environment;
  const off = synthesizeCampus({ ...pilot, protection: { on: false, reason: "the pilot has ended", until: "2026-12-31" } });
  expect(
    resourcesOf(off, "aws_db_instance").every(({ body }) => body.deletion_protection === false && body.skip_final_snapshot === true),
  ).toBe(true);
  expect(resourcesOf(off, "aws_lb").every(({ body }) => body.enable_deletion_protection === false)).toBe(true);
  expect(exposures(off, "north")).toEqual(exposures(synthesized.pilot as Synthesized, "north"));
});

/** As after a failover for good: the other region writes, the one that was home follows. */
const swapped = (environment: Environment): Environment => ({
  ...environment,
  serving: "south",
  primary: { ...environment.standby, role: "primary" },
  standby: { ...environment.primary, role: "standby" },
});

test("to swap the regions moves the database and what follows it, and no key, secret, bucket, name or state", () => {
  const production = withArtifact(environments.production as Environment, anyArtifact);
  const bodies = (campus: Synthesized) =>
    new Map(resourcesOf(campus).map(({ stack, type, id, body }) => [`${stack}/${type}.${id}`, JSON.stringify(body)]));
  const [before, after] = [synthesized.production as Synthesized, synthesizeCampus(swapped(production))];
  const [old, now] = [bodies(before), bodies(after)];
  const different = [...new Set([...old.keys(), ...now.keys()])].filter((one) => old.get(one) !== now.get(one));
  const moved = new Set(different.map((one) => one.replace(/^production-/, "").replace(/\/aws_(\w+)\..*/, " $1")));
  const inBoth = (kinds: readonly string[]) => kinds.flatMap((kind) => [`north-${kind}`, `south-${kind}`]);
  expect([...moved].sort()).toEqual(
    [
      "global route53_health_check", // the switch, by `serving`
      ...inBoth([
        "data backup_plan",
        "data backup_selection",
        "data cloudwatch_event_rule", // a failed backup
        "data cloudwatch_event_target",
        "data cloudwatch_metric_alarm",
        "data db_instance",
        "data iam_role", // of the backups
        "data iam_role_policy_attachment",
        "data ssm_parameter", // who writes on the first day; what stands there is left alone
        "analytics cloudwatch_metric_alarm",
        "analytics glue_trigger",
        "analytics iam_role_policy", // the job that reads rotates its own password
      ]),
      "north-data iam_role_policy", // the rotation stays at home and sets the password there
      "north-data lambda_function",
      "north-data secretsmanager_secret_rotation",
    ].sort(),
  );
  for (const [id, stack] of after.stacks) expect(stack.terraform?.backend, id).toEqual(before.stacks.get(id)?.terraform?.backend);
  const databases = resourcesOf(after, "aws_db_instance").map(({ stack, body }) => [
    stack,
    body.replicate_source_db !== undefined,
    body.password_wo,
  ]);
  expect(databases.sort()).toEqual([
    ["production-north-data", true, undefined],
    ["production-south-data", false, undefined], // promoted: it has its password, and Terraform sets none
  ]);
  const found = [unprotected, openPorts, openRoutes, outsideBoundary, policiesBeforeTheirRules].flatMap((rule) => rule(after));
  expect(found).toEqual([]);
});

test.each(campuses)(
  "$name: who writes stands in a parameter of each region that Terraform leaves alone, and machines ask both",
  ({ name, campus }) => {
    const parameters = resourcesOf(campus, "aws_ssm_parameter").filter(({ body }) => body.name === `/campus/${name}/epoch`);
    expect(parameters.map(({ stack }) => stack).sort()).toEqual([`${name}-north-data`, `${name}-south-data`]);
    for (const { body } of parameters) {
      expect(JSON.parse(body.value)).toEqual({ epoch: 1, writer: "eu-north-1" });
      expect(body.lifecycle.ignore_changes).toEqual(["value"]);
    }
    const roles = resourcesOf(campus, "aws_iam_role_policy").filter(({ path }) => path.includes("/machine-role/learn-who-writes"));
    expect(roles).toHaveLength(2);
    for (const role of roles)
      expect(statementsOf(role).map(({ Action, Resource }) => [list(Action), list(Resource)])).toEqual([
        [["ssm:GetParameter"], ["eu-north-1", "eu-south-1"].map((region) => expect.stringContaining(`ssm:${region}:`))],
      ]);
    const scripts = [...campus.stacks.values()].flatMap(({ locals = {} }) => Object.values(locals)).map(String);
    const machines = scripts.map((script) => script.split("\n")).filter((lines) => lines.includes("CAMPUS_ENV=production"));
    expect(machines.length).toBeGreaterThanOrEqual(2);
    for (const lines of machines) {
      expect(lines).toEqual(expect.arrayContaining([`EPOCH_PARAMETER=/campus/${name}/epoch`, "CAMPUS_REGIONS=eu-north-1,eu-south-1"]));
      expect(lines.filter((line) => line.startsWith("CAMPUS_EPOCH="))).toEqual([]);
    }
  },
);

test("when home is lost, the same stacks run from the state's copy in the other region, locks included", () => {
  const copy = synthesizeCampus({ ...(environments.pilot as Environment), stateFrom: "copy" });
  for (const [id, stack] of copy.stacks) {
    expect(stack.terraform?.backend.s3).toMatchObject({
      bucket: "campus-pilot-global-state-copy-111122223333",
      region: "eu-south-1",
      key: `${id}.tfstate`,
      use_lockfile: true,
    });
  }
  const made = resourcesOf(copy, "aws_s3_bucket").map(({ body }) => body.bucket);
  expect(made).toContain("campus-pilot-global-state-copy-111122223333");
});
