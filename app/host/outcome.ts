import { spawnSync } from "node:child_process";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";

const longestLine = 3_000;

export interface Outcome {
  readonly ok: boolean;
  readonly line: string;
}

interface Place {
  readonly AWS_REGION: string;
  readonly CAMPUS_VERSION: string;
  /** Where the operator's command waits for it. */
  readonly MIGRATION_PARAMETER: string;
}

/** How a machine ends that lives for one piece of work: it says how that went, and switches itself off. */
export async function tellAndEnd({ AWS_REGION, CAMPUS_VERSION, MIGRATION_PARAMETER }: Place, outcome: Outcome): Promise<void> {
  console.log(`campus-pay: ${outcome.line}`);
  const Value = JSON.stringify({
    ...outcome,
    line: outcome.line.slice(0, longestLine),
    artifact: CAMPUS_VERSION,
    at: new Date().toISOString(),
  });
  await new SSMClient({ region: AWS_REGION }).send(
    new PutParameterCommand({ Name: MIGRATION_PARAMETER, Value, Type: "String", Overwrite: true }),
  );
  spawnSync("systemctl", ["poweroff"]);
}
