import { DeleteDBInstanceCommand, DescribeDBInstancesCommand, ModifyDBInstanceCommand, RDSClient } from "@aws-sdk/client-rds";
import { say } from "./console.ts";
import type { Stack } from "./manifest.ts";
import { describeChange, planAgain } from "./second-plan.ts";
import { type Site, stateOf, terraform } from "./terraform.ts";

const isWitness = /-until-\d+$/;

/**
 * After a failback Terraform means the databases that were put aside: it is told of those that took their names, as
 * docs/platform/regions.md says ("Tell Terraform"), and must then plan nothing but changes in place. The witnesses are deleted.
 */
export const tellTerraform = async (
  site: Site,
  stacks: readonly Stack[],
  endpoint: string,
  regions: readonly string[],
): Promise<boolean> => {
  for (const region of regions) await deleteWitnesses(new RDSClient({ region, endpoint, credentials: nobody }));
  const found: boolean[] = [];
  for (const stack of stacks) {
    for (const { address, type, values } of await stateOf(site, stack)) {
      if (type === "aws_db_instance") found.push(await tellOf(site, stack, address, String(values.identifier)));
    }
  }
  return found.length > 0 && found.every((isRight) => isRight);
};

const nobody = { accessKeyId: "rehearsal", secretAccessKey: "rehearsal" };

const deleteWitnesses = async (rds: RDSClient): Promise<void> => {
  const { DBInstances = [] } = await rds.send(new DescribeDBInstancesCommand({}));
  for (const { DBInstanceIdentifier } of DBInstances.filter(({ DBInstanceIdentifier = "" }) => isWitness.test(DBInstanceIdentifier))) {
    await rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier, DeletionProtection: false, ApplyImmediately: true }));
    await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier, SkipFinalSnapshot: true }));
  }
};

const tellOf = async (site: Site, stack: Stack, address: string, identifier: string): Promise<boolean> => {
  for (const words of [
    ["state", "rm", address],
    ["import", "-input=false", "-no-color", address, identifier],
  ]) {
    const { code, lines } = await terraform(site, stack, ...words);
    if (code === 0) continue;
    say(`${stack.name} terraform ${words[0]} FAILED: ${lines.find((line) => line.includes("Error:")) ?? lines.at(-1)}`);
    return false;
  }
  const plan = await planAgain(site, stack);
  const changes = plan.kind === "changes" ? plan.changes : [];
  const isRight = plan.kind !== "failed" && changes.every(({ actions }) => actions.join() === "update");
  say(`${stack.name} knows ${identifier} anew; ${isRight ? "its plan changes nothing, or in place:" : "ITS PLAN IS NOT ONE IN PLACE:"}`);
  for (const change of changes) console.log(`        ${describeChange(change)}`);
  return isRight;
};
