import { existsSync, readFileSync } from "node:fs";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { z } from "zod";
import { readEnvironment } from "./settings.ts";
import { writeWhole } from "./write-whole.ts";

/** Who may write, and since which failover: raised by one at each. SSM holds it in both regions, so that it outlives either. */
export interface Epoch {
  readonly epoch: number;
  readonly writer: string;
}

const schema = z.object({ epoch: z.number().int().min(1).max(1_000_000), writer: z.string().regex(/^[a-z0-9-]{2,20}$/) });

// A lost region closes no connection: without the throw a request on one that stands would wait for TCP to give up, a quarter of an hour.
const requestHandler = { connectionTimeout: 2_000, requestTimeout: 3_000, throwOnRequestTimeout: true };

export const epochClient = (region: string, endpoint?: string): SSMClient =>
  new SSMClient({ region, maxAttempts: 2, requestHandler, ...(endpoint !== undefined && { endpoint }) });

/** What one region says; undefined where it has no such parameter, or does not answer. */
async function saidBy(client: SSMClient, Name: string): Promise<Epoch | undefined> {
  try {
    const { Parameter } = await client.send(new GetParameterCommand({ Name }));
    return schema.parse(JSON.parse(Parameter?.Value ?? ""));
  } catch {
    return undefined;
  }
}

/** The highest that is known in any region: a lost one does not know of its own loss. Undefined where none answers. */
export async function readEpoch(clients: readonly SSMClient[], parameter: string): Promise<Epoch | undefined> {
  const said = await Promise.all(clients.map((client) => saidBy(client, parameter)));
  return said.reduce((highest, one) => (one && one.epoch > (highest?.epoch ?? 0) ? one : highest), undefined);
}

/** Writes it where the units read it. True where it is news: an epoch never falls, for the region that knew a higher one may be out of reach now. */
export function keepEpoch(file: string, { epoch, writer }: Epoch): boolean {
  const known = existsSync(file) ? Number(readEnvironment(readFileSync(file, "utf8")).CAMPUS_EPOCH) : 0;
  if (epoch <= known) return false;
  writeWhole(file, `CAMPUS_EPOCH=${epoch}\nCAMPUS_WRITER=${writer}\n`);
  return true;
}
