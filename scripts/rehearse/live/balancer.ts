import type { ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Ask } from "./ask.ts";
import { standing } from "./standing.ts";
import { until } from "./telling.ts";
import { isListening, listensWithinMs } from "./wires.ts";

type Action = {
  readonly Type: string;
  readonly TargetGroupArn?: string;
  readonly ForwardConfig?: { readonly TargetGroups: readonly { readonly TargetGroupArn: string; readonly Weight?: number }[] };
  readonly FixedResponseConfig?: { readonly StatusCode: string; readonly ContentType?: string; readonly MessageBody?: string };
  readonly RedirectConfig?: { readonly StatusCode: string };
};

type Condition = {
  readonly Field: string;
  readonly PathPatternConfig?: { readonly Values: readonly string[] };
  readonly HostHeaderConfig?: { readonly Values: readonly string[] };
  readonly HttpHeaderConfig?: { readonly HttpHeaderName: string; readonly Values: readonly string[] };
};

type Rule = { readonly Priority: string; readonly Conditions: readonly Condition[]; readonly Actions: readonly Action[] };

export type TargetGroup = {
  readonly TargetGroupArn: string;
  readonly TargetGroupName: string;
  readonly Port: number;
  readonly Protocol: string;
  readonly HealthCheckPath: string;
  readonly HealthCheckProtocol: string;
  readonly HealthCheckIntervalSeconds: number;
  readonly HealthCheckTimeoutSeconds: number;
  readonly HealthyThresholdCount: number;
  readonly UnhealthyThresholdCount: number;
  readonly Matcher: { readonly HttpCode: string };
};

export type Listener = { readonly Port: number; readonly Protocol: string; readonly rules: readonly Rule[] };
export type Target = { readonly id: string; readonly address: string };
export type Balancing = {
  readonly listeners: readonly Listener[];
  readonly groups: readonly (TargetGroup & { readonly targets: readonly Target[] })[];
};

/** A region's load balancer as the world has it; a target whose address is not known does not run yet. */
export const readBalancing = async (
  ask: Ask,
  region: string,
  addressOf: (instanceId: string) => string | undefined,
): Promise<Balancing> => {
  const elb = <T>(operation: string, args = {}) => ask<T>("elbv2", region, operation, args);
  const { LoadBalancers } = await elb<{ LoadBalancers: { LoadBalancerArn: string }[] }>("describe_load_balancers");
  const listeners: Listener[] = [];
  for (const { LoadBalancerArn } of LoadBalancers) {
    const { Listeners } = await elb<{ Listeners: { ListenerArn: string; Port: number; Protocol: string }[] }>("describe_listeners", {
      LoadBalancerArn,
    });
    for (const { ListenerArn, Port, Protocol } of Listeners)
      listeners.push({ Port, Protocol, rules: (await elb<{ Rules: Rule[] }>("describe_rules", { ListenerArn })).Rules });
  }
  const { TargetGroups } = await elb<{ TargetGroups: TargetGroup[] }>("describe_target_groups");
  const groups = [];
  for (const group of TargetGroups) {
    const { TargetHealthDescriptions } = await elb<{ TargetHealthDescriptions: { Target: { Id: string } }[] }>("describe_target_health", {
      TargetGroupArn: group.TargetGroupArn,
    });
    const targets = TargetHealthDescriptions.flatMap(({ Target: { Id: id } }) => {
      const address = addressOf(id);
      return address ? [{ id, address }] : [];
    });
    groups.push({ ...group, targets: targets.sort((one, other) => one.id.localeCompare(other.id)) });
  }
  return { listeners, groups };
};

const glob = (pattern: string) =>
  `^${pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".")}$`;

const fetchOf = ({ Field, HttpHeaderConfig }: Condition): string => {
  if (Field === "path-pattern") return "path";
  if (Field === "host-header") return "req.hdr(host),field(1,:),lower";
  if (Field === "http-header") return `req.hdr(${HttpHeaderConfig?.HttpHeaderName})`;
  throw new Error(`the load balancer of the rehearsal knows no condition on ${Field}`);
};

const valuesOf = (condition: Condition): readonly string[] =>
  (condition.PathPatternConfig ?? condition.HostHeaderConfig ?? condition.HttpHeaderConfig)?.Values ?? [];

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** What a rule does if its conditions hold. Of weights w1, w2 … the first is taken w1 times of all, the next w2 times of the rest. */
const actionLines = (action: Action, when: string, nameOf: (arn: string) => string): readonly string[] => {
  const condition = when === "" ? "" : ` if ${when}`;
  if (action.Type === "fixed-response") {
    const { StatusCode = "404", ContentType = "text/plain", MessageBody = "" } = action.FixedResponseConfig ?? {};
    return [`http-request return status ${StatusCode} content-type ${ContentType} string ${quoted(MessageBody)}${condition}`];
  }
  if (action.Type === "redirect") return [`http-request redirect scheme https code 301${condition}`];
  const groups = action.ForwardConfig?.TargetGroups ?? [{ TargetGroupArn: action.TargetGroupArn ?? "", Weight: 1 }];
  let left = groups.reduce((sum, { Weight = 1 }) => sum + Weight, 0);
  return groups.flatMap(({ TargetGroupArn, Weight = 1 }) => {
    const share = Weight >= left ? "" : ` { rand(${left}) lt ${Weight} }`;
    left -= Weight;
    return Weight === 0 ? [] : [`use_backend ${nameOf(TargetGroupArn)}${when || share ? ` if ${when}${share}` : ""}`];
  });
};

