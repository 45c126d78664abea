import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { type Cluster, startCluster } from "../local/cluster.ts";
import { type LocalRedis, startRedis } from "../local/redis.ts";
import { asSuperuser, createDatabase, createRoles, databaseAccess, type RolePasswords } from "../local/roles.ts";
import { redisDatabases, templateDatabase } from "./database.ts";

/** What a test file needs to make its own database and Redis on the servers of this run. */
export interface TestServers {
  readonly postgresPort: number;
  readonly superuserUrl: string;
  readonly passwords: RolePasswords;
  readonly redisUrl: string;
}

declare module "vitest" {
  interface ProvidedContext {
    testServers: TestServers;
  }
}

let stopServers: (() => Promise<void>) | undefined;

/** One PostgreSQL (fsync off, as nothing here outlives the run) with a migrated template, and one Redis, for all test files. */
export async function setup(project: TestProject): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "campus-test-"));
  await chmod(folder, 0o755);
  const passwords: RolePasswords = { owner: newPassword(), app: newPassword() };
  const [cluster, redis] = await Promise.all([
    startCluster({
      dataFolder: path.join(folder, "postgres"),
      superuserPassword: newPassword(),
      durable: false,
      logFile: path.join(folder, "postgres.log"),
    }),
    startRedis({ databases: redisDatabases, logFile: path.join(folder, "redis.log") }),
  ]);
  stopServers = () => stopAll(cluster, redis, folder);
  try {
    await makeTemplate(cluster, passwords);
  } catch (error) {
    await stopServers();
    throw error;
  }
  project.provide("testServers", {
    postgresPort: cluster.port,
    superuserUrl: cluster.superuserUrl("postgres"),
    passwords,
    redisUrl: redis.url,
  });
}

export async function teardown(): Promise<void> {
  await stopServers?.();
}

async function makeTemplate(cluster: Cluster, passwords: RolePasswords): Promise<void> {
  await asSuperuser(cluster, "postgres", async (client) => {
    await createRoles(client, passwords);
    await createDatabase(client, templateDatabase);
  });
  const script = path.join(import.meta.dirname, "..", "migrate.ts");
  await promisify(execFile)(process.execPath, [script], {
    env: {
      ...process.env,
      CAMPUS_ENV: "sandbox",
      MIGRATION_DATABASE_URL: databaseAccess(cluster, templateDatabase).ownerUrl,
      MIGRATION_DATABASE_PASSWORD: passwords.owner,
    },
  });
}

async function stopAll(cluster: Cluster, redis: LocalRedis, folder: string): Promise<void> {
  await Promise.all([cluster.stop(), redis.stop()]);
  await rm(folder, { recursive: true, force: true });
}

const newPassword = () => randomBytes(24).toString("base64url");
