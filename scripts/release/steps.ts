import { HeadObjectCommand } from "@aws-sdk/client-s3";
import { PlainError } from "../../app/local/plain-error.ts";
import { whyNotWell } from "./ask.ts";
import { readRecord, writeRecord } from "./record.ts";
import { groupOf, rollOut } from "./rollout.ts";
import type { Target } from "./target.ts";
import { artifactOfVersion, versionFor } from "./template.ts";
import { putPages } from "./web-files.ts";

export interface ReleaseOptions {
  readonly isDryRun: boolean;
  readonly bakeSeconds: number;
  readonly checkpointSeconds: number;
  readonly warmUpSeconds: number;
  readonly firstMachineSeconds: number;
  readonly answerSeconds: number;
}

/** What a machine that cannot debit, scan or answer sets off within five minutes. */
const watched = ["confirm", "scan", "prompt", "read", "other"];
const alarmsOf = ({ environment, place }: Target): readonly string[] =>
  watched.map((slo) => `campus-${environment.name}-${place}-${slo}-availability-fast-burn-short`);

async function mustBePublished({ s3, artifactsBucket, region }: Target, artifact: string): Promise<void> {
  const object = { Bucket: artifactsBucket, Key: `releases/${artifact}.tar.gz` };
  await s3.send(new HeadObjectCommand(object)).catch((error: Error) => {
    throw new PlainError(`${region} has no artifact ${artifact} (${error.name} at ${object.Bucket}/${object.Key}): npm run publish first.`);
  });
}

/** One region from what it runs to this artifact; run again it goes on where it stopped, or finds nothing to do. */
export async function releaseTo(target: Target, artifact: string, options: ReleaseOptions, say: (line: string) => void): Promise<void> {
  await mustBePublished(target, artifact);
  const group = await groupOf(target);
  const current = group.LaunchTemplate?.Version ?? "$Latest";
  const before = await artifactOfVersion(target, current);
  const version = await versionFor(target, artifact, options.isDryRun);
  const others = (group.Instances ?? []).filter(({ LaunchTemplate }) => LaunchTemplate?.Version !== version);
  if (version === current && others.length === 0) {
    const record = await readRecord(target);
    if (record?.version !== version && !options.isDryRun) {
      await putPages(target, artifact, say);
      await writeRecord(target, { artifact, version, at: new Date().toISOString() });
    }
    return say(`${target.place}: runs ${artifact.slice(0, 12)} already (version ${version})`);
  }
  say(`${target.place}: ${before.slice(0, 12)} (version ${current}) → ${artifact.slice(0, 12)} (version ${version})`);
  if (options.isDryRun) return;
  const address = `https://${target.environment.domain}`;
  const serves = target.plan === target.environment.primary;
  await rollOut(
    target,
    {
      ...options,
      version,
      artifact,
      alarms: alarmsOf(target),
      // Nobody is sent to the region that stands by, so its public address says nothing of it.
      whyStop: async () => (serves ? whyNotWell(address, [before, artifact], options.answerSeconds * 1_000) : undefined),
    },
    say,
  );
  await putPages(target, artifact, say);
  await writeRecord(target, { artifact, version, at: new Date().toISOString(), before: { artifact: before, version: current } });
  say(`${target.place}: every machine runs ${artifact.slice(0, 12)}`);
}
