// The campus on this machine. Runs in namespaces of its own, which end with it: started by live.ts.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { readOrMakeSecrets } from "../../../app/local/secrets.ts";
import { makeCertificates } from "../../machine/certificates.ts";
import { environmentNamed } from "../../release/target.ts";
import { type LiveDrill, usualDrills } from "../options.ts";
import { ledgerIsWhole } from "./accountant.ts";
import type { Alive, Campus, Standby } from "./alive.ts";
import { firstPage } from "./answers.ts";
import { askWorld } from "./ask.ts";
import { Balancer } from "./balancer.ts";
import { objectsOf, pay, paymentGateway, Site, type Student, seedCampus, smsProvider, startGateway, startSmsProvider } from "./campus.ts";
import { carryTo, serverOptions, startCache, startDatabase, tlsFilesOf } from "./databases.ts";
import { edgeErrors, readDistribution, readFunctions, startEdge } from "./edge.ts";
import { firstRelease, migrateDatabase, publishArtifact, publishPictures, setSecrets } from "./first-deploy.ts";
import { Fleet } from "./fleet.ts";
import { gameDaysAlive } from "./game-days.ts";
import { Instances } from "./instances.ts";
import { journalsArrive } from "./journals.ts";
import { lookAround } from "./look-around.ts";
import { losesAMachine, losesTheDatabase } from "./losses.ts";
import { startMetadata } from "./metadata.ts";
import { addressesOf, readEndpoints, readRecords, startNameServer, useNameServer } from "./names.ts";
import { Operator } from "./operator.ts";
import { fillWallets, logInAll } from "./payers.ts";
import { permissions } from "./permissions.ts";
import { awsOfNoRegion, bringUpLoopback, buildNetworks, gateway, others, type Place, readPlaces } from "./places.ts";
import { Region } from "./region.ts";
import { losesTheRegion } from "./region-lost.ts";
import { type Release, releases } from "./releases.ts";
import { rotates } from "./rotations.ts";
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
  /** The port at which this machine reaches the edge, where the campus is kept; else it ends when all was seen. */
  readonly keptAt: number | undefined;
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
  const endpoints = new Map([...(await readEndpoints(ask, places)), [smsProvider, others], [paymentGateway, gateway]]);
  const distribution = await readDistribution(ask);
  const [host = ""] = distribution.Aliases.Items;
  const nameServer = await startNameServer(folder, places);
  useNameServer(folder);
  const publishNames = async () => nameServer.publish(addressesOf(await readRecords(ask), endpoints));
  await publishNames();
  // Of every region, also where only one stands: an operator's command asks both.
  const ofAws = regions.flatMap((region) => [`*.${region}.amazonaws.com`, `*.s3.${region}.amazonaws.com`]);
  const ours = addressesOf(await readRecords(ask), endpoints).keys();
  const certificates = makeCertificates(folder, [...ofAws, "*.amazonaws.com", ...ours]);
  const certificate = join(folder, "ours.pem");
  writeFileSync(certificate, `${certificates.certificate}${certificates.key}`, { mode: 0o600 });
  const toWorld = [awsOfNoRegion, ...places.map(({ aws }) => aws)].map((host) => ({
    from: { host, port: 443 },
    to: { path: worldSocket },
    certificate,
  }));
  await startWires(folder, "aws", toWorld);
  const secrets = readOrMakeSecrets(join(folder, "secrets.json"));
  return { ask, places, certificates, secrets, distribution, host, site: new Site(host, certificates.authority), publishNames };
};

const goOn = async (work: () => Promise<unknown>): Promise<never> => {
  for (;;) {
    await work().catch((error: Error) => say(`          ! ${error.message}`));
    await pause(followEveryMs);
  }
};

/** Machines, load balancers and edge of these regions; they follow the world from now on. */
const bringUp = async (
  { folder, base }: Given,
  { ask, certificates, distribution, publishNames }: Campus,
  places: readonly Place[],
): Promise<readonly Region[]> => {
  const machines = join(folder, "machines");
  mkdirSync(machines);
  const regions = places.map((place) => {
    const fleet = new Fleet({ ask, place, base, folder: machines, authority: certificates.authority });
    return new Region(ask, worldUrl, place, fleet, new Balancer(folder, place.bridge, place.balancer, join(folder, "ours.pem")));
  });
  await startMetadata(ask, (address) => regions.flatMap(({ fleet }) => fleet.machineAt(address)?.metadata ?? [])[0]);
  for (const { region } of places) await fetch(`${worldUrl}/world/machines?region=${region}&patience=${patience}`, { method: "POST" });
  const { certificateFile: certificate, keyFile: key } = certificates;
  await startEdge(distribution, await readFunctions(ask, distribution), {
    folder,
    certificate,
    key,
    authority: join(folder, "authority.pem"),
  });
  for (const region of regions) void goOn(() => region.follow((line) => say(`            ${line}`)));
  void goOn(publishNames);
  return regions;
};

