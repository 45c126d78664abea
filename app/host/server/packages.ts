import { PlainError } from "../../local/plain-error.ts";
import { run, succeeds } from "./run.ts";

export const postgresMajor = 18;
export const postgresPrograms = `/usr/lib/postgresql/${postgresMajor}/bin`;
const postgres = `postgresql-${postgresMajor}`;
const pgdgScript = "/usr/share/postgresql-common/pgdg/apt.postgresql.org.sh";
const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" };

const aptGet = (...words: readonly string[]) => run("apt-get", ["-y", "-qq", "-o", "DPkg::Lock::Timeout=120", ...words], { env });

const isInstalled = (name: string) =>
  succeeds("sh", "-c", `dpkg-query --show --showformat='\${db:Status-Status}' ${name} | grep -qx installed`);
const isOffered = (name: string) => /Candidate: \d/.test(run("apt-cache", ["policy", name], { env }));

export const packagesFor = (certificate: string): readonly string[] => [
  postgres,
  "redis-server",
  "nginx-light",
  "openssl",
  "ca-certificates",
  ...(certificate === "letsencrypt" ? ["certbot"] : []),
];

export const missingPackages = (certificate: string): readonly string[] => packagesFor(certificate).filter((name) => !isInstalled(name));

/** Debian's own, with the security updates of the day; PostgreSQL 18 from its developers where this Debian has an older one. */
export function installPackages(certificate: string): void {
  const missing = missingPackages(certificate);
  if (missing.length === 0) return;
  // Old lists may do; where they do not, the installation below says what is missing.
  succeeds("apt-get", "-qq", "update");
  if (missing.includes(postgres) && !isOffered(postgres)) addPostgresArchive();
  const hadNginx = isInstalled("nginx-light");
  aptGet("install", "--no-install-recommends", ...missing);
  // Debian's nginx would keep port 80; ours runs as a unit of its own. One that was here before us is somebody's.
  if (!hadNginx) run("systemctl", ["disable", "--now", "--quiet", "nginx.service"]);
}

function addPostgresArchive(): void {
  aptGet("install", "--no-install-recommends", "postgresql-common", "ca-certificates");
  run(pgdgScript, ["-y"], { env });
  if (isOffered(postgres)) return;
  throw new PlainError(
    `There is no package ${postgres} for this Debian: the archive of PostgreSQL's developers could not be added. Debian 12 or newer and a way to it are needed.`,
  );
}
