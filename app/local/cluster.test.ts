import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assertServerStopped, type Cluster, type ClusterOptions, startCluster } from "./cluster.ts";
import { asSuperuser } from "./roles.ts";

let folder: string;
let options: ClusterOptions;
let running: Cluster | undefined;

// mkdtemp makes the folder 0700: as root this is also the checkout that PostgreSQL's own user may not enter.
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "campus-cluster-"));
  options = {
    dataFolder: path.join(folder, "postgres"),
    superuserPassword: "secret",
    durable: true,
    logFile: path.join(folder, "postgres.log"),
  };
});

afterEach(async () => {
  await running?.stop();
  running = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const start = async (more: Partial<ClusterOptions> = {}) => {
  running = await startCluster({ ...options, ...more });
  return running;
};

test("a committed row survives kill -9 of the server, and a new start continues with the data on the same port", async () => {
  const first = await start();
  await asSuperuser(first, "postgres", (client) => client.query("create table kept as select 42 as answer"));
  await first.kill();
  const second = await start({ port: first.port });
  expect(second.port).toBe(first.port);
  const { rows } = await asSuperuser(second, "postgres", (client) => client.query("select answer from kept"));
  expect(rows).toEqual([{ answer: 42 }]);
});

test("the server asks for the password and listens on loopback only, durably", async () => {
  const cluster = await start();
  const stranger = new pg.Client({ connectionString: cluster.superuserUrl("postgres").replace("secret", "guess") });
  await expect(stranger.connect()).rejects.toMatchObject({ code: "28P01" });
  const { rows } = await asSuperuser(cluster, "postgres", (client) =>
    client.query(
      "select name, setting from pg_settings where name in ('listen_addresses', 'fsync', 'synchronous_commit', 'max_connections') order by 1",
    ),
  );
  expect(rows.map(({ setting }) => setting)).toEqual(["on", "127.0.0.1", "200", "on"]);
});

test("a data folder of another version is refused in one line that names both versions", async () => {
  await (await start()).stop();
  writeFileSync(path.join(options.dataFolder, "PG_VERSION"), "17\n");
  await expect(start()).rejects.toThrow(/^[^\n]*was made by PostgreSQL 17[^\n]*runs PostgreSQL 18[^\n]*--fresh[^\n]*$/);
});

test("a start that was cut in the middle of making the data folder is made good by the next", async () => {
  writeFileSync(`${options.dataFolder}.new`, "half of it");
  const cluster = await start();
  expect(existsSync(`${options.dataFolder}.new`)).toBe(false);
  expect(cluster.server.isRunning()).toBe(true);
});

test("a data folder in use may be neither copied nor replaced", async () => {
  const cluster = await start();
  expect(() => assertServerStopped(options.dataFolder)).toThrow(`(process ${cluster.server.pid}) still uses`);
  await cluster.stop();
  assertServerStopped(options.dataFolder);
});

test.runIf(process.platform === "linux")("kill -9 of the process that started a server ends the server too", async () => {
  chmodSync(folder, 0o755);
  const code = `const { startCluster } = await import(${JSON.stringify(path.join(import.meta.dirname, "cluster.ts"))});
    const { server } = await startCluster(JSON.parse(process.argv[1])); console.log(server.pid); process.stdin.resume();`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", code, JSON.stringify(options)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [said] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(said.toString());
  expect(readFileSync(path.join(options.dataFolder, "postmaster.pid"), "utf8").split("\n")[0]).toBe(String(pid));
  parent.kill("SIGKILL");
  await expect.poll(() => existsSync(path.join(options.dataFolder, "postmaster.pid")), { timeout: 10_000 }).toBe(false);
});