/** PostgreSQL at the endpoint of each of these regions' instances: the first writes, the other is its copy. */
const bringUpDatabases = async ({ folder }: Given, { ask, secrets, certificates }: Campus, places: readonly Place[]) => {
  const tls = tlsFilesOf(folder, certificates);
  const database = await startDatabase(serverOptions(folder, "postgres", secrets, tls), secrets);
  const [first] = places;
  if (places.length === 1 && first) await carryTo(database.cluster, folder, first);
  const instances = places.length > 1 ? new Instances({ ask, places, writer: database.cluster, folder, secrets, tls }) : undefined;
  await instances?.follow();
  if (instances) void goOn(() => instances.follow());
  return { database, instances };
};

const students = 40;

/** What a campus goes through, each while students pay. */
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
  rotate: (campus, payers, release) => rotates(campus, payers, release, step),
  "region-lost": (campus, payers, release) => losesTheRegion(campus, payers, release, step),
};

/** What everybody comes for, and that it outlives what a campus goes through. */
const serves = async (campus: Alive, release: Release, drillsToDo: readonly LiveDrill[]): Promise<void> => {
  const { site, demo, codeOf } = campus;
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
  for (const name of drillsToDo) await drills[name](campus, payers, release);
  await step(
    "the ledger is whole",
    () => ledgerIsWhole(site, demo),
    (seen) => seen.slice(0, 60),
  );
  // Who looks around has yet to begin.
  if (drillsToDo.length === 0) return;
  await step(
    "what each role asked of AWS",
    () => permissions(worldUrl, drillsToDo === usualDrills, say),
    (seen) => seen,
  );
};

const main = async (given: Given): Promise<void> => {
  const { folder, environment, artifact, drill, keptAt } = given;
  const drillsToDo: readonly LiveDrill[] = drill ? [drill] : keptAt ? [] : usualDrills;
  const campus = await step("networks, names, certificates, AWS's services at their own names", () => surround(given));
  const { ask, secrets, certificates, site } = campus;
  const [north, south] = campus.places;
  if (!north) throw new Error("no region has a VPC: the network stacks were not deployed.");
  if (drill === "region-lost" && !south) throw new Error("one region stands alone, and a drill that loses it needs another one.");
  // Whoever looks around may lose a region too.
  const places = (drill === "region-lost" || (keptAt && !drill)) && south ? [north, south] : [north];
  const { database, instances } = await step(
    "PostgreSQL with TLS at the instances' endpoints",
    () => bringUpDatabases(given, campus, places),
    () => (places.length > 1 ? "a writer, and a copy that follows it" : ""),
  );
  const { cluster } = database;
  const [cache] = await step("Redis with TLS and a password", () =>
    Promise.all(places.map((place) => startCache(folder, place, secrets, join(folder, "ours.pem")))),
  );
  if (!cache) return;
  await step("roles and schema", () => migrateDatabase(cluster, secrets));
  await step("secrets have values", () => setSecrets(ask, north.region, environment, secrets));
  await step(
    "artifact published",
    () => Promise.all(places.map((place) => publishArtifact(ask, place, environment, artifact))),
    () => artifact.sha256.slice(0, 12),
  );
  const demo = await step("a campus with students, cafés and tills", () =>
    seedCampus(folder, campus.distribution.Aliases.Items[0] ?? "", cluster, secrets, cache.url),
  );
  await publishPictures(ask, north, environment, objectsOf(folder));
  const codeOf = await startSmsProvider(others, certificates, join(folder, "sms"));
  const { gatewayKeyId } = environmentNamed(environment).providers;
  await startGateway(folder, gatewayKeyId, secrets.app.GATEWAY_KEY_SECRET, join(folder, "ours.pem"));
  await fillWallets(cluster);
  const [region, other] = await bringUp(given, campus, places);
  if (!region) return;
  const standby: Standby | undefined = other && instances && { region: other, instances };
  const poweredAt = performance.now();
  // While they boot.
  const packed = drillsToDo.includes("release") ? makeVariants(folder, artifact) : undefined;
  packed?.catch(() => undefined);
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
  const operator = new Operator(join(folder, "authority.pem"));
  await step("the first release puts the pages, and the edge serves them", async () => {
    await firstRelease(operator, places, environment, artifact);
    await firstPage(site);
  });
  const release = { environment, bootSeconds, operator, artifacts: () => packed ?? makeVariants(folder, artifact) };
  const alive: Alive = { ...campus, ...database, region, standby, cache, demo, codeOf };
  await serves(alive, release, drillsToDo).catch((error: Error) => {
    throw new Error(`${error.message}${region.journals()}${other?.journals() ?? ""}`);
  });
  if (keptAt) await lookAround({ folder, port: keptAt, host: campus.host, demo, operator, region, other, environment });
};

// The first process of a namespace hears only the signals that it asks for.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const lastErrorsOfEdge = (folder: string): string => {
  const file = edgeErrors(folder);
  const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").slice(-5) : [];
  return lines.map((line) => `\nthe edge: ${line}`).join("");
};

const given = JSON.parse(process.argv[2] ?? "") as Given;
main(given).then(
  () => process.exit(0),
  (error: Error) => {
    process.stderr.write(`live: ${error.message}${lastErrorsOfEdge(given.folder)}\n`);
    process.exit(1);
  },
);
