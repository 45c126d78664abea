import { writeFileSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { type DebitScript, numbered } from "./debit-scripts.ts";

// In the place of pgbench, where there is none: the same statements in the same loop, and the same log.
interface Plan {
  readonly script: DebitScript;
  readonly clients: number;
  readonly seconds: number;
  readonly port: number;
  readonly database: string;
  readonly folder: string;
}

const { script, clients, seconds, port, database, folder } = JSON.parse(process.argv[2] ?? "") as Plan;
const endsAtMs = Date.now() + seconds * 1000;
const lines: string[] = [];
const steps = script.map((step, index) => ({ ...numbered(step), keeps: step.keeps === true, name: `step-${index}` }));

async function loop(client: pg.Client, number: number): Promise<void> {
  for (let turn = 0; Date.now() < endsAtMs; turn += 1) {
    const startedAtMs = performance.now();
    await debit(client);
    const nowMs = Date.now();
    lines.push(
      `${number} ${turn} ${Math.round((performance.now() - startedAtMs) * 1000)} 0 ${Math.floor(nowMs / 1000)} ${(nowMs % 1000) * 1000}`,
    );
  }
}

async function debit(client: pg.Client): Promise<void> {
  const values = new Map<string, unknown>();
  for (const { text, names, keeps, name } of steps) {
    const { rows } = await client.query({ name, text, values: names.map((value) => values.get(value)) });
    if (keeps) for (const [column, value] of Object.entries((rows[0] ?? {}) as object)) values.set(column, value);
  }
}

const connected = await Promise.all(
  Array.from({ length: clients }, async () => {
    const client = new pg.Client({ host: "127.0.0.1", port, database, user: "campus_app", password: process.env.PGPASSWORD });
    await client.connect();
    return client;
  }),
);
await Promise.all(connected.map(loop));
await Promise.all(connected.map((client) => client.end()));
writeFileSync(path.join(folder, "log.0"), `${lines.join("\n")}\n`);
