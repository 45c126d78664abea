import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type Cluster, startCluster } from "../../../app/local/cluster.ts";
import { followersOf, holdBack, promoteCopy, startCopy } from "../../../app/local/copies.ts";
import { asSuperuser } from "../../../app/local/roles.ts";
import { makeSecrets } from "../../../app/local/secrets.ts";
import { until } from "../../../app/testing/platform.ts";
import { makeCertificates } from "../../machine/certificates.ts";
import { serverOptions, tlsFilesOf } from "./databases.ts";

const folder = mkdtempSync(join(tmpdir(), "campus-copies-"));
chmodSync(folder, 0o755);
const running: Cluster[] = [];
afterAll(async () => {
  for (const cluster of running) await cluster.kill();
  rmSync(folder, { recursive: true, force: true });
});

const ask = async (cluster: Cluster, text: string): Promise<number> =>
  asSuperuser(cluster, "postgres", async (client) => Number((await client.query(text)).rows[0]?.n));
const withinMs = 60_000;

test("a copy that is made under writes follows over TLS, gets nothing while it is held back, and writes when it is promoted", async () => {
  const tls = tlsFilesOf(folder, makeCertificates(folder, ["campus.internal"]));
  const secrets = makeSecrets();
  const source = await startCluster(serverOptions(folder, "source", secrets, tls));
  running.push(source);
  await asSuperuser(source, "postgres", (client) => client.query("create table lines (n int)"));
  let isWriting = true;
  const writing = (async () => {
    for (let n = 1; isWriting; n += 1) await ask(source, `insert into lines values (${n}) returning n`);
  })();
  const from = { cluster: source, host: "127.0.0.1", port: source.port, authority: tls.authority };
  const copy = await startCopy(from, serverOptions(folder, "copy", secrets, tls));
  running.push(copy);
  isWriting = false;
  await writing;
  const written = await ask(source, "select count(*) as n from lines");
  const hasAll = async (n: number) => ((await ask(copy, "select count(*) as n from lines")) === n ? true : undefined);
  await until("the copy has all of it", () => hasAll(written), withinMs);
  expect(await followersOf(source)).toBe(1);
  expect(await ask(source, "select count(*) as n from pg_stat_ssl s join pg_stat_replication r using (pid) where s.ssl")).toBe(1);
  await expect(ask(copy, "insert into lines values (0) returning n")).rejects.toThrow("read-only");

  const held = await holdBack(source);
  await ask(source, "insert into lines values (0) returning n");
  await source.kill();
  for (const pid of held) process.kill(pid, "SIGKILL");
  await promoteCopy(copy);
  await ask(copy, "insert into lines values (-1) returning n");
  expect(await ask(copy, "select count(*) as n from lines where n > 0")).toBe(written);
  expect(await ask(copy, "select count(*) as n from lines where n = 0")).toBe(0);
}, 180_000);
