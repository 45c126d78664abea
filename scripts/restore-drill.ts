// `npm run restore-drill`: a backup that was never restored is a hope.
import {
  type DBInstance,
  DBInstanceNotFoundFault,
  type DBSnapshot,
  DeleteDBInstanceCommand,
  DescribeDBSnapshotsCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
} from "@aws-sdk/client-rds";
import { type Command, refuse, runCommand } from "../app/local/command.ts";
import { PlainError } from "../app/local/plain-error.ts";
import { restoreParameter } from "../stacks/names.ts";
import { currentEpoch } from "./failover/crossing.ts";
import { databaseWithinMs, findDatabase, mustHaveDatabase, untilAvailable } from "./failover/database.ts";
import { type Side, sidesOf, towards } from "./failover/sides.ts";
import { minutes, waitUntil } from "./failover/wait.ts";
import { runOnce } from "./release/one-shot.ts";
import { onlyEnvironment } from "./release/target.ts";

export const command = {
  name: "npm run restore-drill",
  for: "on call",
  what: "Restores the newest snapshot to a new database, asks it every invariant of the books from a machine in its network, says how long each took, and removes both.",
  touches:
    "a database NAME-drill and a machine of the migrator's template, which it removes, also when it fails or is stopped; the parameter /campus/ENVIRONMENT/restore-drill. The database that serves is not asked anything.",
  takes: { ENVIRONMENT: "pilot, staging or production" },
  options: {
    region: { type: "string", value: "REGION", help: "where; the region that writes unless said" },
    "dry-run": { type: "boolean", help: "say which snapshot it would take" },
  },
  exits: { 1: "not restored, or the books in it are broken: the line above says which" },
} as const satisfies Command;

const checkWithinMs = 60 * 60_000;
const say = (line: string) => void process.stdout.write(`${line}\n`);
const drillName = ({ database }: Side) => `${database}-drill`;

/** RDS's own, those by hand, and those of AWS Backup, which it lists apart. */
async function newestSnapshot({ rds, database, region }: Side): Promise<DBSnapshot> {
  const asked = [undefined, "awsbackup"].map((SnapshotType) =>
    rds.send(new DescribeDBSnapshotsCommand({ DBInstanceIdentifier: database, SnapshotType })),
  );
  const all = (await Promise.all(asked)).flatMap(({ DBSnapshots = [] }) => DBSnapshots).filter(({ Status }) => Status === "available");
  const [newest] = all.toSorted((one, other) => Number(other.SnapshotCreateTime) - Number(one.SnapshotCreateTime));
  if (newest) return newest;
  throw new PlainError(`${region} has no snapshot of ${database}: the first is made in the night after the deploy.`);
}

const restore = (side: Side, { DBSnapshotIdentifier }: DBSnapshot, like: DBInstance) =>
  side.rds.send(
    new RestoreDBInstanceFromDBSnapshotCommand({
      DBInstanceIdentifier: drillName(side),
      DBSnapshotIdentifier,
      DBInstanceClass: like.DBInstanceClass,
      DBSubnetGroupName: like.DBSubnetGroup?.DBSubnetGroupName,
      VpcSecurityGroupIds: like.VpcSecurityGroups?.flatMap(({ VpcSecurityGroupId = [] }) => VpcSecurityGroupId),
      DBParameterGroupName: like.DBParameterGroups?.[0]?.DBParameterGroupName,
      MultiAZ: false,
      PubliclyAccessible: false,
      DeletionProtection: false,
      Tags: [{ Key: "Purpose", Value: "restore-drill" }],
    }),
  );

async function remove(side: Side): Promise<void> {
  const name = drillName(side);
  await side.rds
    .send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: name, SkipFinalSnapshot: true, DeleteAutomatedBackups: true }))
    .catch((error: Error) => {
      if (!(error instanceof DBInstanceNotFoundFault) && !/already being deleted/.test(error.message)) throw error;
    });
  await waitUntil(`${name} to be gone`, { withinMs: databaseWithinMs, say }, async () => {
    const found = await findDatabase(side, name);
    return found ? { standing: `${name} is ${found.DBInstanceStatus}` } : { done: undefined };
  });
}

/** The migrator's machine with another program and another database. */
const checksInstead =
  (side: Side, address: string) =>
  (userData: string): string =>
    userData
      .replace(/@[^:/\s]+(:\d+\/campus)$/m, `@${address}$1`)
      .replace(/^MIGRATION_PARAMETER=.*$/m, `MIGRATION_PARAMETER=${restoreParameter(side.environment.name)}`)
      .replace(/\/host\/migrate$/m, "/host/check");

async function drill(side: Side, snapshot: DBSnapshot, signal: AbortSignal): Promise<number> {
  const beganAt = performance.now();
  const like = await mustHaveDatabase(side);
  await restore(side, snapshot, like);
  const restored = await untilAvailable(side, drillName(side), say, () => true, signal);
  const standsAt = performance.now();
  say(`restored in ${minutes(standsAt - beganAt)}`);
  const address = restored.Endpoint?.Address ?? "";
  const work = { parameter: restoreParameter(side.environment.name), boot: checksInstead(side, address), withinMs: checkWithinMs, signal };
  const { ok, line } = await runOnce(side, work, say);
  say(`checked in ${minutes(performance.now() - standsAt)}: ${line}`);
  say(`from the command to checked books: ${minutes(performance.now() - beganAt)}`);
  return ok ? 0 : 1;
}

async function drillAndTidy(side: Side, snapshot: DBSnapshot): Promise<number> {
  const stop = new AbortController();
  const onSignal = () => {
    say("stopping: what was made is removed first (a second Ctrl-C leaves it)");
    stop.abort(new PlainError("stopped.", 130));
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, onSignal);
  try {
    return await drill(side, snapshot, stop.signal);
  } finally {
    await remove(side);
    say(`${drillName(side)} is removed`);
  }
}

await runCommand(import.meta, command, async ({ values, positionals }) => {
  const environment = onlyEnvironment(command, positionals);
  const sides = sidesOf(environment);
  const region = values.region ?? (await currentEpoch(towards(environment, sides[1].region))).writer;
  const side = sides.find((one) => one.region === region);
  if (!side) throw refuse(command, `--region is "${region}": it has ${sides.map((one) => one.region).join(" and ")}.`);
  const snapshot = await newestSnapshot(side);
  const hours = (Date.now() - Number(snapshot.SnapshotCreateTime)) / 3_600_000;
  say(`${side.region}: ${snapshot.DBSnapshotIdentifier} of ${snapshot.SnapshotCreateTime?.toISOString()}, ${hours.toFixed(1)} h old`);
  if (values["dry-run"]) return;
  if (await findDatabase(side, drillName(side))) {
    say(`${drillName(side)} is left from an earlier drill: removed first`);
    await remove(side);
  }
  process.exitCode = await drillAndTidy(side, snapshot);
});
