// The campus on this machine. Runs in namespaces of its own, which end with it: started by live.ts.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { readOrMakeSecrets } from "../../../app/local/secrets.ts";
import { makeCertificates } from "../../machine/certificates.ts";
import { drillsOfAWholeRun, type LiveDrill } from "../options.ts";
import type { Alive, Campus } from "./alive.ts";
import { askWorld } from "./ask.ts";
import { Balancer } from "./balancer.ts";
import { ledgerIsWhole, pay, Site, type Student, seedCampus, smsProvider, startSmsProvider } from "./campus.ts";
import { startCache, startDatabase } from "./databases.ts";
import { readDistribution, startEdge } from "./edge.ts";
import { migrateDatabase, publishArtifact, setSecrets } from "./first-deploy.ts";
import { Fleet } from "./fleet.ts";
import { gameDaysAlive } from "./game-days.ts";
import { journalsArrive } from "./journals.ts";
import { losesAMachine, losesTheDatabase } from "./losses.ts";
import { startMetadata } from "./metadata.ts";
import { addressesOf, readEndpoints, readRecords, startNameServer, useNameServer } from "./names.ts";
import { Operator } from "./operator.ts";
import { fillWallets, logInAll } from "./payers.ts";
import { permissions } from "./permissions.ts";
import { bringUpLoopback, buildNetworks, others, readPlaces } from "./places.ts";
import { Region } from "./region.ts";
import { type Release, releases } from "./releases.ts";
import { inServiceWithinMs, say, step, until } from "./telling.ts";
import { makeVariants } from "./variants.ts";
import { startWires } from "./wires.ts";

export type Given = {
  readonly folder: string;
  readonly base: string;
  readonly python: string;
  /** A socket in the file system: it reaches the world from any network. */
  readonly worldSocket: string;
  readonly artifact: { readonly file: string; readonly sha256: string };
  readonly environment: string;
  readonly regions: readonly string[];
  readonly keep: boolean;
  readonly drill: LiveDrill | undefined;
};

const worldPort = 4_566;
const worldUrl = `http://127.0.0.1:${worldPort}`;
const followEveryMs = 1_000;
/** How many times as long as in an account a launch hook waits here, where two cores do the work of all. */
const patience = 4;

/** Networks, names and certificates as the world has them, and the world at AWS's own names. */
const surround = async ({ folder, python, worldSocket, regions }: Given): Promise<Campus> => {
  bringUpLoopback();
  await startWires(folder, "world", [{ from: { host: "127.0.0.1", port: worldPort }, to: { path: worldSocket } }]);
  const ask = askWorld(python, worldUrl);
  const places = await readPlaces(ask, regions);
  buildNetworks(places);
  const endpoints = new Map([...(await readEndpoints(ask, places)), [smsProvider, others]]);
  const distribution = await readDistribution(ask);
  const [host = ""] = distribution.Aliases.Items;
  const nameServer = startNameServer(folder, places);
  useNameServer(folder);
  const publishNames = async () => nameServer.publish(addressesOf(await readRecords(ask), endpoints));
  await publishNames();
  // Of every region, also where only one stands: an operator's command asks both.
  const ofAws = regions.flatMap((region) => [`*.${region}.amazonaws.com`, `*.s3.${region}.amazonaws.com`]);
  const ours = addressesOf(await readRecords(ask), endpoints).keys();
  const certificates = makeCertificates(folder, [...ofAws, "*.amazonaws.com", ...ours]);
  const certificate = join(folder, "ours.pem");
  writeFileSync(certificate, `${certificates.certificate}${certificates.key}`, { mode: 0o600 });
  const toWorld = places.map(({ aws }) => ({ from: { host: aws, port: 443 }, to: { path: worldSocket }, certificate }));
  await startWires(folder, "aws", toWorld);
  const secrets = readOrMakeSecrets(join(folder, "secrets.json"));
  return { ask, places, certificates, secrets, distribution, host, site: new Site(host, certificates.authority), publishNames };
};

/** Machines, load balancer and edge; they follow the world from now on. */
const bringUp = async ({ folder, base }: Given, { ask, places, certificates, distribution, publishNames }: Campus): Promise<Region[]> => {
  const machines = join(folder, "machines");
  mkdirSync(machines);
  const regions = places.map((place) => {
    const fleet = new Fleet({ ask, place, base, folder: machines, authority: certificates.authority });
    return new Region(ask, worldUrl, place, fleet, new Balancer(folder, place.bridge, place.balancer, join(folder, "ours.pem")));
  });
  await startMetadata(ask, (address) => regions.flatMap(({ fleet }) => fleet.machineAt(address)?.metadata ?? [])[0]);
  const [served] = places;
  await fetch(`${worldUrl}/world/machines?region=${served?.region}&patience=${patience}`, { method: "POST" });
  const { certificateFile: certificate, keyFile: key } = certificates;
  startEdge(distribution, { folder, certificate, key, authority: join(folder, "authority.pem") });
  const follow = async () => {
    for (;;) {
      // The standby's machines need its replica, which does not stand here yet.
      const [serving] = regions;
      await serving?.follow((line) => say(`            ${line}`)).catch((error: Error) => say(`          ! ${error.message}`));
      await publishNames().catch((error: Error) => say(`          ! ${error.message}`));
      await pause(followEveryMs);
    }
  };
  void follow();
  return regions;
};

