import type { Construct } from "constructs";
import { capabilities, type Environment, type RegionPlan } from "../regions/index.ts";
import {
  DataAwsEc2ManagedPrefixList,
  DefaultSecurityGroup,
  Eip,
  FlowLog,
  InternetGateway,
  NatGateway,
  Route,
  RouteTable,
  RouteTableAssociation,
  Subnet,
  Vpc,
  VpcEndpoint,
} from "./aws.ts";
import { subnetCidrs } from "./cidr.ts";
import { CampusStack } from "./constructs/campus-stack.ts";
import type { KeyRef } from "./constructs/key.ts";
import { LogGroup } from "./constructs/log-group.ts";
import { Role } from "./constructs/role.ts";
import { Group } from "./constructs/security-group.ts";
import { logGroupName } from "./names.ts";

export const ports = { https: 443, app: 8443, postgres: 5432, redis: 6379 } as const;

export type NetworkStackProps = { readonly environment: Environment; readonly plan: RegionPlan; readonly logsKey: KeyRef };

type Tier = "public" | "app" | "data";

/** Three tiers over three zones; the load balancer talks to the app, the app to the database and Redis, and nothing else. */
export class NetworkStack extends CampusStack {
  readonly vpc: Vpc;
  readonly subnets: Readonly<Record<Tier, readonly Subnet[]>>;
  readonly groups: { readonly loadBalancer: Group; readonly app: Group; readonly database: Group; readonly cache: Group };
  /** Of the private doors to AWS. Whoever stands in the network resolves AWS's names to them, so each group must be let in. */
  readonly endpoints: Group | undefined;
  private readonly plan: RegionPlan;

  constructor(scope: Construct, props: NetworkStackProps) {
    super(scope, { ...props, part: "network" });
    this.plan = props.plan;
    this.vpc = this.createVpc();
    this.subnets = this.createSubnets();
    const gateway = new InternetGateway(this, "internet", { vpcId: this.vpc.id, tags: { Name: this.name("other", "internet") } });
    const publicRoutes = this.routeTable("public", "public", this.subnets.public);
    new Route(this, "public-out", { routeTableId: publicRoutes.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.id });
    const appRoutes = this.routeAppThroughNat(gateway);
    const dataRoutes = this.routeTable("data", "data", this.subnets.data);
    this.reachS3Directly([...appRoutes, dataRoutes]);
    this.groups = this.decideWhoReachesWhom();
    this.endpoints = this.createInterfaceEndpoints();
    this.recordFlows(props.logsKey);
  }

  private createVpc(): Vpc {
    const vpc = new Vpc(this, "vpc", {
      cidrBlock: this.plan.network.cidr,
      enableDnsSupport: true,
      enableDnsHostnames: true,
      tags: { Name: this.name("other", "vpc") },
    });
    // AWS makes this group with everything open among its members; taken over with no rule at all.
    new DefaultSecurityGroup(this, "default-group-closed", { vpcId: vpc.id });
    return vpc;
  }

  private createSubnets(): Record<Tier, readonly Subnet[]> {
    const cidrs = subnetCidrs(this.plan.network.cidr);
    const { zones } = capabilities[this.plan.region];
    const tier = (name: Tier) =>
      zones.map(
        (zone, index) =>
          new Subnet(this, `${name}-${index + 1}`, {
            vpcId: this.vpc.id,
            cidrBlock: cidrs[name][index] as string,
            availabilityZone: zone,
            mapPublicIpOnLaunch: false,
            tags: { Name: this.name("other", `${name}-${index + 1}`), Tier: name },
          }),
      );
    return { public: tier("public"), app: tier("app"), data: tier("data") };
  }

  private routeAppThroughNat(gateway: InternetGateway): RouteTable[] {
    const count = this.plan.network.nat === "one" ? 1 : this.subnets.public.length;
    const gateways = this.subnets.public.slice(0, count).map((subnet, index) => {
      const address = new Eip(this, `nat-address-${index + 1}`, {
        domain: "vpc",
        dependsOn: [gateway],
        tags: { Name: this.name("other", `nat-${index + 1}`) },
      });
      const tags = { Name: this.name("other", `nat-${index + 1}`) };
      return new NatGateway(this, `nat-${index + 1}`, { allocationId: address.id, subnetId: subnet.id, dependsOn: [gateway], tags });
    });
    return this.subnets.app.map((subnet, index) => {
      const table = this.routeTable(`app-${index + 1}`, "app", [subnet]);
      const nat = gateways[index % gateways.length] as NatGateway;
      new Route(this, `app-out-${index + 1}`, { routeTableId: table.id, destinationCidrBlock: "0.0.0.0/0", natGatewayId: nat.id });
      return table;
    });
  }

