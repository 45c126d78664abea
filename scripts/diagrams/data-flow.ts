import { type Body, type Resource, resourcesOf, type Synthesized } from "../../stacks/rules/synthesized.ts";
import { inStack, isDefined, only, partOf, regionOf, stackName, target } from "./campus.ts";
import type { Arrow, Box, Graph } from "./graph.ts";
import { openingsOf } from "./network.ts";

type Flow = { readonly boxes: Box[]; readonly arrows: Arrow[] };

/** From a person's browser to every place where something is kept, in the region that serves by default. */
export function requestGraph(all: Synthesized): Graph {
  const flow: Flow = { boxes: [{ id: "people", kind: "outside", title: "Browsers, phones, POS" }], arrows: [] };
  addEdge(all, flow);
  addMachines(all, flow);
  addStores(all, flow);
  addMessages(all, flow);
  return { title: `A request, served by ${regionOf("north")}`, ...flow };
}

function addEdge(all: Synthesized, { boxes, arrows }: Flow): void {
  const { body } = only(all, stackName("global", "").replace(/-$/, ""), "aws_cloudfront_distribution");
  boxes.push({ id: "edge", kind: "edge", title: "CloudFront", lines: [...body.aliases, ...(body.web_acl_id ? ["web ACL"] : [])] });
  arrows.push({ from: "people", to: "edge", label: "HTTPS 443" });
  for (const origin of body.origin as Body[]) {
    const group = (body.origin_group as Body[]).find(({ member }) => member.some((one: Body) => one.origin_id === origin.origin_id));
    const paths = pathsTo(body, group?.origin_id ?? origin.origin_id);
    const isSecond = group !== undefined && group.member[0].origin_id !== origin.origin_id;
    for (const { goal, dashed } of goalsOf(all, origin, isSecond)) {
      const isBucket = goal.type === "aws_s3_bucket";
      const where = regionOf(goal.stack.includes("-north-") ? "north" : "south");
      const title = isBucket ? `Bucket ${partOf(goal)}` : "Load balancer";
      boxes.push({ id: idOf(goal), kind: isBucket ? "store" : "edge", title, lines: [where, ...(isBucket ? [] : ["web ACL"])] });
      const label = dashed ? (isBucket ? "on 5xx" : "after the switch") : paths;
      arrows.push({ from: "edge", to: idOf(goal), label, ...(dashed ? { dashed } : {}) });
    }
  }
}

function pathsTo(distribution: Body, originId: string): string {
  const paths = (distribution.ordered_cache_behavior as Body[])
    .filter((one) => one.target_origin_id === originId)
    .map((one) => one.path_pattern);
  if (distribution.default_cache_behavior.target_origin_id === originId) paths.push("/*");
  return paths.length > 1 ? `${paths[0]}, ${paths.length - 1} more` : String(paths[0]);
}

/** A bucket by its address, or the load balancers of both regions behind the name that a person switches. */
function goalsOf(all: Synthesized, origin: Body, isSecond: boolean): { goal: Resource; dashed: boolean }[] {
  const bucket = resourcesOf(all, "aws_s3_bucket").find(({ body }) => origin.domain_name.startsWith(`${body.bucket}.s3.`));
  if (bucket) return [{ goal: bucket, dashed: isSecond }];
  const records = resourcesOf(all, "aws_route53_record");
  return records
    .filter(({ body }) => body.name === origin.domain_name)
    .flatMap(({ body }) => {
      const alias = records.find((record) => record.body.alias && record.body.name === body.records[0]);
      const balancer = alias && target(all, alias, alias.body.alias.name);
      return balancer ? [{ goal: balancer, dashed: body.failover_routing_policy.type !== "PRIMARY" }] : [];
    });
}

function addMachines(all: Synthesized, { boxes, arrows }: Flow): void {
  const stack = stackName("north", "api");
  const [fleet] = inStack(all, stack, "aws_autoscaling_group");
  const template = fleet && target(all, fleet, fleet.body.launch_template.id)?.body;
  const { body: door } = only(all, stack, "aws_lb_target_group");
  const size = `${template?.instance_type} × ${fleet?.body.min_size}–${fleet?.body.max_size}`;
  boxes.push({ id: "machines", kind: "compute", title: "Machines", lines: [size] });
  arrows.push({ from: idOf(only(all, stack, "aws_lb")), to: "machines", label: `${door.protocol} ${door.port}` });
}

