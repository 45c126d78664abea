import { spawnSync } from "node:child_process";
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import type pg from "pg";
import { PlainError } from "../../app/local/plain-error.ts";
import { freePort } from "../../app/local/ports.ts";
import type { ApiPair } from "./money/flows.ts";
import type { Payer } from "./money/pay-load.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";

const folder = path.join(import.meta.dirname, "peer");
const server = path.join(folder, "server.mjs");
const priceMinor = 5_900;
const walletMinor = 100_000_000;

/** A textbook version of the payment, in a database of its own beside ours, behind the same three requests. */
export interface Peer {
  readonly api: ApiPair;
  readonly payers: readonly Payer[];
  prepareOrders(): Promise<void>;
  /** What must hold of its books too: nothing twice, nothing negative, balances as their entries. */
  assertBooks(): Promise<void>;
}

/** Its packages are no part of the project: installed beside it, by its own lock, when it is first run. */
function install(say: (line: string) => void): void {
  if (existsSync(path.join(folder, "node_modules/express"))) return;
  say("installing the peer's packages (once)");
  const { status, stderr } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--workspaces=false"], { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new PlainError(`The peer's packages could not be installed: ${stderr.trim().split("\n").at(-1)}`);
}

interface Options {
  readonly databaseUrl: string;
  readonly database: pg.Client;
  readonly students: number;
  readonly cafes: number;
  readonly say: (line: string) => void;
}

export async function startPeer({ databaseUrl, database, students, cafes, say }: Options): Promise<Peer> {
  install(say);
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: "production",
    DATABASE_URL: databaseUrl,
    JWT_PUBLIC_KEY: publicKey.export({ type: "spki", format: "pem" }).toString(),
    RECEIPT_SECRET: randomBytes(32).toString("hex"),
  };
  const made = spawnSync(process.execPath, [server, "--tables"], { env, encoding: "utf8" });
  if (made.status !== 0) throw new Error(`The peer made no tables: ${made.stderr}`);
  const { default: jwt } = (await import(path.join(folder, "node_modules/jsonwebtoken/index.js"))) as {
    default: { sign(payload: object, key: string, options: object): string };
  };
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const payers = await seed(database, {
    students,
    cafes,
    tokenOf: (id) => jwt.sign({ sub: id }, pem, { algorithm: "RS256", expiresIn: "1d" }),
  });
  const processes = await Promise.all([startOne(env), startOne(env)]);
  return {
    payers,
    api: {
      ports: processes.map(({ port }) => port),
      pids: processes.map(({ pid }) => pid),
      stop: async () => void (await Promise.all(processes.map((one) => one.stop()))),
    },
    async prepareOrders() {
      await database.query("delete from charges where state = 'open'; delete from orders where status = 'pending'");
      await database.query(
        `insert into orders (id, student_id, cafe_id, total_minor, status, created_at, updated_at)
         select gen_random_uuid(), s.student_id, s.cafe_id, ${priceMinor}, 'pending', now(), now() from bench_payers s`,
      );
      for (const table of ["orders", "charges", "wallets", "cafes", "transactions", "entries", "receipts"])
        await database.query(`vacuum analyze ${table}`);
      await database.query("checkpoint");
    },
    async assertBooks() {
      const { rows } = await database.query<{ broken: string }>(brokenBooks);
      if (Number(rows[0]?.broken) !== 0) throw new Error(`The peer's books do not hold (${rows[0]?.broken}): there is no result.`);
    },
  };
}

const hash = (text: string) => createHash("sha256").update(text).digest("hex");
const cardOf = (n: number) => n.toString(16).padStart(12, "0");

async function seed(
  database: pg.Client,
  { students, cafes, tokenOf }: { readonly students: number; readonly cafes: number; readonly tokenOf: (id: string) => string },
): Promise<Payer[]> {
  const times = "now(), now()";
  await database.query(
    `insert into cafes (id, name, balance_minor, created_at, updated_at) select gen_random_uuid(), 'Café ' || n, 0, ${times} from generate_series(1, ${cafes}) n`,
  );
  await database.query(
    "insert into students (id, name, card_hash, created_at, updated_at) select gen_random_uuid(), 'Student', k, now(), now() from unnest($1::text[]) k",
    [Array.from({ length: students }, (_, index) => hash(cardOf(index + 1)))],
  );
  await database.query(
    `insert into wallets (id, student_id, balance_minor, created_at, updated_at) select gen_random_uuid(), id, ${walletMinor}, ${times} from students`,
  );
  await database.query(
    `insert into entries (id, account, amount_minor, created_at, updated_at) select gen_random_uuid(), id, ${walletMinor}, ${times} from wallets`,
  );
  await database.query(
    "insert into devices (id, cafe_id, key_hash, created_at, updated_at) select gen_random_uuid(), id, $1, now(), now() from cafes",
    [hash("till")],
  );
  await database.query(
    `create table bench_payers as select s.id as student_id, s.card_hash, c.id as cafe_id, d.id as device_id
     from (select *, row_number() over (order by card_hash) as n from students) s join (select *, row_number() over (order by id) as n from cafes) c on c.n = 1 + s.n % ${cafes}
     join devices d on d.cafe_id = c.id`,
  );
  const { rows } = await database.query<{ student_id: string; card_hash: string; device_id: string }>("select * from bench_payers");
  const cards = new Map(Array.from({ length: students }, (_, index) => [hash(cardOf(index + 1)), cardOf(index + 1)]));
  return rows.map(({ student_id, card_hash, device_id }) => ({
    token: `Bearer ${tokenOf(student_id)}`,
    cardUid: cards.get(card_hash) ?? "",
    till: `Device ${device_id}.till`,
  }));
}

const brokenBooks = `
  select (select count(*) from wallets w where balance_minor < 0 or balance_minor <> (select sum(amount_minor) from entries e where e.account = w.id))
    + (select count(*) from cafes c where balance_minor <> coalesce((select sum(amount_minor) from entries e where e.account = c.id), 0))
    + (select count(*) from orders o where (status = 'paid') <> exists (select from charges c join transactions t on t.charge_id = c.id where c.order_id = o.id)) as broken`;

async function startOne(env: NodeJS.ProcessEnv): Promise<ServerProcess> {
  const port = await freePort();
  return startServerProcess({ called: "The peer", command: [process.execPath, server], env: { ...env, PORT: String(port) }, port });
}
