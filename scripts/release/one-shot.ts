import { DescribeLaunchTemplateVersionsCommand, RunInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { GetParameterCommand } from "@aws-sdk/client-ssm";
import type { Outcome } from "../../app/host/outcome.ts";
import { PlainError } from "../../app/local/plain-error.ts";
import { migrationParameter, nameOf } from "../../stacks/names.ts";
import { waitUntil } from "../failover/wait.ts";
import type { Target } from "./target.ts";

/** As it stands in the parameter. */
interface KeptOutcome extends Outcome {
  readonly artifact: string;
  readonly at: string;
}

export interface Work {
  /** Where it writes its outcome; the migrator's unless said. */
  readonly parameter?: string;
  /** What becomes of the template's user data. */
  readonly boot?: (userData: string) => string;
  readonly withinMs: number;
  readonly signal?: AbortSignal | undefined;
}

const templateOf = ({ environment, place }: Target) => nameOf("other", { environment: environment.name, place, part: "migrator" });

async function userDataOf(target: Target, template: string): Promise<string> {
  const asked = new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName: template, Versions: ["$Latest"] });
  const { LaunchTemplateVersions: [found] = [] } = await target.ec2.send(asked);
  if (!found) throw new PlainError(`${target.region} has no launch template ${template}: deploy the stack api first.`);
  return Buffer.from(found.LaunchTemplateData?.UserData ?? "", "base64").toString();
}

async function outcomeIn({ ssm }: Target, Name: string): Promise<KeptOutcome | undefined> {
  const said = await ssm.send(new GetParameterCommand({ Name })).catch(() => undefined);
  return said?.Parameter?.Value === undefined ? undefined : (JSON.parse(said.Parameter.Value) as KeptOutcome);
}

/** How the last run of the migrator ended, whoever started it. */
export const lastOutcome = (target: Target): Promise<KeptOutcome | undefined> =>
  outcomeIn(target, migrationParameter(target.environment.name));

/** Starts one machine of the migrator's template and waits for what it says; whatever ends the wait ends the machine. */
export async function runOnce(
  target: Target,
  { parameter, boot, withinMs, signal }: Work,
  say: (line: string) => void,
): Promise<KeptOutcome> {
  const template = templateOf(target);
  const Name = parameter ?? migrationParameter(target.environment.name);
  const UserData = boot && Buffer.from(boot(await userDataOf(target, template))).toString("base64");
  const before = (await outcomeIn(target, Name))?.at;
  const started = await target.ec2.send(
    new RunInstancesCommand({
      LaunchTemplate: { LaunchTemplateName: template, Version: "$Latest" },
      MinCount: 1,
      MaxCount: 1,
      ...(UserData && { UserData }),
    }),
  );
  const InstanceIds = (started.Instances ?? []).flatMap(({ InstanceId }) => InstanceId ?? []);
  say(`    machine ${InstanceIds.join()} started`);
  try {
    return await waitUntil(`machine ${InstanceIds.join()}`, { withinMs, say, signal }, async () => {
      const said = await outcomeIn(target, Name);
      return said && said.at !== before ? { done: said } : { standing: `machine ${InstanceIds.join()} works` };
    });
  } finally {
    await target.ec2.send(new TerminateInstancesCommand({ InstanceIds })).catch((error: Error) => say(`    ${error.message}`));
  }
}
