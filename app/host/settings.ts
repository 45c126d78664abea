import { readFileSync } from "node:fs";
import { z } from "zod";

export const environmentFile = "/etc/campus-pay/environment";

/** Which region may write since the last failover (epoch.ts); systemd reads it after the environment. None where there is no AWS. */
export const epochFile = "/etc/campus-pay/epoch";

/** What a machine needs to know beside the app's own configuration. It stands in the same file. */
const settings = z.object({
  API_PROCESSES: z.coerce.number().int().min(1).max(9),
  CAMPUS_VERSION: z.string().min(1),
  AWS_REGION: z.string().default("eu-north-1"),
  /** The Auto Scaling group and its hook that waits until this machine can serve; none where there is no AWS. */
  LIFECYCLE_GROUP: z.string().optional(),
  LIFECYCLE_HOOK: z.string().optional(),
  /** Where the journal goes: /campus/NAME; none where there is no AWS. */
  LOG_GROUP_PREFIX: z.string().optional(),
  /** Where SSM says who may write, and in which regions to ask; none where there is one region. */
  EPOCH_PARAMETER: z.string().optional(),
  CAMPUS_REGIONS: z
    .string()
    .default("")
    .transform((text) => text.split(",").filter((region) => region !== "")),
});

export type HostSettings = z.output<typeof settings>;

/** The lines NAME=value of systemd's EnvironmentFile. */
export function readEnvironment(text: string): Record<string, string> {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

export const environmentOfHost = (): Record<string, string> => readEnvironment(readFileSync(environmentFile, "utf8"));

const forMigrator = z.object({
  CAMPUS_VERSION: z.string().min(1),
  AWS_REGION: z.string().min(1),
  DATABASE_URL: z.string().startsWith("postgres://campus_app@"),
  DATABASE_MASTER_USER: z.string().min(1),
  DATABASE_MASTER_SECRET_ID: z.string().min(1),
  MIGRATION_DATABASE_PASSWORD_SECRET_ID: z.string().min(1),
  DATABASE_PASSWORD_SECRET_ID: z.string().min(1),
  ANALYTICS_DATABASE_SECRET_ID: z.string().min(1),
  /** Where the outcome is written for the operator. */
  MIGRATION_PARAMETER: z.string().min(1),
});

export const migratorSettings = (environment: Environment) => parse(forMigrator, environment);

export const hostSettings = (environment: Environment): HostSettings => parse(settings, environment);

type Environment = Readonly<Record<string, string>>;

function parse<S extends z.ZodType>(schema: S, environment: Environment): z.output<S> {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  throw new Error(`${environmentFile}: ${parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")}`);
}
