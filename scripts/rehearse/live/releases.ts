import type { Alive } from "./alive.ts";
import type { Student } from "./campus.ts";
import { Hammer } from "./hammer.ts";
import type { Operator } from "./operator.ts";
import { Payers } from "./payers.ts";
import { type Step, until } from "./telling.ts";
import type { Artifact, Variant } from "./variants.ts";

/** Seconds in the place of minutes: what is waited for is the same. A machine that shares two cores may take longer to answer. */
const hurry = ["--bake", "20", "--checkpoint", "15", "--warm-up", "5", "--answer-within", "10"];
const hurryBack = ["--warm-up", "5", "--answer-within", "10", "--first-machine-within", "900"];
const leastPosts = 10_000;
const clients = 8;
const answeredWithinMs = 60_000;

export type Release = {
  readonly environment: string;
  readonly operator: Operator;
  readonly artifacts: () => Promise<Readonly<Record<Variant, Artifact>>>;
  /** From power to in service, as the first machines took it here. */
  readonly bootSeconds: number;
};

/** Whoever is answered by a load balancer without a machine asks again, as a phone does. */
const versionServed = async ({ site }: Alive): Promise<string> => {
  let version = "";
  await until("/health is answered", answeredWithinMs, async () => {
    const { status, body } = await site.ask("GET", "/health");
    if (status === 200) version = (JSON.parse(body) as { version: string }).version;
    return status === 200;
  });
  return version;
};

const mustServe = async (campus: Alive, sha256: string): Promise<void> => {
  const served = await versionServed(campus);
  if (served !== sha256) throw new Error(`${served.slice(0, 12)} serves, and not ${sha256.slice(0, 12)}.`);
};

/** One well release under load, two that must not come to anybody, and the way back. */
export const releases = async (
  campus: Alive,
  students: readonly Student[],
  { environment, operator, artifacts, bootSeconds }: Release,
  step: Step,
): Promise<void> => {
  const { site, demo, cluster, region, host, certificates } = campus;
  const there = ["--region", region.place.region];
  const before = await versionServed(campus);
  const {
    "v2, which is well": good,
    "v3, whose processes find no database": blind,
    "v4, which is slow behind the load balancer": slow,
  } = await step("three more releases are packed", artifacts);
  const both = campus.places.length > 1 ? [] : there;
  const publish = ({ file }: Artifact, ...where: readonly string[]) =>
    operator.must("publish", environment, ...where, "--file", file, "--keep-record");
  await step("three more releases are published", async () => {
    await publish(good, ...both);
    for (const artifact of [blind, slow]) await publish(artifact, ...there);
  });
  const paying = new Payers(site, demo, students);
  await step(
    "v2 is released under load",
    async () => {
      const hammer = new Hammer(host, certificates.authority, clients);
      await operator.must("release", environment, good.sha256, ...there, ...hurry, "--first-machine-within", "900");
      while (hammer.sent < leastPosts) await new Promise((resolve) => setTimeout(resolve, 200));
      await mustServe(campus, good.sha256);
      return hammer.stop();
    },
    (posts) => `${posts} keyed POSTs, 0 failed`,
  );
  await step(
    "v3, whose processes find no database, gets no request",
    () =>
      operator.refuses(
        /no machine of the new version was fit to serve within \d+ s/,
        "release",
        environment,
        blind.sha256,
        ...there,
        ...hurry,
        "--first-machine-within",
        String(Math.ceil(2 * bootSeconds)),
      ),
    (reason) => reason,
  );
  await step(
    "v4, which is slow behind the load balancer, is stopped at its checkpoint",
    () => operator.refuses(/\d+ of \d+: \/health was not answered[^(]*/, "release", environment, slow.sha256, ...there, ...hurry),
    (reason) => reason,
  );
  await step("v2 serves on", () => mustServe(campus, good.sha256));
  await step("the way back from v2", async () => {
    await operator.must("rollback", environment, ...there, ...hurryBack);
    await mustServe(campus, before);
  });
  await step(
    "students paid meanwhile",
    () => paying.stop(cluster),
    (seen) => seen,
  );
};
