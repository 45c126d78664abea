import { spawn } from "node:child_process";
import { request as ask, createServer, type Server } from "node:http";
import path from "node:path";
import { AutoScalingClient, CreateAutoScalingGroupCommand } from "@aws-sdk/client-auto-scaling";
import { CreateLaunchTemplateCommand, DescribeSubnetsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { CreateDBInstanceCommand, CreateDBInstanceReadReplicaCommand, DescribeDBInstancesCommand, RDSClient } from "@aws-sdk/client-rds";
import { CreateHealthCheckCommand, ListHealthChecksCommand, Route53Client } from "@aws-sdk/client-route-53";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { type Epoch, readEpoch } from "../../app/host/epoch.ts";
import { listenLocally } from "../../app/local/ports.ts";
import { startS3World } from "../../app/testing/s3-world.ts";

const regions = { north: "eu-north-1", south: "eu-south-1" } as const;
const epochName = "/campus/pilot/epoch";

export interface Ended {
  readonly code: number;
  readonly said: string;
}

/** A pilot in an AWS on loopback: what a failover touches, and a public address that answers as the world's state says it would. */
export interface PilotWorld {
  readonly endpoint: string;
  readonly rds: (region: string) => RDSClient;
  readonly databases: (region: string) => Promise<readonly { readonly name: string; readonly follows: boolean }[]>;
  readonly autoScaling: (region: string) => AutoScalingClient;
  readonly epochOf: (region: string) => Promise<Epoch | undefined>;
  readonly isInverted: () => Promise<boolean>;
  /** Runs one of the commands as an operator types it; stopped by Ctrl-C when it says this. */
  readonly run: (script: string, args: readonly string[], stopAt?: RegExp) => Promise<Ended>;
  /** No call of a command reaches AWS in this region any more; undefined: in both again. */
  readonly lose: (region: string | undefined) => void;
  readonly url: string;
  readonly stop: () => void;
}

export async function startPilotWorld(): Promise<PilotWorld | undefined> {
  const world = await startS3World();
  if (!world) return undefined;
  const endpoint = world.env.S3_URL;
  const at = (region: string) => ({ region, endpoint });
  const rds = (region: string) => new RDSClient(at(region));
  const autoScaling = (region: string) => new AutoScalingClient(at(region));
  const ssm = (region: string) => new SSMClient(at(region));
  const route53 = new Route53Client(at("us-east-1"));
  await standUp(at);
  const isInverted = async () =>
    (await route53.send(new ListHealthChecksCommand({}))).HealthChecks?.[0]?.HealthCheckConfig?.Inverted === true;
  const databases = async (region: string) =>
    ((await rds(region).send(new DescribeDBInstancesCommand({}))).DBInstances ?? [])
      .map((one) => ({
        name: one.DBInstanceIdentifier ?? "",
        follows: one.ReadReplicaSourceDBInstanceIdentifier !== undefined,
      }))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const health = async () => {
    const [place, region] = (await isInverted()) ? (["south", regions.south] as const) : (["north", regions.north] as const);
    const told = await readEpoch(Object.values(regions).map(ssm), epochName);
    const database = (await databases(region)).find(({ name }) => name === `campus-pilot-${place}-main`);
    const writes = told?.writer === region && database?.follows === false;
    return { region, database: writes ? "connected" : "read_only", replica: "ok" };
  };
  const server = createServer((request, response) => {
    void health().then((said) => {
      const isReady = said.database === "connected";
      response.writeHead(request.url === "/ready" && !isReady ? 503 : 200).end(JSON.stringify(said));
    });
  });
  const wire = await startWire(endpoint);
  const url = await listen(server);
  return {
    endpoint,
    rds,
    databases,
    autoScaling,
    epochOf: (region) => readEpoch([ssm(region)], epochName),
    isInverted,
    run: (script, args, stopAt) => runScript(script, args, wire.url, stopAt),
    lose: wire.lose,
    url,
    stop: () => {
      for (const one of [server, wire.server]) {
        one.closeAllConnections();
        one.close();
      }
      world.stop();
    },
  };
}

const listen = async (server: Server): Promise<string> => `http://127.0.0.1:${await listenLocally(server)}`;

/** Between a command and the world: cuts what is signed for a region that is lost. */
async function startWire(endpoint: string) {
  let lost: string | undefined;
  const server = createServer((incoming, answer) => {
    if (lost && incoming.headers.authorization?.includes(`/${lost}/`)) return void incoming.socket.destroy();
    const { method = "GET", headers, url = "/" } = incoming;
    const onward = ask(new URL(url, endpoint), { method, headers }, (said) => {
      answer.writeHead(said.statusCode ?? 502, said.headers);
      said.pipe(answer);
    });
    incoming.pipe(onward);
  });
  return {
    server,
    url: await listen(server),
    lose: (region: string | undefined) => {
      lost = region;
    },
  };
}

function runScript(script: string, args: readonly string[], endpoint: string, stopAt?: RegExp): Promise<Ended> {
  const { CAMPUS_USERNAME: _, ...inherited } = process.env;
  const file = path.join(import.meta.dirname, `../${script}.ts`);
  const child = spawn(process.execPath, [file, ...args], {
    env: { ...inherited, AWS_ENDPOINT_URL: endpoint },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  let isStopped = false;
  const hear = (part: Buffer) => {
    said += part;
    if (isStopped || !stopAt?.test(said)) return;
    isStopped = child.kill("SIGINT");
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  return new Promise((resolve) => child.on("close", (code) => resolve({ code: code ?? 130, said })));
}

type At = (region: string) => { readonly region: string; readonly endpoint: string };

async function standUp(at: At): Promise<void> {
  const source = await new RDSClient(at(regions.north)).send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier: "campus-pilot-north-main",
      DBInstanceClass: "db.t4g.small",
      Engine: "postgres",
      AllocatedStorage: 30,
      MasterUsername: "campus_master",
      MasterUserPassword: "not-a-secret",
      StorageEncrypted: true,
      BackupRetentionPeriod: 7,
    }),
  );
  await new RDSClient(at(regions.south)).send(
    new CreateDBInstanceReadReplicaCommand({
      DBInstanceIdentifier: "campus-pilot-south-main",
      SourceDBInstanceIdentifier: source.DBInstance?.DBInstanceArn,
      StorageEncrypted: true,
    } as never),
  );
  await standUpFleet(at, regions.north, "campus-pilot-north-blue", 2);
  await standUpFleet(at, regions.south, "campus-pilot-south-blue", 1);
  for (const region of Object.values(regions))
    await new SSMClient(at(region)).send(
      new PutParameterCommand({ Name: epochName, Value: JSON.stringify({ epoch: 1, writer: regions.north }), Type: "String" }),
    );
  await new Route53Client(at("us-east-1")).send(
    new CreateHealthCheckCommand({
      CallerReference: "pilot",
      HealthCheckConfig: {
        Type: "HTTPS",
        FullyQualifiedDomainName: "north.origin.pilot.pay.campus.example",
        Port: 443,
        ResourcePath: "/ready",
        Disabled: true,
        Inverted: false,
      },
    }),
  );
}

async function standUpFleet(at: At, region: string, name: string, machines: number): Promise<void> {
  const ec2 = new EC2Client(at(region));
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: name,
      LaunchTemplateData: { ImageId: "ami-12c6146b", InstanceType: "t4g.small" },
    }),
  );
  await new AutoScalingClient(at(region)).send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: name,
      MinSize: machines,
      MaxSize: 4,
      DesiredCapacity: machines,
      LaunchTemplate: { LaunchTemplateName: name, Version: "$Latest" },
      VPCZoneIdentifier: Subnets[0]?.SubnetId,
    }),
  );
}
