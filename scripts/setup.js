// Runs before `npm start` and `npm test`, on the machine's own Node (20 or newer) with no package installed: so plain JavaScript.
// Installs the locked packages when they are missing or old, and makes sure of a redis-server.
import { spawn } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const oldestNodeMajor = 20;
const progressEverySeconds = 10;
const policyFile = "/usr/sbin/policy-rc.d";
const exitNoRedis = 2;

/** How each package manager installs Redis. Debian's would also start it as a service, which `installRedis` forbids. */
const packageManagers = [
  { program: "apt-get", commands: ["apt-get update -qq", "apt-get install -y -qq --no-install-recommends redis-server"] },
  { program: "dnf", commands: ["dnf install -y -q redis || dnf install -y -q valkey-compat-redis"] },
  { program: "apk", commands: ["apk add --no-cache --quiet redis"] },
];

/** What the live rehearsal runs, and the Debian package that brings it. */
const liveProgram = {
  "systemd-nspawn": "systemd-container",
  debootstrap: "debootstrap debian-archive-keyring",
  ip: "iproute2",
  pgrep: "procps",
  openssl: "openssl",
  dnsmasq: "dnsmasq-base",
  haproxy: "haproxy",
  nginx: "nginx-light",
};

/**
 * Are exactly the locked packages installed? npm writes what it installed to node_modules/.package-lock.json as its last act,
 * so an interrupted or older installation shows. An optional package may be absent: it is another system's.
 * @param {string} root
 */
export function packagesAreCurrent(root) {
  const locked = readPackages(path.join(root, "package-lock.json"));
  const installed = readPackages(path.join(root, "node_modules", ".package-lock.json"));
  if (!locked || !installed || !existsSync(path.join(root, "node_modules/.bin/node"))) return false;
  return Object.entries(locked).every(([place, wanted]) => {
    if (place === "") return true;
    const found = installed[place];
    return found ? found.version === wanted.version && found.integrity === wanted.integrity : wanted.optional === true;
  });
}

/** @param {string} file @returns {Record<string, {version?: string, integrity?: string, optional?: boolean}> | undefined} */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

/** @param {string} program @param {string | undefined} searchPath */
export function findOnPath(program, searchPath = process.env.PATH) {
  return (searchPath ?? "")
    .split(path.delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => path.join(folder, program))
    .find(isExecutable);
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} root */
async function installPackages(root) {
  const release = takeSetupLock(root);
  try {
    say("Installing the locked packages (a minute or two the first time) …");
    const npm = process.env.npm_execpath;
    const [program, first] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
    const started = Date.now();
    const { code, output } = await runQuietly(program, [...first, "ci", "--no-audit", "--no-fund", "--loglevel=error"], root);
    if (code !== 0) fail(`The packages could not be installed: ${reason(output)} Try \`npm ci\` by hand to see all of it.`);
    if (!packagesAreCurrent(root))
      fail(
        "npm ci ended well, yet not all locked packages are there: run `npm ci --foreground-scripts` and look for a script that npm did not allow.",
      );
    say(`Packages installed in ${seconds(started)} s.`);
  } finally {
    release();
  }
}

