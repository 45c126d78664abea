import { Construct } from "constructs";
import { oneMetric } from "../../dashboards/alarm.ts";
import type { CachePlan } from "../../regions/index.ts";
import {
  ElasticacheParameterGroup,
  ElasticacheReplicationGroup,
  ElasticacheSubnetGroup,
  ElasticacheUser,
  ElasticacheUserGroup,
} from "../aws.ts";
import { Alarm, type Tell } from "./alarm.ts";
import { campusOf } from "./campus-stack.ts";
import type { KeyRef } from "./key.ts";
import type { LogGroup } from "./log-group.ts";
import type { Group } from "./security-group.ts";

export type CacheProps = {
  readonly plan: CachePlan;
  readonly key: KeyRef;
  readonly subnetIds: readonly string[];
  readonly group: Group;
  readonly slowLog: LogGroup;
  readonly engineLog: LogGroup;
  readonly tell: Tell;
};

const versions = { redis: { version: "7.1", family: "redis7" }, valkey: { version: "8.0", family: "valkey8" } } as const;

/** Redis of two nodes or more in different zones, TLS and password. All in it can be rebuilt: it is never the guard of money. */
export class Cache extends Construct {
  readonly group: ElasticacheReplicationGroup;
  private readonly props: CacheProps;

  constructor(scope: Construct, id: string, props: CacheProps) {
    super(scope, id);
    this.props = props;
    if (props.plan.nodes < 2)
      throw new Error(`the cache has ${props.plan.nodes} node(s); automatic failover needs 2 or more (cache.nodes in regions/).`);
    this.group = this.createGroup(this.createUsers());
    this.watch();
  }

  /** ElastiCache names its nodes after the group. */
  get nodes(): readonly string[] {
    const name = campusOf(this).name("replicationGroup", "redis");
    return Array.from({ length: this.props.plan.nodes }, (_, index) => `${name}-${String(index + 1).padStart(3, "0")}`);
  }

  private watch(): void {
    const { tell } = this.props;
    const metric = (name: string, node: string, statistic: "Maximum" | "Minimum" | "Sum") =>
      ({ namespace: "AWS/ElastiCache", name, dimensions: { CacheClusterId: node }, statistic }) as const;
    const common = {
      runbook: "redis-failover-or-evictions.md",
      when: "above",
      threshold: 0,
      periods: 1,
      silence: "notBreaching",
      tell,
    } as const;
    this.nodes.forEach((node, index) => {
      new Alarm(this, `redis-evictions-${index + 1}`, {
        ...common,
        severity: "page",
        says: `Node ${index + 1} of Redis throws keys out for want of memory.`,
        watched: oneMetric({ ...metric("Evictions", node, "Sum"), periodSeconds: 300 }),
      });
    });
    // The first node was the primary in a part of the time, and was none in another.
    const [first = ""] = this.nodes;
    new Alarm(this, "redis-failover", {
      ...common,
      severity: "ticket",
      says: "The primary node of Redis changed.",
      watched: {
        of: { most: metric("IsMaster", first, "Maximum"), least: metric("IsMaster", first, "Minimum") },
        expression: "most - least",
        periodSeconds: 900,
      },
    });
  }

  get endpoint(): string {
    return this.group.primaryEndpointAddress;
  }

  /**
   * The provider has no write-only argument for a Redis password, so it never knows one: the user is born switched off, and the
   * secrets procedure gives it a password and switches it on (`elasticache modify-user`). Two passwords can be valid at once.
   */
  private createUsers(): ElasticacheUserGroup {
    const { engine } = this.props.plan;
    const name = campusOf(this).name("replicationGroup", "redis");
    const user = new ElasticacheUser(this, "user", {
      userId: name,
      userName: "default",
      engine,
      accessString: "off -@all",
      noPasswordRequired: true,
      lifecycle: { ignoreChanges: ["access_string", "passwords", "no_password_required", "authentication_mode"] },
    });
    return new ElasticacheUserGroup(this, "users", {
      userGroupId: `${name}-${engine}`, // another engine is another group, as for the parameters below
      engine,
      userIds: [user.userId],
      lifecycle: { createBeforeDestroy: true },
    });
  }

  private createGroup(users: ElasticacheUserGroup): ElasticacheReplicationGroup {
    const { plan, key, group } = this.props;
    const { version, family } = versions[plan.engine];
    const name = campusOf(this).name("replicationGroup", "redis");
    const subnets = new ElasticacheSubnetGroup(this, "subnets", {
      name,
      description: "the data tier",
      subnetIds: [...this.props.subnetIds],
    });
    const parameters = new ElasticacheParameterGroup(this, "parameters", {
      name: `${name}-${family}`,
      family,
      description: "every key has an expiry; the oldest go first when memory ends",
      parameter: [{ name: "maxmemory-policy", value: "volatile-ttl" }],
      lifecycle: { createBeforeDestroy: true },
    });
    return new ElasticacheReplicationGroup(this, "group", {
      replicationGroupId: name,
      description: "sessions, limits, menus and messages between processes",
      engine: plan.engine,
      engineVersion: version,
      nodeType: plan.nodeType,
      numCacheClusters: plan.nodes,
      port: 6379,
      parameterGroupName: parameters.name,
      subnetGroupName: subnets.name,
      securityGroupIds: [group.id],
      userGroupIds: [users.userGroupId],
      atRestEncryptionEnabled: "true",
      kmsKeyId: key.arn,
      transitEncryptionEnabled: true,
      automaticFailoverEnabled: true,
      multiAzEnabled: true,
      snapshotRetentionLimit: 1,
      snapshotWindow: "03:00-04:00",
      maintenanceWindow: "sun:04:30-sun:05:30",
      applyImmediately: false,
      logDeliveryConfiguration: [this.logTo(this.props.slowLog, "slow-log"), this.logTo(this.props.engineLog, "engine-log")],
    });
  }

  private logTo(logs: LogGroup, logType: string) {
    return { destination: logs.name, destinationType: "cloudwatch-logs", logFormat: "json", logType };
  }
}
