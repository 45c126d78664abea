// `npm run rotate`: the next value of a secret that is made by us, or the first one of a secret that has none.
import { setTimeout as pause } from "node:timers/promises";
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { type Command, refuse, runCommand } from "../app/local/command.ts";
import { PlainError } from "../app/local/plain-error.ts";
import type { AppSecret } from "../stacks/app-secrets.ts";
import { secretName } from "../stacks/names.ts";
import { clientSettings } from "./preflight/client-settings.ts";
import { environmentNamed } from "./release/target.ts";
import { nextValue, slugs, withoutOldKeys } from "./rotate/values.ts";

export const command = {
  name: "npm run rotate",
  for: "platform team",
  what: "Gives a secret its next value, in both regions: a new key before the old ones, or a new word; a secret without a value gets its first.",
  touches: "one secret in Secrets Manager; its value is shown to nobody. Run again within an hour it does nothing unless told to.",
  takes: { ENVIRONMENT: "pilot, staging or production", SECRET: "its name, as in docs/platform/secrets.md: jwt-keys" },
  options: {
    retire: { type: "boolean", help: "jwt-keys: take the old keys away, a day after the new one came" },
    again: { type: "boolean", help: "also where it got its value within the hour: that one may be known outside" },
    "dry-run": { type: "boolean", help: "say what would be done" },
  },
  exits: { 1: "not changed: the line above says why" },
} as const satisfies Command;

/** So long a second run is taken for the first one again. */
const sameRunMs = 3_600_000;
const copiedWithinMs = 300_000;
const lookAgainMs = 2_000;

type Current = { readonly value: string; readonly version: string | undefined; readonly ageMs: number };

async function read(client: SecretsManagerClient, SecretId: string): Promise<Current | undefined> {
  try {
    const { SecretString = "", VersionId, CreatedDate } = await client.send(new GetSecretValueCommand({ SecretId }));
    return { value: SecretString, version: VersionId, ageMs: Date.now() - (CreatedDate?.getTime() ?? 0) };
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    // The same error says that there is no such secret at all.
    if (/secret value|staging label/i.test(error.message)) return undefined;
    throw new PlainError(`there is no secret ${SecretId}: deploy the stack security first.`);
  }
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

async function untilCopied(region: string, id: string, version: string | undefined): Promise<void> {
  const client = new SecretsManagerClient(clientSettings(region));
  const startedAt = performance.now();
  while ((await read(client, id).catch(() => undefined))?.version !== version) {
    if (performance.now() - startedAt > copiedWithinMs)
      throw new PlainError(`${region} does not have the new value of ${id} yet: describe-secret says why (ReplicationStatus).`);
    await pause(lookAgainMs);
  }
  say(`${region} has it`);
}

function secretNamed(text: string | undefined): AppSecret {
  const name = slugs.get(text ?? "");
  if (name) return name;
  throw refuse(command, `there is no secret ${text === undefined ? "named" : `"${text}"`}: give one of ${[...slugs.keys()].join(", ")}.`);
}

await runCommand(import.meta, command, async ({ values, positionals: [environmentName, slug, ...more] }) => {
  if (more.length > 0) throw refuse(command, `"${more.join(" ")}" is too much.`);
  const environment = environmentNamed(environmentName);
  const name = secretNamed(slug);
  const id = secretName(environment.name, slug ?? "");
  const client = new SecretsManagerClient(clientSettings(environment.primary.region));
  const current = await read(client, id);
  if (!values.retire && !values.again && current && current.ageMs < sameRunMs)
    return say(`${id} got its value ${Math.floor(current.ageMs / 60_000)} minutes ago: nothing done`);
  const next = values.retire ? withoutOldKeys(name, current?.value, current?.ageMs ?? 0) : nextValue(name, current?.value);
  if ("refused" in next) throw new PlainError(`${id} stays as it is: ${next.refused}.`);
  if (values["dry-run"]) return say(`${id} would get ${current ? "its next" : "its first"} value; ${next.after}`);
  const { VersionId } = await client.send(new PutSecretValueCommand({ SecretId: id, SecretString: next.value }));
  say(`${id} has ${current ? "its next" : "its first"} value (version ${VersionId})`);
  await untilCopied(environment.standby.region, id, VersionId);
  say(next.after);
});
