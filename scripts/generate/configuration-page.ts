import type { z } from "@hono/zod-openapi";
import { secretDescriptions, variables } from "../../app/platform/config.ts";
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

/** As stacks/names.ts builds it for the machines that run the application. */
export const instanceRole = "campus-<environment>-<place>-instance";

/** As stacks/ names what a secret's id stands for in Secrets Manager. */
export const secretInAws = (name: string): string => `campus-<environment>/${name.toLowerCase().replaceAll("_", "-")}`;

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
  const rows = Object.entries(secretDescriptions).map(([name, { about, required, readers }]) => {
    const role = (readers as readonly string[]).includes("migrate") ? "whoever runs the migrations" : `\`${instanceRole}\``;
    return `| \`${name}\` | ${required ? "yes" : "no"} | ${readers.join(", ")} | ${role} | \`${secretInAws(name)}\` | ${about} |`;
  });
  return [
    "## Secrets",
    "",
    "A secret `NAME` has two ways in, and only one of them may be set:",
    "",
    "- `NAME_SECRET_ID`: its id or ARN in AWS Secrets Manager. `id#key` takes the text under `key` of a JSON secret. The value is read at",
    "  runtime and kept for 5 minutes, so a rotation needs no restart: a refused database or Redis password is asked for again at once, and",
    "  while Secrets Manager does not answer the last known value serves.",
    "- `NAME`: the value itself, where there is no AWS. With `CAMPUS_ENV=production` a process refuses to start with one.",
    "",
    `On AWS every process of a machine reads through the role of the machine, \`${instanceRole}\`, whose policy names each secret below by`,
    "itself and the key that encrypts it. `<place>` is the region's short name in `regions/`.",
    "",
    "| secret | required | read by | through the IAM role | in Secrets Manager | meaning |",
    "|---|---|---|---|---|---|",
    ...rows,
    "",
  ];
}

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
