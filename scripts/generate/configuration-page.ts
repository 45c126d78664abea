import type { z } from "@hono/zod-openapi";
import { secretDescriptions, variables } from "../../app/platform/config.ts";
import { capabilities, environments } from "../../regions/index.ts";
import { type AppSecret, appSecrets, secretSlug } from "../../stacks/app-secrets.ts";
import { nameOf, secretName } from "../../stacks/names.ts";
import { allowedValues } from "./allowed-values.ts";

export interface Described {
  readonly name: string;
  readonly about: string;
  readonly default: string | undefined;
  readonly example: string | undefined;
  readonly schema: z.ZodType;
}

export const describedVariables = (): Described[] =>
  Object.entries(variables as Record<string, { schema: z.ZodType; about: string; default?: string; example?: string }>).map(
    ([name, { schema, about, default: preset, example }]) => ({ name, about, schema, default: preset, example }),
  );

/** The role of the machines that run the application, as stacks/api.ts makes it. */
export const machineRolePart = "machine";

const machineRole = `campus-<environment>-<place>-${machineRolePart}`;

export function renderConfigurationPage(): string {
  return [
    "# Configuration",
    "",
    "<!-- Written by `npm run generate` from app/platform/config.ts. Do not edit. -->",
    "",
    "The API (`app/main.ts`) and the worker (`app/worker.ts`) read their whole configuration from the environment when they start. Every",
    "problem is listed at once, and a process with one does not start (exit code 2). An empty variable is the same as one that is not set.",
    "`npm start` sets all of this by itself; [.env.example](../.env.example) is for running a process by hand.",
    "",
    "## Variables",
    "",
    "Both processes check all of them. None is a secret.",
    "",
    "| variable | default | allowed | meaning |",
    "|---|---|---|---|",
    ...describedVariables().map(variableRow),
    "",
    ...secretSection(),
    ...migrationSection(),
  ].join("\n");
}

function variableRow({ name, about, default: preset, example, schema }: Described): string {
  const shown = preset === undefined ? "not set" : preset === "" ? "none" : `\`${preset}\``;
  return `| \`${name}\` | ${shown} | ${allowedValues(schema)} | ${about}${example === undefined ? "" : ` Example: \`${example}\`.`} |`;
}

function secretSection(): string[] {
  const rows = Object.entries(secretDescriptions).map(([key, { about, required, readers }]) => {
    const name = key as AppSecret;
    const role = appSecrets[name].readByApp ? `\`${machineRole}\`` : "that of whoever runs the migrations";
    const id = secretName("<environment>", secretSlug(name));
    return `| \`${name}\` | ${required ? "yes" : "no"} | ${readers.join(", ")} | ${role} | \`${id}\` | ${about} |`;
  });
  return [
    "## Secrets",
    "",
    "A secret `NAME` has two ways in, and only one of them may be set:",
    "",
    "- `NAME_SECRET_ID`: its id or ARN in AWS Secrets Manager. `id#key` takes the text under `key` of a JSON secret. The value is read at",
    "  runtime and kept for 5 minutes, so a rotation needs no restart: a refused database or Redis password is asked for again at once, and",
    "  while Secrets Manager does not answer the last known value serves.",
    "- `NAME`: the value itself, where there is no AWS. With `CAMPUS_ENV=production` a process refuses to start with one, unless `CAMPUS_CLOUD=none`.",
    "",
    "On AWS every process of a machine reads through the role of the machine, whose policy names each of these secrets by itself and the",
    `key that encrypts it: ${machineRoles().join(", ")}.`,
    "",
    "| secret | required | read by | through the IAM role | in Secrets Manager | meaning |",
    "|---|---|---|---|---|---|",
    ...rows,
    "",
  ];
}

const machineRoles = (): string[] =>
  Object.keys(environments).flatMap((environment) =>
    Object.values(capabilities).map(({ place }) => `\`${nameOf("role", { environment, place, part: machineRolePart })}\``),
  );

function migrationSection(): string[] {
  return [
    "## Migrations",
    "",
    "`node app/migrate.ts` reads two variables of its own. The running application has neither: its role can run no DDL.",
    "",
    "| variable | default | meaning |",
    "|---|---|---|",
    "| `MIGRATION_DATABASE_URL` | not set | PostgreSQL as the role that owns the schema. |",
    `| \`MIGRATION_DATABASE_PASSWORD\` | not set | ${secretDescriptions.MIGRATION_DATABASE_PASSWORD.about} |`,
    "",
  ];
}
