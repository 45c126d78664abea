// What the boot script runs last: makes this artifact the one that serves on this machine. Run again it changes nothing.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { parseConfig } from "../platform/config.ts";
import { collectDatabaseAuthorities } from "./authorities.ts";
import { nginxConfig } from "./nginx.ts";
import { apiUnits, drainSeconds, nginxUnit, workerUnits } from "./services.ts";
import { environmentFile, environmentOfHost, hostSettings } from "./settings.ts";
import { writeWhole } from "./write-whole.ts";

const home = path.dirname(import.meta.dirname);
const etc = path.dirname(environmentFile);
const units = "/etc/systemd/system";
const tls = { certificate: path.join(etc, "tls/certificate.pem"), key: path.join(etc, "tls/key.pem") };
const credentials = "/run/credentials/campus-pay-nginx.service";
const port = 8443;

function main(): void {
  const environment = environmentOfHost();
  const { API_PROCESSES, CAMPUS_VERSION, EPOCH_PARAMETER, LIFECYCLE_GROUP, LOG_GROUP_PREFIX } = hostSettings(environment);
  collectDatabaseAuthorities(home);
  parseConfig(environment);
  say(`starting ${CAMPUS_VERSION} with ${API_PROCESSES} processes of the API`);
  installNginx();
  makeCertificate();
  writeWhole(path.join(etc, "nginx.conf"), nginxConfig({ apiProcesses: API_PROCESSES, port, credentials, drainSeconds }));
  cpSync(path.join(home, "host/units"), units, { recursive: true });
  run("systemctl", "daemon-reload");
  // Alone and first: a machine that does not know who may write starts nothing.
  const epoch = EPOCH_PARAMETER === undefined ? [] : ["campus-pay-epoch.service"];
  const services = [
    ...apiUnits(API_PROCESSES),
    ...workerUnits,
    nginxUnit,
    ...(LOG_GROUP_PREFIX === undefined ? [] : ["campus-pay-logs.service"]),
    ...(LIFECYCLE_GROUP === undefined ? [] : ["campus-pay-watch.service"]),
  ];
  run("systemctl", "enable", "--quiet", ...epoch, ...services);
  for (const unit of epoch) run("systemctl", "start", unit);
  run("systemctl", "start", ...services);
  say("started");
  // Waits for the processes; how it ends stands in the journal and with Auto Scaling.
  run("systemctl", "start", "--no-block", "campus-pay-in-service.service");
}

/** Debian's, with the security updates of the day of the launch. */
function installNginx(): void {
  if (existsSync("/usr/sbin/nginx")) return;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const options = { env, stdio: ["ignore", "ignore", "inherit"] as ("ignore" | "inherit")[] };
  execFileSync("apt-get", ["update", "-qq"], options);
  execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "nginx-light"], options);
  // Ours runs as a unit of its own.
  run("systemctl", "disable", "--now", "--quiet", "nginx.service");
}

/** For the load balancer, which encrypts to whatever the machine shows. */
function makeCertificate(): void {
  if (existsSync(tls.key)) return;
  mkdirSync(path.dirname(tls.key), { recursive: true, mode: 0o700 });
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];
  run("openssl", "req", "-x509", ...curve, "-days", "3650", "-subj", "/CN=campus-pay", "-keyout", tls.key, "-out", tls.certificate);
  chmodSync(tls.key, 0o600);
}

function run(program: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args[0]} failed: ${error?.message ?? stderr.trim()}`);
}

const say = (line: string) => process.stdout.write(`campus-pay: ${line}\n`);

try {
  main();
} catch (error) {
  process.stderr.write(`campus-pay: not started: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
