import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startCopy } from "../../local/copies.ts";
import { asSuperuser } from "../../local/roles.ts";
import type { Campus } from "../campus.ts";

/** The copy of a campus's database, as it stands in the other region: it follows, and may only be read. */
export interface Copy {
  /** Of the campus's database on it, for the superuser. */
  readonly url: string;
  query(statement: string): Promise<readonly Record<string, unknown>[]>;
  end(): Promise<void>;
}

export async function startCopyOf({ database }: Campus): Promise<Copy> {
  const folder = await mkdtemp(path.join(tmpdir(), "campus-copy-"));
  const source = new URL(database.superuserUrl);
  const superuserUrl = (name: string) => new URL(`/${name}`, source).href;
  const [server] = await database.query<{ data_directory: string }>("show data_directory");
  const copy = await startCopy(
    { cluster: { dataFolder: server?.data_directory ?? "", superuserUrl }, host: source.hostname, port: Number(source.port) },
    {
      dataFolder: path.join(folder, "postgres"),
      superuserPassword: decodeURIComponent(source.password),
      durable: false,
      logFile: path.join(folder, "postgres.log"),
    },
  );
  return {
    url: copy.superuserUrl(database.name),
    query: (statement) => asSuperuser(copy, database.name, async (client) => (await client.query(statement)).rows),
    async end() {
      await copy.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