function addStores(all: Synthesized, { boxes, arrows }: Flow): void {
  const { body: database } = only(all, stackName("north", "data"), "aws_db_instance");
  const { body: cache } = only(all, stackName("north", "data"), "aws_elasticache_replication_group");
  boxes.push(
    { id: "database", kind: "store", title: `PostgreSQL ${database.engine_version}`, lines: [database.instance_class] },
    { id: "cache", kind: "store", title: `Redis ${cache.engine_version}`, lines: [`${cache.node_type} × ${cache.num_cache_clusters}`] },
  );
  for (const { from, into, ports } of openingsOf(all, "north")) {
    if (from === "app" && (into === "database" || into === "cache")) arrows.push({ from: "machines", to: into, label: `TLS ${ports}` });
  }
  // Of the machines that serve; the migrator's lives for a minute.
  const profile = inStack(all, stackName("north", "api"), "aws_iam_instance_profile").find(({ path }) => path.endsWith("/machine-profile"));
  if (!profile) throw new Error("the diagrams found no profile of the machines; teach scripts/diagrams what to draw.");
  for (const { goal, does } of rightsOf(all, profile)) {
    const id = `${idOf(goal)} behind the machines`;
    boxes.push({ ...boxOf(goal), id });
    arrows.push({ from: "machines", to: id, label: does });
  }
}

/** What a role may do with buckets, queues and topics, and that it reads secrets. */
function rightsOf(all: Synthesized, holder: Resource): { goal: Resource; does: string }[] {
  const policies = inStack(all, holder.stack, "aws_iam_role_policy").filter(({ body }) => body.role === holder.body.role);
  const statements = policies.flatMap((policy) =>
    (JSON.parse(policy.body.policy).Statement as Body[]).flatMap((statement) =>
      [statement.Resource]
        .flat()
        .map((resource: string) => ({ actions: [statement.Action].flat() as string[], goal: goalOf(all, policy, resource) })),
    ),
  );
  const rights = new Map<string, { goal: Resource; does: string }>();
  for (const { actions, goal } of statements) {
    const does = verbs.filter(([action]) => actions.includes(action)).map(([, verb]) => verb);
    if (goal && does.length > 0 && !rights.has(idOf(goal))) rights.set(idOf(goal), { goal, does: does.join(", ") });
  }
  return [...rights.values()];
}

const verbs = [
  ["s3:GetObject", "reads"],
  ["s3:PutObject", "writes"],
  ["sns:Publish", "publishes"],
  ["sqs:SendMessage", "sends"],
  ["sqs:ReceiveMessage", "takes"],
  ["secretsmanager:GetSecretValue", "reads"],
] as const;

function goalOf(all: Synthesized, policy: Resource, reference: string): Resource | undefined {
  const secret = /:secret:(.+)-\?{6}$/.exec(reference)?.[1];
  return secret ? resourcesOf(all, "aws_secretsmanager_secret").find(({ body }) => body.name === secret) : target(all, policy, reference);
}

/** All secrets are one box: what matters is that they come from one place. */
const idOf = ({ type, stack, id }: Resource): string => (type === "aws_secretsmanager_secret" ? "secrets" : `${stack}/${id}`);

function boxOf(resource: Resource): Box {
  const id = idOf(resource);
  if (id === "secrets") return { id, kind: "base", title: "Secrets Manager" };
  if (resource.type === "aws_sns_topic") return { id, kind: "message", title: `Topic ${partOf(resource)}` };
  if (resource.type === "aws_sqs_queue") return { id, kind: "message", title: `Queue ${partOf(resource)}` };
  return { id, kind: "store", title: `Bucket ${partOf(resource)}` };
}

function addMessages(all: Synthesized, { boxes, arrows }: Flow): void {
  for (const subscription of inStack(all, stackName("north", "messaging"), "aws_sns_topic_subscription")) {
    const topic = target(all, subscription, subscription.body.topic_arn);
    const queue = target(all, subscription, subscription.body.endpoint);
    if (!topic || !queue) continue;
    boxes.push(boxOf(queue));
    arrows.push({ from: `${idOf(topic)} behind the machines`, to: idOf(queue), label: "each message" });
  }
}

