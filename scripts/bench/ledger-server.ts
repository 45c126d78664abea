import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { PlainError } from "../../app/local/plain-error.ts";
import { freePort } from "../../app/local/ports.ts";
import type { ApiPair } from "./money/flows.ts";
import type { Payer } from "./money/pay-load.ts";
import { startServerProcess } from "./server-process.ts";

const walletMinor = 100_000_000;
const priceMinor = 5_900;

const Ask = z.strictObject({ method: z.enum(["POST", "PUT"]), path: z.string(), body: z.unknown() });

/** A ledger server that somebody has built, and how it is asked. Where "{…}" stands a value is put in; docs/performance.md says which. */
const Description = z.strictObject({
  name: z.string(),
  command: z.array(z.string()).min(1),
  env: z.record(z.string(), z.string()).default({}),
  ready: z.string(),
  setup: z.array(Ask).default([]),
  /** Asked once for each student and each café, where accounts have to be opened. */
  account: Ask.optional(),
  fund: Ask,
  transfer: Ask,
  /** The key that an answer of 200 has when nothing was done: GraphQL refuses so. */
  refused: z.string().optional(),
});
export type LedgerDescription = z.infer<typeof Description> & { readonly folder: string };

export function readLedgerDescription(file: string): LedgerDescription {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new PlainError(`${file} cannot be read: ${(error as Error).message}`, 2);
  }
  const { success, data, error } = Description.safeParse(JSON.parse(text));
  if (!success) throw new PlainError(`${file} does not describe a ledger server:\n${z.prettifyError(error)}`, 2);
  return { ...data, folder: path.dirname(path.resolve(file)) };
}

export interface LedgerServer {
  readonly api: ApiPair;
  /** One of each student to a café, each under an id of its own. */
  transfers(): Promise<Payer[]>;
}

interface Options {
  readonly databaseUrl: string;
  readonly students: number;
  readonly cafes: number;
}

export async function startLedgerServer(described: LedgerDescription, { databaseUrl, students, cafes }: Options): Promise<LedgerServer> {
  const port = await freePort();
  const place = { database: databaseUrl, port: String(port) };
  const [program = "", ...args] = described.command.map((part) => filled(part, place));
  const env = Object.fromEntries(Object.entries(described.env).map(([name, value]) => [name, filled(value, place)]));
  const { pid, stop } = await startServerProcess({
    called: described.name,
    command: [program, ...args],
    cwd: described.folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    port,
    readyPath: filled(described.ready, place),
  });
  const base = `http://127.0.0.1:${port}`;
  const requestOf = ({ method, path: where, body }: z.infer<typeof Ask>, values: Readonly<Record<string, string>>) => ({
    method,
    path: filled(where, values),
    body: filled(JSON.stringify(body), values),
  });
  const send = async (ask: ReturnType<typeof requestOf>) => {
    const answer = await fetch(base + ask.path, { method: ask.method, body: ask.body, headers: { "Content-Type": "application/json" } });
    const text = await answer.text();
    if (!answer.ok || (described.refused && described.refused in JSON.parse(text)))
      throw new Error(`${described.name} answered ${ask.method} ${ask.path} with ${answer.status}: ${text}`);
  };
  try {
    for (const ask of described.setup) await send(requestOf(ask, {}));
    const names = [
      ...Array.from({ length: cafes }, (_, n) => `cafe${n + 1}`),
      ...Array.from({ length: students }, (_, n) => `student${n + 1}`),
    ];
    if (described.account) for (const name of names) await send(requestOf(described.account, { name }));
    for (let n = 1; n <= students; n += 1)
      await send(requestOf(described.fund, { to: `student${n}`, amount: String(walletMinor), id: randomUUID() }));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    api: { ports: [port], pids: [pid], stop },
    transfers: async () =>
      Array.from({ length: students }, (_, index) => ({
        token: "",
        cardUid: "",
        till: "",
        ...(described.refused ? { refused: described.refused } : {}),
        request: requestOf(described.transfer, {
          from: `student${index + 1}`,
          to: `cafe${1 + (index % cafes)}`,
          amount: String(priceMinor),
          id: randomUUID(),
        }),
      })),
  };
}

/** Where accounts are named by a UUID: always the same one for a name. */
const uuidOf = (name: string): string => {
  const hex = createHash("sha256").update(name).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

/** `"{amount}"`, quotes included, becomes a number: JSON has no other place for one. `{to_id}` is the UUID of `{to}`. */
const filled = (text: string, values: Readonly<Record<string, string>>): string =>
  text
    .replaceAll('"{amount}"', values.amount ?? '"{amount}"')
    .replaceAll(/\{(name|from|to)_id\}/g, (whole, name: string) => (values[name] === undefined ? whole : uuidOf(values[name])))
    .replaceAll(/\{(database|port|name|from|to|amount|id)\}/g, (whole, name: string) => values[name] ?? whole);
