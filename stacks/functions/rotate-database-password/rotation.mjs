import { randomBytes } from "node:crypto";
import { DescribeDBInstancesCommand, ModifyDBInstanceCommand } from "@aws-sdk/client-rds";
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from "@aws-sdk/client-secrets-manager";

const passwordBytes = 30; // 40 characters of base64url, none of which RDS refuses
const waitMilliseconds = 10 * 60_000;

/**
 * The four steps in which Secrets Manager rotates a secret. It calls each until it succeeds, so each may come twice:
 * a password is made once for a version, and the other steps do the same thing again.
 * RDS sets the password itself: the function never connects to the database, and needs no way into its network.
 */
export const rotation = ({ secrets, rds, databaseIdentifier, pollMilliseconds = 10_000, deadlineMilliseconds = waitMilliseconds }) => {
  const stagesOf = async (secretId) => (await secrets.send(new DescribeSecretCommand({ SecretId: secretId }))).VersionIdsToStages ?? {};

  const pendingPassword = async (secretId, versionId) => {
    const wanted = { SecretId: secretId, VersionId: versionId, VersionStage: "AWSPENDING" };
    return (await secrets.send(new GetSecretValueCommand(wanted))).SecretString;
  };

  const createSecret = async (secretId, versionId) => {
    const known = await pendingPassword(secretId, versionId).catch((error) => {
      if (error.name !== "ResourceNotFoundException") throw error;
    });
    if (known) return;
    await secrets.send(
      new PutSecretValueCommand({
        SecretId: secretId,
        ClientRequestToken: versionId,
        SecretString: randomBytes(passwordBytes).toString("base64url"),
        VersionStages: ["AWSPENDING"],
      }),
    );
  };

  const setSecret = async (secretId, versionId) => {
    const password = await pendingPassword(secretId, versionId);
    await rds.send(
      new ModifyDBInstanceCommand({ DBInstanceIdentifier: databaseIdentifier, MasterUserPassword: password, ApplyImmediately: true }),
    );
  };

  const isSettled = async () => {
    const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: databaseIdentifier }));
    const [instance] = DBInstances ?? [];
    return instance?.DBInstanceStatus === "available" && !instance.PendingModifiedValues?.MasterUserPassword;
  };

  const testSecret = async () => {
    const deadline = Date.now() + deadlineMilliseconds;
    while (!(await isSettled())) {
      if (Date.now() > deadline)
        throw new Error(
          `${databaseIdentifier} has not taken the new password within ${deadlineMilliseconds / 1000} s; look at its state in RDS.`,
        );
      await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
    }
  };

  const finishSecret = async (secretId, versionId) => {
    const stages = Object.entries(await stagesOf(secretId));
    const current = stages.find(([, names]) => names.includes("AWSCURRENT"))?.[0];
    if (current === versionId) return;
    await secrets.send(
      new UpdateSecretVersionStageCommand({
        SecretId: secretId,
        VersionStage: "AWSCURRENT",
        MoveToVersionId: versionId,
        ...(current ? { RemoveFromVersionId: current } : {}),
      }),
    );
  };

  const steps = { createSecret, setSecret, testSecret, finishSecret };

  return async ({ Step: step, SecretId: secretId, ClientRequestToken: versionId }) => {
    if (!Object.hasOwn(steps, step))
      throw new Error(`there is no step "${step}"; Secrets Manager asks for ${Object.keys(steps).join(", ")}.`);
    const stages = (await stagesOf(secretId))[versionId] ?? [];
    if (!stages.includes("AWSPENDING") && stages.includes("AWSCURRENT")) return; // finished; the first version of all is both from the start
    if (!stages.includes("AWSPENDING"))
      throw new Error(`version ${versionId} of ${secretId} is not pending; start a rotation, which makes one.`);
    await steps[step](secretId, versionId);
    console.log(JSON.stringify({ msg: "step done", step, version_id: versionId }));
  };
};