const frontend = (listener: Listener, address: string, certificate: string, nameOf: (arn: string) => string): readonly string[] => {
  const inOrder = [...listener.rules].sort((one, other) => rank(one) - rank(other));
  const answers: string[] = [];
  const forwards: string[] = [];
  const acls: string[] = [];
  for (const { Priority, Conditions, Actions } of inOrder) {
    const names = Conditions.map((condition, index) => {
      const name = `rule${Priority}_${index}`;
      for (const value of valuesOf(condition)) acls.push(`acl ${name} ${fetchOf(condition)} -m reg ${quoted(glob(value))}`);
      return name;
    });
    const lines = Actions.flatMap((action) => actionLines(action, names.join(" "), nameOf));
    for (const line of lines) (line.startsWith("use_backend") ? forwards : answers).push(line);
  }
  // HAProxy answers before it forwards, so an answer for everybody else must say who else is.
  const forwarded = inOrder.filter(({ Actions }) => Actions.some(({ Type }) => Type === "forward"));
  const marks = forwarded.map(
    ({ Priority, Conditions }) =>
      `http-request set-var(txn.forwarded) bool(true) if ${Conditions.map((_, index) => `rule${Priority}_${index}`).join(" ")}`,
  );
  const tls = listener.Protocol === "HTTPS" ? ` ssl crt ${certificate}` : "";
  return [
    `frontend port${listener.Port}`,
    ...[
      `bind ${address}:${listener.Port}${tls}`,
      "option forwardfor",
      `http-request set-header X-Forwarded-Proto ${listener.Protocol.toLowerCase()}`,
      `http-request set-header X-Forwarded-Port ${listener.Port}`,
      ...acls,
      ...marks,
      ...answers.map((line) => (line.includes(" if ") ? line : `${line} if !{ var(txn.forwarded) -m found }`)),
      ...forwards,
    ].map((line) => `  ${line}`),
  ];
};

const rank = ({ Priority }: Rule) => (Priority === "default" ? Number.POSITIVE_INFINITY : Number(Priority));

const backend = (group: Balancing["groups"][number]): readonly string[] => {
  const tls = group.Protocol === "HTTPS" ? "ssl verify none" : "";
  return [
    `backend ${group.TargetGroupName}`,
    ...["balance leastconn", ...group.targets.map(({ id, address }) => `server ${id} ${address}:${group.Port} ${tls}`)].map(
      (line) => `  ${line}`,
    ),
  ];
};

/** What the rules send requests to: the healthy targets of each group, and all of them where none is, as AWS does. */
export const onlyHealthy = (balancing: Balancing, isHealthy: (group: TargetGroup, id: string) => boolean): Balancing => ({
  ...balancing,
  groups: balancing.groups.map((group) => {
    const healthy = group.targets.filter(({ id }) => isHealthy(group, id));
    return { ...group, targets: healthy.length > 0 ? healthy : group.targets };
  }),
});

export const haproxyConfig = (balancing: Balancing, address: string, certificate: string, socket: string): string => {
  const names = new Map(balancing.groups.map((group) => [group.TargetGroupArn, group.TargetGroupName]));
  const nameOf = (arn: string): string => {
    const name = names.get(arn);
    if (!name) throw new Error(`a rule forwards to ${arn}, and there is no such target group.`);
    return name;
  };
  return `${[
    "global",
    `  stats socket ${socket} level admin expose-fd listeners`,
    // What is under way when the targets change is finished, for as long as a target drains.
    "  hard-stop-after 45s",
    "  tune.ssl.default-dh-param 2048",
    "defaults",
    "  mode http",
    // A request that reaches no target is not sent to another one: the client gets 503 and decides.
    "  retries 0",
    "  option idle-close-on-response",
    "  timeout connect 10s",
    "  timeout client 60s",
    "  timeout server 60s",
    "  timeout tunnel 60s",
    "  timeout http-keep-alive 60s",
    ...balancing.listeners.flatMap((listener) => frontend(listener, address, certificate, nameOf)),
    ...balancing.groups.flatMap(backend),
  ].join("\n")}\n`;
};

/** HAProxy with the given configuration, taken anew when it changes. */
export class Balancer {
  private readonly file: string;
  private readonly socket: string;
  private readonly address: string;
  private readonly certificate: string;
  private current = "";
  private child: ChildProcess | undefined;

  constructor(folder: string, name: string, address: string, certificate: string) {
    this.file = join(folder, `${name}.haproxy`);
    this.socket = join(folder, `${name}.sock`);
    this.address = address;
    this.certificate = certificate;
  }

  async follow(balancing: Balancing): Promise<void> {
    const config = haproxyConfig(balancing, this.address, this.certificate, this.socket);
    if (config === this.current) return;
    this.current = config;
    writeFileSync(this.file, config);
    if (this.child) this.child.kill("SIGUSR2");
    else {
      this.child = standing("haproxy", ["-W", "-db", "-q", "-f", this.file]);
      // Before it is up, the signal to read its file anew would end it.
      await until("the load balancer listens", listensWithinMs, () => isListening({ path: this.socket }));
    }
  }
}
