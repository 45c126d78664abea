// The campus on this machine. Runs in namespaces of its own, which end with it: started by live.ts.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Cluster } from "../../../app/local/cluster.ts";
import type { Demo } from "../../../app/local/demo/demo.ts";
import { type LocalSecrets, readOrMakeSecrets } from "../../../app/local/secrets.ts";
import { type Certificates, makeCertificates } from "../../machine/certificates.ts";
import { type Ask, askWorld } from "./ask.ts";
import { Balancer } from "./balancer.ts";
import { ledgerIsWhole, pay, Site, type Student, seedCampus, smsProvider, startSmsProvider } from "./campus.ts";
import { startCache, startDatabase } from "./databases.ts";
import { type Distribution, readDistribution, startEdge } from "./edge.ts";
import { migrateDatabase, publishArtifact, setSecrets } from "./first-deploy.ts";
import { Fleet } from "./fleet.ts";
import { startMetadata } from "./metadata.ts";
import { addressesOf, readEndpoints, readRecords, startNameServer } from "./names.ts";
import { fillWallets, logInAll, Payers } from "./payers.ts";
import { bringUpLoopback, buildNetworks, others, type Place, readPlaces } from "./places.ts";
import { Region } from "./region.ts";
import { wire, wireInTls } from "./wires.ts";

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
};

const worldPort = 4_566;
const worldUrl = `http://127.0.0.1:${worldPort}`;
const followEveryMs = 1_000;
const inServiceWithinMs = 300_000;

const say = (line: string) => void process.stdout.write(`${line}\n`);

const step = async <T>(what: string, work: () => Promise<T>, seen: (result: T) => string = () => ""): Promise<T> => {
  const startedAt = performance.now();
  const result = await work();
  const found = seen(result);
  say(`  ${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s  ${what}${found ? `: ${found}` : ""}`);
  return result;
};

const until = async (what: string, withinMs: number, look: () => Promise<boolean>, explain = () => ""): Promise<void> => {
  const deadline = performance.now() + withinMs;
  while (!(await look().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`${what}: not seen within ${withinMs / 1_000} s. ${explain()}`);
    await pause(250);
  }
};

type Campus = {
  readonly ask: Ask;
  readonly places: readonly Place[];
  readonly certificates: Certificates;
  readonly secrets: LocalSecrets;
  readonly distribution: Distribution;
  readonly site: Site;
  readonly publishNames: () => Promise<void>;
};

/** With machines that serve, a database and people. */
type Alive = Campus & { readonly region: Region; readonly demo: Demo; readonly cluster: Cluster };

/** Networks, names and certificates as the world has them, and the world at AWS's own names. */
const surround = async ({ folder, python, worldSocket, regions }: Given): Promise<Campus> => {
  bringUpLoopback();
  await wire({ host: "127.0.0.1", port: worldPort }, { path: worldSocket });
  const ask = askWorld(python, worldUrl);
  const places = await readPlaces(ask, regions);
  buildNetworks(places);
  const endpoints = new Map([...(await readEndpoints(ask, places)), [smsProvider, others]]);
  const distribution = await readDistribution(ask);
  const [host = ""] = distribution.Aliases.Items;
  const nameServer = startNameServer(folder, places);
  const publishNames = async () => nameServer.publish(addressesOf(await readRecords(ask), endpoints));
  await publishNames();
  const ofAws = places.flatMap(({ region }) => [`*.${region}.amazonaws.com`, `*.s3.${region}.amazonaws.com`]);
  const ours = addressesOf(await readRecords(ask), endpoints).keys();
  const certificates = makeCertificates(folder, [...ofAws, "*.amazonaws.com", ...ours]);
  for (const { aws } of places) await wireInTls({ host: aws, port: 443 }, { host: "127.0.0.1", port: worldPort }, certificates);
  const secrets = readOrMakeSecrets(join(folder, "secrets.json"));
  return { ask, places, certificates, secrets, distribution, site: new Site(host, certificates.authority), publishNames };
};