/** Two installations into one folder would undo each other. @param {string} root */
function takeSetupLock(root) {
  const lock = path.join(root, ".campus", "setup.lock");
  mkdirSync(path.dirname(lock), { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      return () => rmSync(lock, { force: true });
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
      const holder = Number(readFileSync(lock, "utf8"));
      if (attempt > 1 || isAlive(holder))
        fail(`Process ${holder} is installing the packages in this folder: wait for it, then start again.`);
      rmSync(lock, { force: true });
    }
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

async function ensureRedis() {
  if (findOnPath("redis-server")) return;
  const manager = packageManagers.find(({ program }) => findOnPath(program));
  if (process.getuid?.() !== 0 || !manager) {
    const how = manager
      ? `sudo ${manager.commands.at(-1)?.split(" || ")[0]?.replaceAll(" -qq", "")}`
      : "see https://redis.io/docs/latest/operate/oss_and_stack/install/";
    fail(`There is no redis-server on the PATH: install Redis 6 or newer (${how}) and start again.`, exitNoRedis);
  }
  say(`Installing Redis with ${manager.program} …`);
  const started = Date.now();
  const failure = await installSystemPackages(manager.commands);
  if (failure) fail(`Redis could not be installed ${failure}`, exitNoRedis);
  if (!findOnPath("redis-server"))
    fail(`${manager.program} installed Redis, yet there is no redis-server on the PATH: add its folder to PATH.`, exitNoRedis);
  say(`Redis installed in ${seconds(started)} s.`);
}

/** Says why not, or nothing. @param {string[]} commands */
async function installSystemPackages(commands) {
  const allowServices = forbidServices();
  try {
    for (const command of commands) {
      const { code, output } = await runQuietly("sh", ["-c", command], "/");
      if (code !== 0) return `(\`${command}\`): ${reason(output)}`;
    }
    return undefined;
  } finally {
    allowServices();
  }
}

/** A machine that cannot have them rehearses without machines, so it is told and nothing fails. */
async function ensureLivePrograms() {
  const missing = Object.entries(liveProgram).filter(([program]) => !findOnPath(program));
  if (missing.length === 0) return;
  const names = missing.map(([, name]) => name).join(" ");
  const without = "the live rehearsal will say so and end with 3";
  if (process.getuid?.() !== 0 || !findOnPath("apt-get")) return say(`Not installed, which takes root and apt-get: ${names}; ${without}.`);
  say(`Installing ${names} …`);
  const started = Date.now();
  const failure = await installSystemPackages(["apt-get update -qq", `apt-get install -y -qq --no-install-recommends ${names}`]);
  say(failure ? `Not installed ${failure} So ${without}.` : `Installed in ${seconds(started)} s.`);
}

/**
 * Debian starts a service as it installs it unless this file says no. The file speaks only while this process lives:
 * left behind by a kill, it allows everything again and removes itself.
 */
function forbidServices() {
  if (existsSync(policyFile) || !existsSync(path.dirname(policyFile))) return () => undefined;
  writeFileSync(policyFile, `#!/bin/sh\nkill -0 ${process.pid} 2>/dev/null && exit 101\nrm -f "$0"\nexit 0\n`, { mode: 0o755 });
  return () => rmSync(policyFile, { force: true });
}

/** Runs a program, keeps its output for the case that it fails, and says every ten seconds that it still runs.
 * @param {string} program @param {string[]} args @param {string} cwd @returns {Promise<{code: number | null, output: string}>} */
function runQuietly(program, args, cwd) {
  const started = Date.now();
  return new Promise((resolve) => {
    const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const child = spawn(program, args, { cwd, env: environment, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const keep = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk.toString()).slice(-20_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const ticking = setInterval(() => say(`  … still at it after ${seconds(started)} s`), progressEverySeconds * 1000);
    const end = (/** @type {number | null} */ code) => {
      clearInterval(ticking);
      resolve({ code, output });
    };
    child.on("error", (error) => {
      output += error.message;
      end(1);
    });
    child.on("close", end);
  });
}

/** The line of a failed program's output that says most. @param {string} output */
function reason(output) {
  const lines = output
    .split("\n")
    .map((line) => line.replace(/^npm (error|ERR!)/, "").trim())
    .filter((line) => line !== "" && !/^code |complete log of this run|^errno |^syscall /.test(line));
  const telling =
    lines.find((line) => /ENOSPC|EACCES|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|E404|EINTEGRITY|No space left/.test(line)) ??
    lines.find((line) => /error|^E:|can only|failed/i.test(line)) ??
    lines.at(-1);
  return telling ? telling.replace(/[.:]?$/, ".") : "it said nothing.";
}

/** @param {number} started */
const seconds = (started) => ((Date.now() - started) / 1000).toFixed(1);

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`);
}

/** @param {string} line @param {number} [code] @returns {never} */
function fail(line, code = 1) {
  throw Object.assign(new Error(line), { exitCode: code });
}

/** @param {boolean} isLive */
async function setUp(isLive) {
  const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
  const major = Number(process.versions.node.split(".")[0]);
  if (major < oldestNodeMajor)
    fail(`This is Node ${process.versions.node}; Campus Pay needs ${oldestNodeMajor} or newer: https://nodejs.org`);
  if (!packagesAreCurrent(root)) await installPackages(root);
  const isStartWithOwnRedis = process.env.npm_lifecycle_event === "prestart" && process.env.REDIS_URL;
  if (!isStartWithOwnRedis) await ensureRedis();
  if (isLive) await ensureLivePrograms();
}

/** In the shape of app/local/command.ts, whose types no Node before 22.18 can read. */
export const command = /** @type {const} */ ({
  name: "npm run setup",
  for: "newcomer",
  what: "Installs the locked packages where they are missing or old, and makes sure of a redis-server; `npm start` and `npm test` begin with it.",
  touches: "node_modules; as root also the system's packages.",
  options: {
    live: {
      type: "boolean",
      help: "as root on Debian also what `npm run rehearse -- --live` runs: systemd-nspawn, debootstrap, dnsmasq, haproxy, nginx",
    },
  },
  exits: {
    1: "the packages could not be installed",
    2: "no redis-server, and it cannot be installed; or what was typed is not understood",
  },
});

const help = `${command.name} -- [options]

${command.what}
Touches: ${command.touches}

Options:
  --live  ${command.options.live.help}
  --help  this text, and nothing is done

Exit codes:
  0  done
  1  ${command.exits[1]}
  2  ${command.exits[2]}`;

const asked = process.argv.slice(2);
const unknown = asked.find((word) => word !== "--live");
if (process.argv[1] === fileURLToPath(import.meta.url) && (asked.includes("--help") || asked.includes("-h")))
  process.stdout.write(`${help}\n`);
else if (process.argv[1] === fileURLToPath(import.meta.url) && unknown !== undefined) {
  say(`npm run setup: Unknown option '${unknown}'. \`npm run setup -- --help\` says what it takes.`);
  process.exitCode = 2;
} else if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => process.exit(130));
  setUp(asked.includes("--live")).catch((/** @type {Error & {exitCode?: number}} */ error) => {
    say(error.exitCode ? error.message : `Setting up failed: ${error.message}`);
    process.exitCode = error.exitCode ?? 1;
  });
}