  private routeTable(id: string, tier: Tier, subnets: readonly Subnet[]): RouteTable {
    const table = new RouteTable(this, `routes-${id}`, { vpcId: this.vpc.id, tags: { Name: this.name("other", id), Tier: tier } });
    subnets.forEach((subnet, index) => {
      new RouteTableAssociation(this, `routes-${id}-${index + 1}`, { routeTableId: table.id, subnetId: subnet.id });
    });
    return table;
  }

  /** Free of charge, and keeps artifacts, images and logs off the NAT gateway, which bills by the gigabyte. */
  private reachS3Directly(tables: readonly RouteTable[]): void {
    new VpcEndpoint(this, "s3", {
      vpcId: this.vpc.id,
      serviceName: `com.amazonaws.${this.region}.s3`,
      vpcEndpointType: "Gateway",
      routeTableIds: tables.map((table) => table.id),
      tags: { Name: this.name("other", "s3") },
    });
  }

  private decideWhoReachesWhom() {
    const group = (part: string, purpose: string) => new Group(this, `group-${part}`, { part, purpose, vpcId: this.vpc.id });
    const loadBalancer = group("load-balancer", "the load balancer: CloudFront in, app out");
    const app = group("app", "machines of the API: load balancer in; database, Redis and HTTPS out");
    const database = group("database", "PostgreSQL: only the groups that are named");
    const cache = group("cache", "Redis: only the groups that are named");
    const cloudFront = new DataAwsEc2ManagedPrefixList(this, "cloudfront", { name: "com.amazonaws.global.cloudfront.origin-facing" });
    loadBalancer.allowFromPrefixList(cloudFront.id, ports.https, "CloudFront to load-balancer: every request of users");
    app.allowFrom(loadBalancer, ports.app, "requests, in TLS");
    database.allowFrom(app, ports.postgres, "SQL");
    cache.allowFrom(app, ports.redis, "Redis");
    app.allowHttpsOut("app to the world: AWS, FCM, payment gateway and SMS provider");
    return { loadBalancer, app, database, cache };
  }

  private createInterfaceEndpoints(): Group | undefined {
    const services = this.plan.network.interfaceEndpoints;
    if (services.length === 0) return undefined;
    const group = new Group(this, "group-endpoints", { part: "endpoints", purpose: "private doors to AWS services", vpcId: this.vpc.id });
    group.allowFrom(this.groups.app, ports.https, "AWS services without the NAT gateway");
    for (const service of services) {
      new VpcEndpoint(this, `endpoint-${service}`, {
        vpcId: this.vpc.id,
        serviceName: `com.amazonaws.${this.region}.${service}`,
        vpcEndpointType: "Interface",
        privateDnsEnabled: true,
        subnetIds: this.subnets.app.map((subnet) => subnet.id),
        securityGroupIds: [group.id],
        tags: { Name: this.name("other", service) },
      });
    }
    return group;
  }

  private recordFlows(key: KeyRef): void {
    const group = new LogGroup(this, "flow-log-group", {
      name: logGroupName(this.environment.name, "flows"),
      retentionDays: this.plan.logs.retentionDays,
      key,
    });
    const role = new Role(this, "flow-log-role", {
      part: "flow-logs",
      purpose: "writes who talked to whom in the network",
      trust: { service: "vpc-flow-logs.amazonaws.com" },
    });
    role.allow("write-flows", [
      {
        sid: "WriteFlows",
        actions: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        resources: [group.arn, `${group.arn}:*`],
      },
    ]);
    new FlowLog(this, "flows", {
      vpcId: this.vpc.id,
      trafficType: "ALL",
      logDestinationType: "cloud-watch-logs",
      logDestination: group.arn,
      iamRoleArn: role.arn,
      maxAggregationInterval: 60,
    });
  }
}
