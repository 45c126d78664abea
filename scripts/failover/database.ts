import {
  type DBInstance,
  DBInstanceNotFoundFault,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  PromoteReadReplicaCommand,
} from "@aws-sdk/client-rds";
import { PlainError } from "../../app/local/plain-error.ts";
import type { Side } from "./sides.ts";
import { waitUntil } from "./wait.ts";

export const databaseWithinMs = 90 * 60_000;

export async function findDatabase({ rds }: Pick<Side, "rds">, identifier: string): Promise<DBInstance | undefined> {
  try {
    return (await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: identifier }))).DBInstances?.[0];
  } catch (error) {
    if (error instanceof DBInstanceNotFoundFault) return undefined;
    throw error;
  }
}

export const follows = (instance: DBInstance): boolean => instance.ReadReplicaSourceDBInstanceIdentifier !== undefined;

export async function mustHaveDatabase(side: Side): Promise<DBInstance> {
  const found = await findDatabase(side, side.database);
  if (found) return found;
  throw new PlainError(
    `${side.region} has no database ${side.database}: deploy the stack data there, or restore a backup (runbooks/restore-from-backup.md).`,
  );
}

/** Until RDS has nothing left to do on it. */
export const untilAvailable = (
  side: Side,
  identifier: string,
  say: (line: string) => void,
  isDone: (one: DBInstance) => boolean,
  signal?: AbortSignal,
) =>
  waitUntil(`${identifier} to be available`, { withinMs: databaseWithinMs, say, signal }, async () => {
    const found = await findDatabase(side, identifier);
    if (found?.DBInstanceStatus === "available" && isDone(found)) return { done: found };
    return { standing: `${identifier} is ${found?.DBInstanceStatus ?? "not there yet"}` };
  });

/** From a copy to a writer. One way: it follows nobody again. */
export async function promote(side: Side, say: (line: string) => void): Promise<void> {
  const found = await mustHaveDatabase(side);
  if (follows(found) && found.DBInstanceStatus !== "modifying") {
    const BackupRetentionPeriod = side.plan.database.backupRetentionDays;
    await side.rds.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: side.database, BackupRetentionPeriod }));
  }
  await untilAvailable(side, side.database, say, (one) => !follows(one));
}

/** Its data and its name's place stay apart from now on. Done already, it is left. */
export async function rename(side: Side, from: string, to: string, say: (line: string) => void): Promise<void> {
  const isFree = (await findDatabase(side, from))?.DBInstanceStatus === "available";
  if (isFree && (await findDatabase(side, to)) === undefined)
    await side.rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: from, NewDBInstanceIdentifier: to, ApplyImmediately: true }));
  await untilAvailable(side, to, say, () => true);
}