/** From the database to the answers that people ask for. */
export function analyticsGraph(all: Synthesized): Graph {
  const stack = stackName("north", "analytics");
  const workgroup = only(all, stack, "aws_athena_workgroup");
  const jobs = inStack(all, stack, "aws_glue_job");
  const role = jobs[0] && target(all, jobs[0], jobs[0].body.role_arn);
  const rights = role ? rightsOf(all, { ...role, body: { role: `\${${role.type}.${role.id}.name}` } }) : [];
  const ports = openingsOf(all, "north").find(({ from, into }) => from === "glue" && into === "database")?.ports;
  const written = rights.filter(({ goal, does }) => goal.type === "aws_s3_bucket" && does.includes("writes")).map(({ goal }) => goal);
  const read = rights.filter(({ goal, does }) => goal.type === "aws_s3_bucket" && !does.includes("writes")).map(({ goal }) => goal);
  const answers = target(all, workgroup, workgroup.body.configuration.result_configuration.output_location);
  const box = (one: Resource): Box => boxOf(one);
  return {
    title: `Analytics in ${regionOf("north")}`,
    boxes: [
      { id: "database", kind: "store", title: "PostgreSQL" },
      ...read.map(box),
      { id: "glue", kind: "compute", title: "Glue", lines: jobs.map(partOf) },
      ...written.map(box),
      { id: "athena", kind: "compute", title: "Athena", lines: [`${inStack(all, stack, "aws_athena_named_query").length} saved queries`] },
    ],
    arrows: [
      ...(ports ? [{ from: "database", to: "glue", label: `SQL ${ports}` }] : []),
      ...read.map((one) => ({ from: idOf(one), to: "glue", label: "scripts" })),
      ...written.map((one) => ({ from: "glue", to: idOf(one), label: "tables" })),
      ...(answers ? [{ from: idOf(answers), to: "athena", label: "tables" }] : []),
    ],
  };
}

/** What the other region holds a copy of, so that it can serve. */
export function copiesGraph(all: Synthesized): Graph {
  const copies = [...databaseCopies(all), ...bucketCopies(all), ...backupCopies(all), ...secretCopies(all)];
  return {
    title: `What crosses from ${regionOf("north")} to ${regionOf("south")}`,
    boxes: copies.flatMap(({ id, title, kind }) => [
      { id: `${id} from`, kind, title, lines: [regionOf("north")] },
      { id: `${id} to`, kind, title, lines: [regionOf("south")], rank: 1 },
    ]),
    arrows: copies.map(({ id, label }) => ({ from: `${id} from`, to: `${id} to`, label, dashed: true })),
  };
}

type Copy = { readonly id: string; readonly title: string; readonly kind: Box["kind"]; readonly label: string };

const databaseCopies = (all: Synthesized): Copy[] =>
  resourcesOf(all, "aws_db_instance")
    .filter((one) => target(all, one, one.body.replicate_source_db))
    .map(({ stack, id }) => ({ id: `${stack}/${id}`, title: "PostgreSQL", kind: "store", label: "read replica" }));

const bucketCopies = (all: Synthesized): Copy[] =>
  resourcesOf(all, "aws_s3_bucket_replication_configuration")
    .filter((one) => one.stack === stackName("north", "storage"))
    .map((one) => target(all, one, one.body.bucket))
    .filter(isDefined)
    .map((bucket) => ({ id: idOf(bucket), title: `Bucket ${partOf(bucket)}`, kind: "store", label: "each object" }));

const backupCopies = (all: Synthesized): Copy[] =>
  resourcesOf(all, "aws_backup_plan")
    .filter(({ body }) => (body.rule as Body[]).some(({ copy_action }) => copy_action?.length))
    .map(({ stack, id }) => ({ id: `${stack}/${id}`, title: "Backup vault", kind: "store", label: "each day's snapshot" }));

function secretCopies(all: Synthesized): Copy[] {
  const secrets = resourcesOf(all, "aws_secretsmanager_secret");
  const copied = secrets.filter(({ body }) => body.replica?.length);
  return copied.length === 0
    ? []
    : [{ id: "secrets", title: "Secrets Manager", kind: "base", label: `${copied.length} of ${secrets.length} secrets` }];
}
