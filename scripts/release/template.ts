import { CreateLaunchTemplateVersionCommand, DescribeLaunchTemplateVersionsCommand } from "@aws-sdk/client-ec2";
import { PlainError } from "../../app/local/plain-error.ts";
import type { Target } from "./target.ts";

const digestInUserData = /^artifact=([0-9a-f]{64})$/m;

interface Version {
  readonly number: number;
  readonly userData: string;
  readonly artifact: string;
}

async function versionsOf({ ec2, fleet }: Target, wanted: string): Promise<Version> {
  const asked = new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName: fleet, Versions: [wanted] });
  const { LaunchTemplateVersions: [found] = [] } = await ec2.send(asked);
  const userData = Buffer.from(found?.LaunchTemplateData?.UserData ?? "", "base64").toString();
  const artifact = digestInUserData.exec(userData)?.[1];
  if (!found?.VersionNumber || !artifact)
    throw new PlainError(`version ${wanted} of the launch template ${fleet} names no artifact: deploy the stack api first.`);
  return { number: found.VersionNumber, userData, artifact };
}

export const artifactOfVersion = async (target: Target, number: string): Promise<string> => (await versionsOf(target, number)).artifact;

/**
 * The number of the template's version that runs this artifact: the newest one where it does, else a new one like it but for the digest.
 * That is what Terraform makes of the same digest in regions/artifacts.ts, so its next plan has nothing to do here.
 */
export async function versionFor(target: Target, artifact: string, isDryRun: boolean): Promise<string> {
  const latest = await versionsOf(target, "$Latest");
  if (latest.artifact === artifact) return String(latest.number);
  if (isDryRun) return `${latest.number + 1} (to be made)`;
  const made = await target.ec2.send(
    new CreateLaunchTemplateVersionCommand({
      LaunchTemplateName: target.fleet,
      SourceVersion: String(latest.number),
      VersionDescription: artifact,
      // Sent again, it is the same version.
      ClientToken: `${latest.number}-${artifact.slice(0, 40)}`,
      LaunchTemplateData: { UserData: Buffer.from(latest.userData.replaceAll(latest.artifact, artifact)).toString("base64") },
    }),
  );
  return String(made.LaunchTemplateVersion?.VersionNumber);
}
