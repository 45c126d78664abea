// Runs inside namespaces of its own, started by scripts/host-try.ts.
import { copyFileSync, openSync, writeSync } from "node:fs";
import { request } from "node:https";
import path from "node:path";
import { migrate } from "../../app/migrate.ts";
import { bootScript } from "../../stacks/user-data.ts";
import { Machine } from "./machine.ts";
import { bridge, gateway, type Site, startSite } from "./site.ts";

interface Given {
  readonly base: string;
  readonly folder: string;
  readonly artifact: { readonly file: string; readonly sha256: string };
  readonly posts: number;
  readonly quick: boolean;
}

/** A machine boots in 20 s alone; beside other work it takes minutes, which is no fault of it. */
const bootWithinMs = 600_000;
const given = JSON.parse(process.argv[2] ?? "") as Given;
let machines = 0;

const say = (line: string) => void process.stdout.write(`${line}\n`);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function step(what: string, work: () => Promise<string>): Promise<void> {
  const started = performance.now();
  const seen = await work();
  say(`  ${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${what}: ${seen}`);
}

interface Boot {
  readonly sha256?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

function newMachine(site: Site, boot: Boot = {}): Promise<Machine> {
  machines += 1;
  const sha256 = boot.sha256 ?? given.artifact.sha256;
  const environment = { ...site.environment, CAMPUS_VERSION: sha256, ...boot.environment };
  return Machine.of({
    base: given.base,
    folder: path.join(given.folder, "machines"),
    name: `campus-try-${machines}`,
    bridge,
    address: `10.99.0.${10 + machines}`,
    gateway,
    hosts: site.hosts,
    authority: site.certificates.authority,
    files: { "usr/local/share/campus-pay/ca/try.pem": site.certificates.authority },
    userData: bootScript({ artifactBucket: "artifacts", artifactSha256: sha256, region: "eu-north-1", program: "start", environment }),
  });
}

const addressOf = () => `10.99.0.${10 + machines}`;

/** Asks the machine as its load balancer does: in TLS, not looking at the certificate. */
function ask(address: string, place: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: address, port: 8443, path: place, rejectUnauthorized: false, timeout: 2_000 }, (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked
      .on("timeout", () => asked.destroy(new Error("no answer")))
      .on("error", reject)
      .end();
  });
}

async function until<T>(
  what: string,
  withinMs: number,
  look: () => Promise<T | undefined> | T | undefined,
  explain = () => "",
): Promise<T> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    const seen = await Promise.resolve(look()).catch(() => undefined);
    if (seen !== undefined) return seen;
    await pause(200);
  }
  throw new Error(`${what} was not seen within ${withinMs / 1000} s. ${explain()}`);
}

const ready = (machine: Machine, address: string) =>
  until(
    "/ready",
    bootWithinMs,
    async () => ((await ask(address, "/ready")).status === 200 ? true : undefined),
    () => machine.journal("-n", "60"),
  );

async function bootsAndServes(site: Site): Promise<{ machine: Machine; address: string }> {
  const machine = await newMachine(site);
  const address = addressOf();
  await step("a machine boots from its user data", async () => {
    machine.powerOn();
    await ready(machine, address);
    return "/ready says 200";
  });
  await step("it says which artifact it runs", async () => {
    const { version, database, redis } = JSON.parse((await ask(address, "/health")).body);
    if (version !== given.artifact.sha256 || database !== "connected" || redis !== "connected")
      throw new Error(`/health says ${version}, ${database}, ${redis}`);
    return version.slice(0, 12);
  });
  return { machine, address };
}

async function bootsAgainAlone(machine: Machine, address: string): Promise<void> {
  await step("switched off and on it serves without user data", async () => {
    await machine.powerOff();
    machine.powerOn();
    await ready(machine, address);
    return "/ready says 200";
  });
}

/** Each fault must be named in the journal, and the machine must not serve. */
async function namesTheFault(site: Site, what: string, boot: Boot, words: RegExp): Promise<void> {
  const machine = await newMachine(site, boot);
  const address = addressOf();
  await step(`planted fault, ${what}`, async () => {
    machine.powerOn();
    const named = await until(
      "the journal's line",
      bootWithinMs,
      () => words.exec(machine.journal())?.[0],
      () => machine.journal("-n", "40"),
    );
    const answer = await ask(address, "/ready").catch(() => ({ status: 0 }));
    if (answer.status === 200) throw new Error("the machine serves");
    return `"${named}", not ready`;
  });
  await machine.powerOff();
}

function spoilOneByte(): string {
  const spoiled = path.join(given.folder, "spoiled.tar.gz");
  copyFileSync(given.artifact.file, spoiled);
  writeSync(openSync(spoiled, "r+"), Buffer.from([0xff, 0x5a]), 0, 2, 4_096);
  return spoiled;
}

async function main(): Promise<void> {
  const site = await startSite(given.folder);
  const objectPath = (sha256: string) => `artifacts/releases/${sha256}.tar.gz`;
  site.aws.objects.set(objectPath(given.artifact.sha256), given.artifact.file);
  await migrate(site.ownerUrl, site.secrets.ownerPassword);
  const { machine, address } = await bootsAndServes(site);
  await bootsAgainAlone(machine, address);
  await machine.powerOff();
  const spoiled = "0".repeat(64);
  site.aws.objects.set(objectPath(spoiled), spoilOneByte());
  await namesTheFault(
    site,
    "one wrong byte in the artifact",
    { sha256: spoiled },
    /the bytes of the artifact are not those[^\n]*not started/,
  );
  if (!given.quick) {
    await namesTheFault(site, "no such artifact", { sha256: "1".repeat(64) }, /no artifact 1{64} in artifacts[^\n]*/);
    await namesTheFault(site, "a variable that is wrong", { environment: { PUBLIC_URL: "nonsense" } }, /PUBLIC_URL: [^\n]*/);
    const noSecret = { JWT_KEYS_SECRET_ID: "campus-try/never-set" };
    await namesTheFault(site, "a secret that was never set", { environment: noSecret }, /[^\n]*JWT_KEYS[^\n]*/);
  }
  await site.stop();
}

main().then(
  () => process.exit(0),
  (error: Error) => {
    process.stderr.write(`host:try: ${error.message}\n`);
    process.exit(1);
  },
);
