import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import type pg from "pg";
import { pause } from "../process.ts";
import { cpuMsOf } from "./cpu.ts";
import { type DebitScript, pgbenchScript } from "./debit-scripts.ts";

export interface DebitRun {
  readonly script: DebitScript;
  readonly clients: number;
  readonly seconds: number;
  /** Where the clients connect: the server, or a wire in front of it. */
  readonly port: number;
}

/** Where the debits are made, by whom, and who watches. */
export interface DebitPlace {
  readonly database: string;
  readonly appPassword: string;
  readonly postgresPid: number;
  /** Connected to the same database. */
  readonly superuser: pg.Client;
}

export interface DebitResult {
  readonly perSecond: number;
  readonly cpuMsPerDebit: number;
  readonly walBytesPerDebit: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

const warmUpMs = 1_500;
// The window is closed before the clients leave, so that their farewell is not in it.
const farewellMs = 150;
const shownLines = 3;

export const hasPgbench = (): boolean => spawnSync("pgbench", ["--version"], { stdio: "ignore" }).status === 0;

/** What the debits are driven by, as it is said with every result. */
export const debitDriver = (): string =>
  hasPgbench()
    ? spawnSync("pgbench", ["--version"], { encoding: "utf8" }).stdout.trim()
    : "a driver loop of our own (no pgbench on the PATH)";

/** Debits in a closed loop by so many clients; rate and CPU over one window, behind the warm-up. */
export async function runDebits(place: DebitPlace, run: DebitRun): Promise<DebitResult> {
  const folder = mkdtempSync(path.join(tmpdir(), "campus-debits-"));
  try {
    const child = startClients(place, run, folder);
    const errors = text(child.stderr);
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    await pause(warmUpMs);
    const before = await sample(place);
    await pause(run.seconds * 1000 - warmUpMs - farewellMs);
    const after = await sample(place);
    const code = await ended;
    if (code !== 0)
      throw new Error(`The debits ended with code ${code}: ${(await errors).trim().split("\n").slice(0, shownLines).join(" / ")}`);
    await assertAllPaid(place);
    const debits = after.turns - before.turns;
    if (debits === 0) throw new Error(`No debit was made within ${run.seconds} s: this machine is too busy to be measured.`);
    const times = latenciesIn(folder, before.atMs, after.atMs);
    return {
      perSecond: debits / ((after.atMs - before.atMs) / 1000),
      cpuMsPerDebit: (after.cpuMs - before.cpuMs) / debits,
      walBytesPerDebit: (after.walBytes - before.walBytes) / debits,
      p50Ms: at(times, 0.5),
      p95Ms: at(times, 0.95),
      p99Ms: at(times, 0.99),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function startClients({ database, appPassword }: DebitPlace, { script, clients, seconds, port }: DebitRun, folder: string) {
  const env = { ...process.env, PGPASSWORD: appPassword };
  if (!hasPgbench()) {
    const plan = JSON.stringify({ script, clients, seconds, port, database, folder });
    return spawn(process.execPath, [path.join(import.meta.dirname, "debit-driver.ts"), plan], { env, stdio: ["ignore", "ignore", "pipe"] });
  }
  const file = path.join(folder, "debit.sql");
  writeFileSync(file, pgbenchScript(script));
  const connection = ["--host=127.0.0.1", `--port=${port}`, "--username=campus_app"];
  const load = [
    "--no-vacuum",
    "--protocol=prepared",
    `--client=${clients}`,
    "--jobs=2",
    `--time=${seconds}`,
    "--log",
    `--log-prefix=${folder}/log`,
  ];
  return spawn("pgbench", [...connection, ...load, `--file=${file}`, database], { env, stdio: ["ignore", "ignore", "pipe"] });
}

interface Sample {
  readonly atMs: number;
  readonly turns: number;
  readonly walBytes: number;
  readonly cpuMs: number;
}

async function sample({ superuser, postgresPid }: DebitPlace): Promise<Sample> {
  const { rows } = await superuser.query<{ turns: string; wal_bytes: string }>(
    "select case when is_called then last_value else 0 end as turns, pg_current_wal_insert_lsn() - '0/0'::pg_lsn as wal_bytes from bench_turn",
  );
  return { atMs: Date.now(), turns: Number(rows[0]?.turns), walBytes: Number(rows[0]?.wal_bytes), cpuMs: cpuMsOf(postgresPid) };
}

/** A turn without a charge behind it, or one that was refused, would be quick: then nothing was measured. */
async function assertAllPaid({ superuser }: DebitPlace): Promise<void> {
  const { rows } = await superuser.query<{ turns: string; prepared: string; paid: string }>(
    `select (select case when is_called then last_value else 0 end from bench_turn) as turns, (select count(*) from bench_charges) as prepared,
      (select count(*) from bench_charges b join charges c on c.id = b.charge_id where c.state = 'confirmed') as paid`,
  );
  const [turns, prepared, paid] = [Number(rows[0]?.turns), Number(rows[0]?.prepared), Number(rows[0]?.paid)];
  if (turns > prepared) throw new Error(`The ${prepared} prepared charges were used up after ${turns} turns: prepare more.`);
  if (paid !== turns) throw new Error(`${turns} debits were made and ${paid} charges are paid.`);
}

/** From pgbench's log: client, transaction, microseconds, script, second, microsecond of its end. */
function latenciesIn(folder: string, fromMs: number, toMs: number): number[] {
  const lines = readdirSync(folder)
    .filter((name) => name.startsWith("log"))
    .flatMap((name) => readFileSync(path.join(folder, name), "utf8").split("\n"));
  const times: number[] = [];
  for (const line of lines) {
    const [, , micros = 0, , seconds = 0, remainder = 0] = line.split(" ").map(Number);
    const endedAtMs = seconds * 1000 + remainder / 1000;
    if (endedAtMs >= fromMs && endedAtMs <= toMs) times.push(micros / 1000);
  }
  if (times.length === 0) throw new Error("No debit was logged in the window.");
  return times.sort((one, other) => one - other);
}

export const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
