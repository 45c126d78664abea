import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, expect, test } from "vitest";
import { findPython, startWorld, virtualEnvironment, worldPackages } from "../../../app/local/aws-world.ts";
import { startCluster, superuser } from "../../../app/local/cluster.ts";
import { makeSecrets } from "../../../app/local/secrets.ts";
import { until } from "../../../app/testing/platform.ts";
import { makeCertificates } from "../../machine/certificates.ts";
import { cacheFolder } from "../places.ts";
import { askWorld } from "./ask.ts";
import { serverOptions, tlsFilesOf } from "./databases.ts";
import { Instances } from "./instances.ts";
import type { Place } from "./places.ts";

const found = findPython();
const isPossible = found !== undefined && process.platform === "linux" && spawnSync("which", ["haproxy"]).status === 0;
const folder = mkdtempSync(join(tmpdir(), "campus-instances-"));
chmodSync(folder, 0o755);
const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

const nowhere = { bridge: "", gateway: "", prefix: 16, aws: "", balancer: "", cache: "" };
const north: Place = { ...nowhere, region: "eu-north-1", place: "north", database: "127.13.1.3" };
const south: Place = { ...nowhere, region: "eu-south-1", place: "south", database: "127.13.2.3" };
const withinMs = 60_000;

test.skipIf(!isPossible)(
  "a copy follows, is promoted, and a copy of it takes the place and the name of the one that wrote before",
  async () => {
    const python = join(virtualEnvironment(found as string, worldPackages, cacheFolder), "python");
    const world = await startWorld(python, "/dev/null");
    ends.push(world.stop);
    const ask = askWorld(python, world.url);
    const rds = <T>({ region }: Place, operation: string, args: Record<string, unknown>) => ask<T>("rds", region, operation, args);
    const named = (name: string) => ({ DBInstanceIdentifier: name });
    const size = { DBInstanceClass: "db.t4g.small", Engine: "postgres", AllocatedStorage: 30 };
    const master = { MasterUsername: "campus_master", MasterUserPassword: "not-a-secret" };
    type Made = { readonly DBInstance: { readonly DBInstanceArn: string } };
    const first = await rds<Made>(north, "create_db_instance", { ...named("north-main"), ...size, ...master });
    const copyOf = ({ DBInstance: { DBInstanceArn } }: Made) => ({ SourceDBInstanceIdentifier: DBInstanceArn });
    const second = await rds<Made>(south, "create_db_instance_read_replica", { ...named("south-main"), ...copyOf(first) });

    const tls = tlsFilesOf(folder, makeCertificates(folder, ["campus.internal"]));
    const secrets = makeSecrets();
    const writer = await startCluster(serverOptions(folder, "writer", secrets, tls));
    const instances = new Instances({ ask, places: [north, south], writer, folder, secrets, tls });
    ends.push(() => instances.stop());
    const askAt = async ({ database }: Place, text: string): Promise<number> => {
      const client = new pg.Client({ host: database, user: superuser, password: secrets.superuserPassword, database: "postgres" });
      client.on("error", () => undefined);
      await client.connect();
      try {
        return Number((await client.query(text)).rows[0]?.n);
      } finally {
        await client.end();
      }
    };
    const lines = "select count(*) as n from lines";
    const arriveAt = (place: Place, count: number) =>
      until(`${count} lines in ${place.region}`, async () => (await askAt(place, lines).catch(() => -1)) === count, withinMs);

    await instances.follow();
    await askAt(north, "create table lines as select 1 as n");
    await arriveAt(south, 1);
    await rds(south, "promote_read_replica", named("south-main"));
    await instances.follow();
    await askAt(south, "insert into lines values (2) returning n");
    expect(await askAt(north, lines)).toBe(1);

    await rds(north, "modify_db_instance", {
      ...named("north-main"),
      NewDBInstanceIdentifier: "north-main-until-2",
      ApplyImmediately: true,
    });
    await instances.follow();
    await expect(askAt(north, lines)).rejects.toThrow("ECONNREFUSED");
    await rds(north, "create_db_instance_read_replica", { ...named("north-main"), ...copyOf(second) });
    await instances.follow();
    await arriveAt(north, 2);
    await expect(askAt(north, "insert into lines values (3) returning n")).rejects.toThrow("read-only");
  },
  180_000,
);