const students = 40;

/** What a campus goes through, each while students pay: all of them in this order, or one alone. */
const drills: Readonly<Record<LiveDrill, (campus: Alive, payers: readonly Student[], release: Release) => Promise<unknown>>> = {
  "machine-lost": (campus, payers) =>
    step(
      "a machine is killed while they pay, and replaced",
      () => losesAMachine(campus, payers),
      (seen) => seen,
    ),
  "database-lost": (campus, payers) =>
    step(
      "the database fails over while they pay",
      () => losesTheDatabase(campus, payers),
      (seen) => seen,
    ),
  release: (campus, payers, release) => releases(campus, payers, release, step),
  "game-days": (campus, payers, { environment }) => gameDaysAlive(campus, payers, environment, step),
};

/** What everybody comes for, and that it outlives what a campus goes through. */
const serves = async (
  campus: Alive,
  codeOf: (phone: string) => string | undefined,
  release: Release,
  drill: LiveDrill | undefined,
): Promise<void> => {
  const { site, demo } = campus;
  const payers = await step("students log in with a code by SMS", () => logInAll(site, demo, codeOf, students));
  await step(
    "one pays through the edge",
    () => pay(site, demo, payers[0] as Student),
    ({ receipt_id }) => `receipt ${receipt_id}`,
  );
  await step(
    "the machines' journals reach their log groups",
    () => journalsArrive(campus.ask, campus.region.place.region, release.environment, campus.region.inService()),
    (seen) => seen,
  );
  for (const name of drill ? [drill] : drillsOfAWholeRun) await drills[name](campus, payers, release);
  await step(
    "the ledger is whole",
    () => ledgerIsWhole(site, demo),
    (seen) => seen.slice(0, 60),
  );
  await step(
    "what each role asked of AWS",
    () => permissions(worldUrl, drill === undefined, say),
    (seen) => seen,
  );
};

const main = async (given: Given): Promise<void> => {
  const { folder, environment, artifact } = given;
  const campus = await step("networks, names, certificates, AWS's services at their own names", () => surround(given));
  const { ask, places, secrets, certificates, site } = campus;
  const [north] = places;
  if (!north) throw new Error("no region has a VPC: the network stacks were not deployed.");
  const { cluster, failOver } = await step("PostgreSQL with TLS at the instance's endpoint", () =>
    startDatabase(folder, north, secrets, certificates),
  );
  const cache = await step("Redis with TLS and a password", () => startCache(folder, north, secrets, join(folder, "ours.pem")));
  await step("roles and schema", () => migrateDatabase(cluster, secrets));
  await step("secrets have values", () => setSecrets(ask, north.region, environment, secrets));
  await step(
    "artifact published",
    () => publishArtifact(ask, north, environment, artifact),
    () => artifact.sha256.slice(0, 12),
  );
  const demo = await step("a campus with students, cafés and tills", () =>
    seedCampus(folder, campus.distribution.Aliases.Items[0] ?? "", cluster, secrets, cache.url),
  );
  const codeOf = await startSmsProvider(others, certificates);
  await fillWallets(cluster);
  const [region] = await bringUp(given, campus);
  if (!region) return;
  const poweredAt = performance.now();
  // While they boot.
  const packed = makeVariants(folder, artifact);
  packed.catch(() => undefined);
  await step(
    "machines boot their own user data and answer the load balancer's checks",
    () =>
      until("two machines in service", inServiceWithinMs, async () => region.inService().length >= 2, {
        standing: () => region.standing(),
        explain: () => region.journals(),
      }),
    () => `${region.fleet.running.size} machines`,
  );
  await step("the edge's address serves", () =>
    until("/ready", inServiceWithinMs, async () => (await site.ask("GET", "/ready")).status === 200),
  );
  const bootSeconds = (performance.now() - poweredAt) / 1_000;
  const artifacts = await step("three more releases are packed", () => packed);
  const release = { environment, bootSeconds, operator: new Operator(join(folder, "authority.pem")), artifacts };
  await serves({ ...campus, region, demo, cluster, failOver, cache }, codeOf, release, given.drill).catch((error: Error) => {
    throw new Error(`${error.message}${region.journals()}`);
  });
  if (given.keep) await new Promise(() => setInterval(() => {}, 60_000));
};

main(JSON.parse(process.argv[2] ?? "") as Given).then(
  () => process.exit(0),
  (error: Error) => {
    process.stderr.write(`live: ${error.message}\n`);
    process.exit(1);
  },
);
