import { GetParameterCommand, ParameterNotFound, PutParameterCommand } from "@aws-sdk/client-ssm";
import type { Epoch } from "../../app/host/epoch.ts";
import { readEpoch } from "../../app/host/epoch.ts";
import { PlainError } from "../../app/local/plain-error.ts";
import { epochParameter } from "../../stacks/names.ts";
import type { Side, Sides } from "./sides.ts";

/** What a crossing from one region to the other has done so far. It is kept in the region that takes over: the other one may be lost. */
export interface Crossing {
  readonly from: string;
  readonly to: string;
  readonly epoch: number;
  /** The old writer is there and well, and is waited for: nothing may be lost. */
  readonly isPlanned: boolean;
  /** From when the recovery time counts. */
  readonly lostAt: string;
  readonly done: Readonly<Record<string, string>>;
}

const parameterOf = ({ environment }: Side) => `/campus/${environment.name}/failover`;

export async function readCrossing(to: Side): Promise<Crossing | undefined> {
  try {
    const { Parameter } = await to.ssm.send(new GetParameterCommand({ Name: parameterOf(to) }));
    return JSON.parse(Parameter?.Value ?? "") as Crossing;
  } catch (error) {
    if (error instanceof ParameterNotFound) return undefined;
    throw error;
  }
}

export async function keepCrossing(to: Side, crossing: Crossing): Promise<void> {
  await to.ssm.send(new PutParameterCommand({ Name: parameterOf(to), Value: JSON.stringify(crossing), Type: "String", Overwrite: true }));
}

/** Who writes, as the regions that answer know it. */
export async function currentEpoch({ environment, from, to }: Sides): Promise<Epoch> {
  const told = await readEpoch([from.quickSsm, to.quickSsm], epochParameter(environment.name));
  if (told) return told;
  throw new PlainError(
    `no region says who writes (${epochParameter(environment.name)}): deploy the stack data first, or look at your keys.`,
  );
}

/**
 * A region that was lost while another one took over hears of it as soon as it answers: a machine that boots there and reaches nobody else
 * would take itself for the writer.
 */
export async function spreadEpoch(sides: Sides, say: (line: string) => void): Promise<void> {
  const known = await currentEpoch(sides);
  for (const side of [sides.from, sides.to]) {
    const told = await readEpoch([side.quickSsm], epochParameter(side.environment.name));
    if (told && told.epoch < known.epoch && (await tellEpoch(side, known)))
      say(`${side.region} heard of epoch ${known.epoch}: ${known.writer} writes`);
  }
}

/** Says it where it can be said; true where the region took it. */
export async function tellEpoch(side: Side, epoch: Epoch): Promise<boolean> {
  const told = { Name: epochParameter(side.environment.name), Value: JSON.stringify(epoch), Type: "String", Overwrite: true } as const;
  return side.quickSsm.send(new PutParameterCommand(told)).then(
    () => true,
    () => false,
  );
}
