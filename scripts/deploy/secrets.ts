import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { PlainError } from "../../app/local/plain-error.ts";
import { type Environment, regionPlans } from "../../regions/index.ts";
import { type AppSecret, appSecrets, secretSlug } from "../../stacks/app-secrets.ts";
import { secretName } from "../../stacks/names.ts";
import { clientSettings } from "../preflight/client-settings.ts";
import { makings, nextValue } from "../rotate/values.ts";

const names = Object.keys(appSecrets) as AppSecret[];

export const secretsClient = (environment: Environment) => new SecretsManagerClient(clientSettings(regionPlans(environment)[0].region));

export async function readSecret(client: SecretsManagerClient, SecretId: string): Promise<string | undefined> {
  try {
    return (await client.send(new GetSecretValueCommand({ SecretId }))).SecretString;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/** Those that have no value yet. */
export async function emptySecrets(environment: Environment): Promise<readonly AppSecret[]> {
  const client = secretsClient(environment);
  const values = await Promise.all(names.map((name) => readSecret(client, secretName(environment.name, secretSlug(name)))));
  return names.filter((_, at) => values[at] === undefined);
}

/** What we make ourselves is made; what a provider gave is asked for, or stands in the environment under the secret's name. */
export async function fillSecrets(environment: Environment, say: (line: string) => void): Promise<void> {
  const client = secretsClient(environment);
  const missing: string[] = [];
  for (const name of await emptySecrets(environment)) {
    const making = makings[name];
    const value = making.kind === "given" ? await given(name, making.by) : made(name);
    if (value === undefined) missing.push(`${name} (from ${making.kind === "given" ? making.by : "us"})`);
    else {
      await client.send(new PutSecretValueCommand({ SecretId: secretName(environment.name, secretSlug(name)), SecretString: value }));
      say(`        ${secretSlug(name)} has its first value`);
    }
  }
  if (missing.length > 0)
    throw new PlainError(`nobody is here to ask: give these in the environment, a text or @FILE: ${missing.join(", ")}.`);
}

const made = (name: AppSecret): string | undefined => {
  const next = nextValue(name, undefined);
  return "refused" in next ? undefined : next.value;
};

async function given(name: AppSecret, by: string): Promise<string | undefined> {
  const typed = process.env[name] ?? (process.stdin.isTTY ? await askHidden(`${name}, from ${by} (a text, or @FILE): `) : undefined);
  return typed?.startsWith("@") ? readFileSync(typed.slice(1), "utf8").trim() : typed;
}

/** What is typed is shown to nobody who looks over a shoulder. */
async function askHidden(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  spawnSync("stty", ["-echo"], { stdio: "inherit" });
  try {
    return (await lines.question(question)).trim();
  } finally {
    spawnSync("stty", ["echo"], { stdio: "inherit" });
    lines.close();
    process.stdout.write("\n");
  }
}
