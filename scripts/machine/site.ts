import { execFileSync } from "node:child_process";
import { chownSync, cpSync, mkdirSync } from "node:fs";
import { connect, createServer } from "node:net";
import path from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { type Cluster, startCluster } from "../../app/local/cluster.ts";
import { type LocalRedis, startRedis } from "../../app/local/redis.ts";
import { asSuperuser, createDatabase, createRoles, databaseAccess } from "../../app/local/roles.ts";
import { type LocalSecrets, readOrMakeSecrets } from "../../app/local/secrets.ts";
import { type StandIn, startAws } from "./aws.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";

export const bridge = "campus-try";
export const gateway = "10.99.0.1";
const region = "eu-north-1";
const names = { database: "database.campus.internal", cache: "cache.campus.internal" };
const services = ["artifacts.s3", "secretsmanager", "autoscaling", "logs"].map((service) => `${service}.${region}.amazonaws.com`);

/** What a machine finds around it: PostgreSQL and Redis in TLS, and the few services of AWS that it asks. */
export interface Site {
  readonly aws: StandIn;
  readonly certificates: Certificates;
  readonly hosts: Readonly<Record<string, string>>;
  readonly secrets: LocalSecrets;
  readonly cluster: Cluster;
  readonly ownerUrl: string;
  readonly appUrl: string;
  readonly redis: LocalRedis;
  /** The app's environment, as the boot script writes it. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export async function startSite(folder: string): Promise<Site> {
  execFileSync("ip", ["link", "set", "lo", "up"]);
  execFileSync("ip", ["link", "add", bridge, "type", "bridge"]);
  for (const address of [`${gateway}/24`, "169.254.169.254/32"]) execFileSync("ip", ["addr", "add", address, "dev", bridge]);
  execFileSync("ip", ["link", "set", bridge, "up"]);
  const certificates = makeCertificates(folder, [...Object.values(names), ...services]);
  const aws = await startAws(gateway, certificates);
  const secrets = readOrMakeSecrets(path.join(folder, "secrets.json"));
  const cluster = await startDatabase(folder, secrets, certificates);
  const redis = await startRedis({ password: secrets.redisPassword, logFile: path.join(folder, "redis.log") });
  forward(5432, cluster.port);
  forwardTls(6379, redis.port, certificates);
  const { appUrl, ownerUrl } = databaseAccess(cluster, "campus");
  const values = { ...secrets.app, DATABASE_PASSWORD: secrets.appPassword, REDIS_PASSWORD: secrets.redisPassword };
  for (const [name, value] of Object.entries(values)) aws.secrets.set(`campus-try/${name}`, value);
  return {
    aws,
    certificates,
    secrets,
    cluster,
    redis,
    ownerUrl,
    appUrl,
    hosts: Object.fromEntries([...Object.values(names), ...services].map((name) => [name, gateway])),
    environment: {
      ...environment,
      ...Object.fromEntries(Object.keys(values).map((name) => [`${name}_SECRET_ID`, `campus-try/${name}`])),
    },
    async stop() {
      await Promise.all([cluster.stop(), redis.stop()]);
    },
  };
}

const environment = {
  CAMPUS_ENV: "production",
  CAMPUS_REGION: region,
  CAMPUS_EPOCH: "1",
  API_PROCESSES: "2",
  AWS_REGION: region,
  PUBLIC_URL: "https://pay.campus.example",
  TRUSTED_PROXIES: "3",
  DATABASE_URL: `postgres://campus_app@${names.database}:5432/campus`,
  DATABASE_CA_FILE: "/etc/campus-pay/database-ca.pem",
  REDIS_URL: `rediss://${names.cache}:6379`,
  MENU_IMAGES_BUCKET: "menu-images",
  ANALYTICS_BUCKET: "analytics",
  SMS_PROVIDER: "msg91",
  SMS_ACCOUNT: "otp",
  GATEWAY_KEY_ID: "rzp_test_try",
  RATE_DEVICE_PER_MINUTE: "1000000",
};

/** As RDS has it: TLS for everybody. */
async function startDatabase(folder: string, secrets: LocalSecrets, { certificateFile, keyFile }: Certificates): Promise<Cluster> {
  const tls = path.join(folder, "tls");
  mkdirSync(tls, { mode: 0o755 });
  for (const [from, to] of [
    [certificateFile, "server.pem"],
    [keyFile, "server.key"],
  ] as const) {
    cpSync(from, path.join(tls, to));
    chownSync(path.join(tls, to), 65_534, 65_534);
  }
  const cluster = await startCluster({
    dataFolder: path.join(folder, "postgres"),
    superuserPassword: secrets.superuserPassword,
    durable: false,
    logFile: path.join(folder, "postgres.log"),
    settings: { ssl: "on", ssl_cert_file: path.join(tls, "server.pem"), ssl_key_file: path.join(tls, "server.key") },
  });
  await asSuperuser(cluster, "postgres", async (client) => {
    await createRoles(client, { owner: secrets.ownerPassword, app: secrets.appPassword });
    await createDatabase(client, "campus");
  });
  return cluster;
}

function forward(from: number, to: number): void {
  createServer((socket) => join(socket, connect(to, "127.0.0.1"))).listen(from, gateway);
}

function forwardTls(from: number, to: number, { certificate: cert, key }: Certificates): void {
  createTlsServer({ cert, key }, (socket) => join(socket, connect(to, "127.0.0.1"))).listen(from, gateway);
}

function join(one: import("node:stream").Duplex, other: import("node:stream").Duplex): void {
  one.pipe(other).pipe(one);
  for (const [end, peer] of [
    [one, other],
    [other, one],
  ] as const)
    end.on("error", () => peer.destroy()).on("close", () => peer.destroy());
}
