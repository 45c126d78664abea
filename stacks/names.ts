/** Every name that AWS limits is built and measured here. Lengths are AWS's own. */
const limits = {
  bucket: 63,
  canary: 255,
  database: 63,
  eventRule: 64,
  lambda: 64,
  loadBalancer: 32,
  queue: 80,
  replicationGroup: 40,
  role: 64,
  securityGroup: 255,
  targetGroup: 32,
  topic: 256,
  webAcl: 128,
  other: 128,
} as const;

export type NameKind = keyof typeof limits;

export type Naming = { readonly environment: string; readonly place: string; readonly part: string };

const allowed = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

export function nameOf(kind: NameKind, { environment, place, part }: Naming): string {
  return measured(kind, `campus-${environment}-${place}-${part}`);
}

/** Bucket names are shared by all of AWS: the account number makes ours unlike any other's. */
export function bucketName(naming: Naming, accountId: string): string {
  return measured("bucket", `campus-${naming.environment}-${naming.place}-${naming.part}-${accountId}`);
}

export const secretName = (environment: string, secret: string): string => `campus-${environment}/${secret}`;

/** Where the migrator writes how it went. */
export const migrationParameter = (environment: string): string => `/campus/${environment}/migration`;

/** Where the machine of a restore drill writes what it found. */
export const restoreParameter = (environment: string): string => `/campus/${environment}/restore-drill`;

/** Who may write, and since which failover; the same in both regions. */
export const epochParameter = (environment: string): string => `/campus/${environment}/epoch`;

export const logGroupPrefix = (environment: string): string => `/campus/${environment}`;

export const logGroupName = (environment: string, part: string): string => `${logGroupPrefix(environment)}/${part}`;

function measured(kind: NameKind, name: string): string {
  if (name.includes("${"))
    throw new Error(`the ${kind} name "${name}" holds a Terraform token; build it from plain text, it must be known before the deploy.`);
  if (!allowed.test(name)) {
    throw new Error(
      `the ${kind} name "${name}" may hold only a-z, 0-9 and single hyphens and must begin with a letter; change its part or the environment's name.`,
    );
  }
  if (name.length > limits[kind]) {
    throw new Error(
      `the ${kind} name "${name}" has ${name.length} characters, AWS allows ${limits[kind]}; shorten its part or the environment's name.`,
    );
  }
  return name;
}
