import { GetParameterCommand, ParameterNotFound, PutParameterCommand } from "@aws-sdk/client-ssm";
import type { Target } from "./target.ts";

/** What a region runs, and what it ran before: what `npm run rollback` goes back to. */
export interface ReleaseRecord {
  readonly artifact: string;
  readonly version: string;
  readonly at: string;
  readonly before?: { readonly artifact: string; readonly version: string };
}

export async function readRecord({ ssm, record }: Target): Promise<ReleaseRecord | undefined> {
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: record }));
    return JSON.parse(Parameter?.Value ?? "") as ReleaseRecord;
  } catch (error) {
    if (error instanceof ParameterNotFound) return undefined;
    throw error;
  }
}

export async function writeRecord({ ssm, record }: Target, what: ReleaseRecord): Promise<void> {
  await ssm.send(new PutParameterCommand({ Name: record, Value: JSON.stringify(what), Type: "String", Overwrite: true }));
}
