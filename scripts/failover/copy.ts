import { CreateDBInstanceReadReplicaCommand, type DBInstance } from "@aws-sdk/client-rds";
import { findDatabase, follows, mustHaveDatabase, rename, untilAvailable } from "./database.ts";
import type { Side } from "./sides.ts";

/** A copy of the writer in the other region, with all that the database there was made with. */
const asBefore = (before: DBInstance) => ({
  DBInstanceClass: before.DBInstanceClass,
  StorageType: before.StorageType,
  MaxAllocatedStorage: before.MaxAllocatedStorage,
  MultiAZ: false,
  PubliclyAccessible: false,
  KmsKeyId: before.KmsKeyId,
  DBSubnetGroupName: before.DBSubnetGroup?.DBSubnetGroupName,
  VpcSecurityGroupIds: before.VpcSecurityGroups?.flatMap(({ VpcSecurityGroupId = [] }) => VpcSecurityGroupId),
  DBParameterGroupName: before.DBParameterGroups?.[0]?.DBParameterGroupName,
  AutoMinorVersionUpgrade: before.AutoMinorVersionUpgrade,
  CopyTagsToSnapshot: before.CopyTagsToSnapshot,
  EnableIAMDatabaseAuthentication: before.IAMDatabaseAuthenticationEnabled,
  EnableCloudwatchLogsExports: before.EnabledCloudwatchLogsExports,
  EnablePerformanceInsights: before.PerformanceInsightsEnabled,
  PerformanceInsightsKMSKeyId: before.PerformanceInsightsKMSKeyId,
  PerformanceInsightsRetentionPeriod: before.PerformanceInsightsRetentionPeriod,
  MonitoringInterval: before.MonitoringInterval,
  MonitoringRoleArn: before.MonitoringRoleArn,
  DeletionProtection: before.DeletionProtection,
  Tags: before.TagList,
});

/** What the database is called that stopped to write at this epoch: kept, and never written to again. */
export const asideName = ({ database }: Side, epoch: number): string => `${database}-until-${epoch}`;

export const followsIn = async (side: Side): Promise<boolean> => {
  const found = await findDatabase(side, side.database);
  return found !== undefined && follows(found);
};

/** Puts the old database of this side aside and makes a copy of the writer in its place. Run again it finds what is done. */
export async function copyInPlace(side: Side, writer: Side, epoch: number, say: (line: string) => void): Promise<void> {
  if (await followsIn(side)) return void (await untilAvailable(side, side.database, say, follows));
  const aside = asideName(side, epoch);
  await rename(side, side.database, aside, say);
  const before = await findDatabase(side, aside);
  const { DBInstanceArn } = await mustHaveDatabase(writer);
  if (before && (await findDatabase(side, side.database)) === undefined)
    await side.rds.send(
      new CreateDBInstanceReadReplicaCommand({
        ...asBefore(before),
        DBInstanceIdentifier: side.database,
        SourceDBInstanceIdentifier: DBInstanceArn,
      }),
    );
  await untilAvailable(side, side.database, say, follows);
}