/** Machines, load balancer and edge; they follow the world from now on. */
const bringUp = async ({ folder, base }: Given, { ask, places, certificates, distribution, publishNames }: Campus): Promise<Region[]> => {
  const pem = join(folder, "balancer.pem");
  writeFileSync(pem, `${certificates.certificate}${certificates.key}`, { mode: 0o600 });
  const machines = join(folder, "machines");
  mkdirSync(machines);
  const regions = places.map((place) => {
    const fleet = new Fleet({ ask, place, base, folder: machines, authority: certificates.authority });
    return new Region(ask, worldUrl, place, fleet, new Balancer(folder, place.bridge, place.balancer, pem));
  });
  await startMetadata(ask, (address) => regions.flatMap(({ fleet }) => fleet.machineAt(address)?.metadata ?? [])[0]);
  const [served] = places;
  await fetch(`${worldUrl}/world/machines?region=${served?.region}`, { method: "POST" });
  const { certificateFile: certificate, keyFile: key } = certificates;
  startEdge(folder, distribution, { certificate, key, authority: join(folder, "authority.pem") });
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

const students = 6;
const paymentsAround = 20;

/** Its power is cut while students pay: what was under way is sent again by their phones, and nothing is lost. */
const losesAMachine = async (campus: Alive, payers: readonly Student[]): Promise<string> => {
  const { region, site, demo, cluster } = campus;
  const paying = new Payers(site, demo, payers);
  const morePaid = async (count: number) => {
    const before = paying.receipts.length;
    await until(`${count} more payments`, inServiceWithinMs, async () => paying.receipts.length >= before + count);
  };
  await morePaid(paymentsAround);
  const before = new Set(region.fleet.running.keys());
  const [victim = ""] = region.inService();
  region.fleet.running.get(victim)?.machine.kill();
  const killedAt = performance.now();
  await until("the dead machine left the load balancer", inServiceWithinMs, async () => !region.inService().includes(victim));
  const noticed = (performance.now() - killedAt) / 1_000;
  await until("a new machine in service", inServiceWithinMs, async () => region.inService().some((id) => !before.has(id)));
  const replaced = (performance.now() - killedAt) / 1_000;
  await morePaid(paymentsAround);
  return `found dead after ${noticed.toFixed(0)} s, replaced after ${replaced.toFixed(0)} s; ${await paying.stop(cluster)}`;
};

/** What everybody comes for, and that it outlives a machine. */
const serves = async (campus: Alive, codeOf: (phone: string) => string | undefined): Promise<void> => {
  const { site, demo } = campus;
  const payers = await step("students log in with a code by SMS", () => logInAll(site, demo, codeOf, students));
  await step(
    "one pays through the edge",
    () => pay(site, demo, payers[0] as Student),
    ({ receipt_id }) => `receipt ${receipt_id}`,
  );
  await step(
    "a machine is killed while they pay, and replaced",
    () => losesAMachine(campus, payers),
    (seen) => seen,
  );
  await step(
    "the ledger is whole",
    () => ledgerIsWhole(site, demo),
    (seen) => seen.slice(0, 200),
  );
};

const main = async (given: Given): Promise<void> => {
  const { folder, environment, artifact } = given;
  const campus = await step("networks, names, certificates, AWS's services at their own names", () => surround(given));
  const { ask, places, secrets, certificates, site } = campus;
  const [north] = places;
  if (!north) throw new Error("no region has a VPC: the network stacks were not deployed.");
  const cluster = await step("PostgreSQL with TLS at the instance's endpoint", () => startDatabase(folder, north, secrets, certificates));
  const redisUrl = await step("Redis with TLS and a password", () => startCache(folder, north, secrets, certificates));
  await step("roles and schema", () => migrateDatabase(cluster, secrets));
  await step("secrets have values", () => setSecrets(ask, north.region, environment, secrets));
  await step(
    "artifact published",
    () => publishArtifact(ask, north, environment, artifact),
    () => artifact.sha256.slice(0, 12),
  );
  const demo = await step("a campus with students, cafés and tills", () =>
    seedCampus(folder, campus.distribution.Aliases.Items[0] ?? "", cluster, secrets, redisUrl),
  );
  const codeOf = await startSmsProvider(others, certificates);
  await fillWallets(cluster);
  const [region] = await bringUp(given, campus);
  if (!region) return;
  await step(
    "machines boot their own user data and answer the load balancer's checks",
    () =>
      until(
        "two machines in service",
        inServiceWithinMs,
        async () => region.inService().length >= 2,
        () => region.journals(),
      ),
    () => `${region.fleet.running.size} machines`,
  );
  await step("the edge's address serves", () => until("/ready", 30_000, async () => (await site.ask("GET", "/ready")).status === 200));
  await serves({ ...campus, region, demo, cluster }, codeOf).catch((error: Error) => {
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
