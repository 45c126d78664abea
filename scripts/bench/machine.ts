import { availableParallelism, cpus, totalmem } from "node:os";
import type pg from "pg";

const gib = 1_073_741_824;
const shown = ["server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers"] as const;

export const processors = (): string => `${availableParallelism()} × ${cpus()[0]?.model.trim() || process.arch}`;

/** What a number was measured on, in a line: without it the number says nothing. */
export async function machineOf(database: pg.Client): Promise<string> {
  const { rows } = await database.query<{ name: string; value: string }>(
    "select name, current_setting(name) as value from unnest($1::text[]) name",
    [[...shown]],
  );
  const [version, ...settings] = rows.map(({ name, value }) => (name === "server_version" ? value : `${name} ${value}`));
  return `${processors()}, ${Math.round(totalmem() / gib)} GiB, Node ${process.version}, PostgreSQL ${version} (${settings.join(", ")})`;
}
