import { secretDescriptions } from "../../app/platform/config.ts";
import { allowedValues } from "./allowed-values.ts";
import { describedVariables } from "./configuration-page.ts";

/** A file for `node --env-file=.env app/main.ts`: what must be set stands open, the rest is commented out with its default. */
export function renderEnvironmentExample(): string {
  const settings = describedVariables().flatMap(({ name, about, default: preset, example, schema }) => [
    `# ${about} (${allowedValues(schema).replaceAll("`", "")})`,
    preset === undefined && !schema.safeParse(undefined).success ? `${name}=` : `# ${name}=${preset ?? example ?? ""}`,
    "",
  ]);
  const secrets = Object.entries(secretDescriptions).flatMap(([name, { about, required }]) => [
    `# ${about}`,
    required ? `${name}=` : `# ${name}=`,
    "",
  ]);
  return [
    "# Written by `npm run generate` from app/platform/config.ts. Do not edit: copy it to .env and fill in what stands open.",
    "# `npm start` needs none of this. By hand: node --env-file=.env app/main.ts",
    "",
    "# ---- Secrets. On AWS set NAME_SECRET_ID to the secret's id instead, and leave NAME out.",
    "",
    ...secrets,
    "# ---- Variables, with their defaults.",
    "",
    ...settings,
  ]
    .join("\n")
    .replace(/\n+$/, "\n");
}
