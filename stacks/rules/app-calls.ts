import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What a command of the SDK needs to be allowed, where the action is not named like the command. */
const otherActions: Readonly<Record<string, readonly string[]>> = {
  "sqs:DeleteMessageBatch": ["sqs:DeleteMessage"],
  "ses:SendEmail": ["ses:SendEmail", "ses:SendRawEmail"], // ours are raw: they carry an attachment
};

const services: Readonly<Record<string, string>> = {
  "secrets-manager": "secretsmanager",
  sesv2: "ses",
  "auto-scaling": "autoscaling",
  "cloudwatch-logs": "logs",
};

/** Rooms that no serving machine runs; the machines that live for one piece of work have a role of their own. */
const elsewhere = /^(local|testing|web|analytics|migrations)\/|^host\/(migrate|check|outcome)\.ts$|\.test\.ts$/;

/** Every action that the app's own sources ask of AWS, with the file that does: read from the code, so that nobody has to remember. */
export function appCalls(): { readonly action: string; readonly file: string }[] {
  const app = new URL("../../app/", import.meta.url).pathname;
  const files = readdirSync(app, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts") && !elsewhere.test(file));
  return files.flatMap((file) => {
    const text = readFileSync(join(app, file), "utf8");
    const service = /@aws-sdk\/client-([\w-]+)/.exec(text)?.[1] ?? (/openSqs\(/.test(text) ? "sqs" : undefined);
    if (service === undefined) return [];
    const commands = [...text.matchAll(/new (?:\w+\.)?([A-Z]\w+)Command\(/g)].map(([, name]) => `${services[service] ?? service}:${name}`);
    return commands.flatMap((command) => (otherActions[command] ?? [command]).map((action) => ({ action, file })));
  });
}
