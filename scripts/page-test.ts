import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { type Command, refuse, runCommand } from "../app/local/command.ts";
import { PlainError } from "../app/local/plain-error.ts";
import { capabilities, type Environment, environments, regionPlans } from "../regions/index.ts";
import { nameOf } from "../stacks/names.ts";

const severities = ["page", "ticket"] as const;

export const command = {
  name: "npm run page:test",
  for: "on call",
  what: "Sends a page that says that it is a test, by the way that alarms take, to everybody who would be woken.",
  touches: "the topics of alarms in both regions: each subscriber gets one message from each.",
  takes: { "[ENVIRONMENT]": `${Object.keys(environments).join(", ")}; pilot unless said` },
  options: { severity: { type: "string", value: "SEVERITY", default: "page", help: "page or ticket" } },
  exits: { 1: "a topic did not take it" },
} as const satisfies Command;

type Severity = (typeof severities)[number];

/** One for each region: who is lost with a region must still be reached by the other one's topic. */
export const topicsOf = (environment: Environment, severity: Severity): readonly { readonly region: string; readonly arn: string }[] =>
  regionPlans(environment).map(({ region }) => {
    const { place } = capabilities[region];
    const name = nameOf("topic", { environment: environment.name, place, part: `alarms-${severity}` });
    return { region, arn: `arn:aws:sns:${region}:${environment.accountId}:${name}` };
  });

export async function sendTestPage(environment: Environment, severity: Severity, endpoint?: string): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const { region, arn } of topicsOf(environment, severity)) {
    const client = new SNSClient({ region, ...(endpoint ? { endpoint } : {}) });
    try {
      const sent = await client.send(
        new PublishCommand({
          TopicArn: arn,
          Subject: `TEST ${severity} of Campus Pay ${environment.name}`,
          Message: `This is a test from ${region}: nothing is wrong. Whoever should have been woken by it and was not tells the team. Severity: ${severity}. Runbook: runbooks/incident-roles.md`,
        }),
      );
      ids.push(`${region}: ${sent.MessageId ?? "?"}`);
    } catch (error) {
      throw new PlainError(`The topic ${arn} did not take the test: ${(error as Error).message}`, 1);
    } finally {
      client.destroy();
    }
  }
  return ids;
}

await runCommand(import.meta, command, async ({ values, positionals }) => {
  const name = positionals[0] ?? "pilot";
  const environment = environments[name];
  if (!environment) throw refuse(command, `there is no environment "${name}"; there are ${Object.keys(environments).join(", ")}.`);
  const severity = severities.find((one) => one === values.severity);
  if (!severity) throw refuse(command, `the severity "${values.severity}" is not page or ticket.`);
  for (const sent of await sendTestPage(environment, severity)) process.stdout.write(`sent by ${sent}\n`);
});
