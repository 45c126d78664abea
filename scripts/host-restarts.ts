// `npm run host:restarts`: nginx as a machine has it before two API processes that are restarted one after the other under requests.
import type { ChildProcess } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { startCluster } from "../app/local/cluster.ts";
import { type Command, runCommand, wholeNumber } from "../app/local/command.ts";
import { PlainError } from "../app/local/plain-error.ts";
import { freePort, freePortRow } from "../app/local/ports.ts";
import { startRedis } from "../app/local/redis.ts";
import { asSuperuser, createDatabase, createRoles, databaseAccess } from "../app/local/roles.ts";
import { readOrMakeSecrets } from "../app/local/secrets.ts";
import { migrate } from "../app/migrate.ts";
import { type ApiProcess, startApiProcess } from "../app/testing/api-process.ts";
import { findNginx, startNginx } from "./machine/nginx.ts";

export const command = {
  name: "npm run host:restarts",
  for: "platform team",
  what: "Restarts two API processes behind nginx, configured as on a machine, under keyed POSTs, and reloads nginx: each must be answered by the app.",
  touches: "nothing: servers of its own on loopback, which end with it.",
  options: {
    posts: { type: "string", value: "N", default: "20000", help: "requests" },
    restarts: { type: "string", value: "N", default: "4", help: "restarts of each process during them, at least" },
  },
  exits: { 1: "a request was not answered by the app", 3: "there is no nginx here" },
} as const satisfies Command;

const clients = 16;
const agent = new Agent({ keepAlive: true, maxSockets: clients, rejectUnauthorized: false });
// Its key is the charge in the path: such a request may be sent twice. Without a token the app's own answer is 401.
const keyedPath = "/api/v1/charges/019ac000-0000-7000-8000-000000000000/confirm";

function post(port: number): Promise<number | string> {
  return new Promise((resolve) => {
    const headers = { "Content-Type": "application/json" };
    const asked = request({ agent, host: "127.0.0.1", port, method: "POST", path: keyedPath, headers }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
    });
    asked.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message)).end("{}");
  });
}

await runCommand(import.meta, command, async ({ values }) => {
  const posts = wholeNumber(command, "posts", values.posts);
  const restarts = wholeNumber(command, "restarts", values.restarts);
  const nginxProgram = findNginx();
  if (!nginxProgram) throw new PlainError("host:restarts is SKIPPED: there is no nginx (Debian: apt-get install nginx-light).", 3);
  const folder = mkdtempSync(path.join(tmpdir(), "campus-restarts-"));
  chmodSync(folder, 0o755);
  const ended: (() => Promise<unknown>)[] = [];
  try {
    const secrets = readOrMakeSecrets(path.join(folder, "secrets.json"));
    const at = (name: string) => path.join(folder, name);
    const cluster = await startCluster({
      dataFolder: at("pg"),
      superuserPassword: secrets.superuserPassword,
      durable: false,
      logFile: at("pg.log"),
    });
    ended.push(() => cluster.stop());
    const redis = await startRedis({ logFile: at("redis.log") });
    ended.push(() => redis.stop());
    await asSuperuser(cluster, "postgres", async (client) => {
      await createRoles(client, { owner: secrets.ownerPassword, app: secrets.appPassword });
      await createDatabase(client, "campus");
    });
    const { appUrl, ownerUrl } = databaseAccess(cluster, "campus");
    await migrate(ownerUrl, secrets.ownerPassword);
    const firstPort = await freePortRow(2);
    const environment = {
      ...secrets.app,
      DATABASE_URL: appUrl,
      DATABASE_PASSWORD: secrets.appPassword,
      REDIS_URL: redis.url,
      LOG_LEVEL: "info",
    };
    const startOne = (index: number) => startApiProcess({ ...environment, PORT: String(firstPort + index) });
    const processes: ApiProcess[] = await Promise.all([startOne(0), startOne(1)]);
    ended.push(async () => {
      for (const one of processes) one.signal("SIGKILL");
      await Promise.all(processes.map(({ exited }) => exited));
    });
    const port = await freePort();
    const nginx = startNginx(nginxProgram, folder, { port, firstPort });
    ended.push(() => stopped(nginx));
    while (typeof (await post(port)) === "string") await new Promise((resolve) => setTimeout(resolve, 50));

    const outcomes = new Map<number | string, number>();
    let sent = 0;
    let restarted = 0;
    const isDone = () => sent >= posts && restarted >= restarts * 2;
    const client = async () => {
      while (!isDone()) {
        sent += 1;
        const outcome = await post(port);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    };
    const restarting = async () => {
      while (!isDone()) {
        const index = restarted % 2;
        processes[index]?.signal("SIGTERM");
        await processes[index]?.exited;
        processes[index] = await startOne(index);
        restarted += 1;
        if (restarted % 4 === 0) nginx.kill("SIGHUP");
      }
    };
    const beganMs = performance.now();
    await Promise.all([restarting(), ...Array.from({ length: clients }, client)]);
    const seconds = ((performance.now() - beganMs) / 1000).toFixed(0);
    const failed = [...outcomes].filter(([outcome]) => typeof outcome === "string" || outcome >= 500);
    const all = [...outcomes].map(([outcome, times]) => `${outcome}: ${times}`).join(", ");
    process.stdout.write(
      `${sent} keyed POSTs in ${seconds} s over ${restarted} restarts and ${Math.floor(restarted / 4)} reloads; ${all}\n`,
    );
    process.stdout.write(`${failed.reduce((sum, [, times]) => sum + times, 0)} failed\n`);
    return failed.length === 0 ? 0 : 1;
  } finally {
    agent.destroy();
    for (const end of ended.reverse()) await end();
    rmSync(folder, { recursive: true, force: true });
  }
});

async function stopped(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGTERM");
  await ended;
}
