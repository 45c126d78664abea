import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { openCappedLog } from "../local/capped-log.ts";
import type { Child } from "../local/child.ts";
import { describeExit } from "../local/child.ts";
import { type Front, startFront } from "../local/front.ts";
import type { Home } from "../local/home.ts";
import { PlainError } from "../local/plain-error.ts";
import { assertPortFree } from "../local/ports.ts";
import { writePrivateJson } from "../local/private-file.ts";
import { readOrMakeSecrets } from "../local/secrets.ts";
import type { ServicesFile } from "../local/services-file.ts";
import { appEnvironment, ownerEnvironment } from "./environment.ts";
import { type KeptProcess, keepRunning } from "./kept-process.ts";
import { portsTaken, type StartOptions } from "./options.ts";
import { say, timed } from "./progress.ts";
import { runScript } from "./run-script.ts";
import { type Servers, type Services, startServers } from "./servers.ts";
import type { StopRequest } from "./stop-request.ts";

/** What start.json holds (contract with tests and people). The demo part comes from the seed script as it is. */
export interface StartFile extends DemoCampus {
  readonly base_url: string;
  readonly processes: readonly { readonly url: string; readonly pid: number }[];
  readonly sandbox_url: string;
}

export interface DemoCampus {
  readonly students: readonly { readonly id: string; readonly phone: string; readonly card_uid: string; readonly balance_minor: number }[];
  readonly staff: readonly {
    readonly username: string;
    readonly password: string;
    readonly role: string;
    readonly cafe_id: string | null;
  }[];
  readonly devices: readonly { readonly id: string; readonly key: string; readonly cafe_id: string }[];
  readonly cafes: readonly {
    readonly id: string;
    readonly name: string;
    readonly items: readonly { readonly id: string; readonly price_minor: number }[];
  }[];
}

export interface System {
  /** Brings everything up, in order, until the front answers. */
  start(): Promise<StartFile>;
  /** Takes down what came up, the other way round. */
  stop(): Promise<void>;
}

export function createSystem(home: Home, options: StartOptions, stopRequest: StopRequest): System {
  const url = (offset: number) => `http://127.0.0.1:${options.port + offset}`;
  const [baseUrl, sandboxUrl] = [url(0), url(3)];
  let servers: Servers | undefined;
  let front: Front | undefined;
  const processes: KeptProcess[] = [];
  let demo: DemoCampus | undefined;

  const startFile = (): StartFile | undefined =>
    demo && {
      base_url: baseUrl,
      processes: apiProcesses().map(({ pid }, index) => ({ url: url(index + 1), pid: pid() })),
      sandbox_url: sandboxUrl,
      ...demo,
    };
  const apiProcesses = () => processes.filter(({ name }) => name.startsWith("api-"));
  const writeStartFile = () => {
    const content = startFile();
    if (content) writePrivateJson(home.start, content);
  };

  const keep = async (name: string, file: string, env: NodeJS.ProcessEnv, readyUrl?: string) => {
    const kept = await keepRunning({
      name,
      file,
      env,
      home,
      ...(readyUrl === undefined ? {} : { readyUrl }),
      onRestart: writeStartFile,
      onGiveUp: stopRequest.fail,
    });
    processes.push(kept);
  };

  return {
    async start() {
      for (let offset = 0; offset < portsTaken; offset += 1) {
        await assertPortFree(
          options.port + offset,
          `end it, or take other ports: \`PORT=9000 npm start\` uses 9000 to ${9000 + portsTaken - 1}.`,
        );
      }
      prepareHome(home, options.fresh);
      say("Starting Campus Pay …");
      const secrets = readOrMakeSecrets(home.secrets);
      servers = await timed("PostgreSQL 18 and Redis", () => startServers(home, secrets, process.env));
      const { services } = servers;
      stopWhenDead(servers, stopRequest);
      stopRequest.throwIfAsked();
      writePrivateJson(home.services, servicesFile(services));
      const env = appEnvironment(secrets, services, { baseUrl, sandboxUrl });
      const ownerEnv = { ...env, ...ownerEnvironment(services) };
      const script = (name: string, file: string) => runScript({ name, file, env: ownerEnv, home, signal: stopRequest.signal });

      await timed("migrations", () => script("migrate", "app/migrate.ts"));
      demo = await timed("demo campus", async () => parseDemoCampus(await script("seed", "app/demo/seed.ts")));
      await timed("two API processes, worker, sandbox", async () => {
        await keep(
          "sandbox",
          "app/sandbox/main.ts",
          { ...env, PORT: String(options.port + 3), HOST: "127.0.0.1" },
          `${sandboxUrl}/sandbox/health`,
        );
        for (const offset of [1, 2]) {
          await keep(
            `api-${offset}`,
            "app/main.ts",
            { ...env, PORT: String(options.port + offset), HOST: "127.0.0.1" },
            `${url(offset)}/ready`,
          );
        }
        await keep("worker", "app/worker.ts", env);
        await Promise.all(processes.map((kept) => kept.ready()));
      });
      stopRequest.throwIfAsked();
      const frontLog = openCappedLog(path.join(home.logs, "front.log"));
      front = await startFront({
        port: options.port,
        api: [1, 2].map((offset) => ({ host: "127.0.0.1", port: options.port + offset })),
        sandbox: { host: "127.0.0.1", port: options.port + 3 },
        log: (line) => frontLog.write(`${new Date().toISOString()} ${line}\n`),
      });
      writeStartFile();
      return startFile() as StartFile;
    },

    async stop() {
      if (!servers) return;
      say("Stopping …");
      // The sandbox goes after the processes that call it.
      const apart = ({ name }: KeptProcess) => name === "sandbox";
      const drained = Promise.all(processes.filter((kept) => !apart(kept)).map((kept) => kept.stop()));
      await Promise.all([drained, front?.close(drained)]);
      await Promise.all(processes.filter(apart).map((kept) => kept.stop()));
      await Promise.all([servers.cluster?.stop(), servers.redis?.stop()]);
      for (const file of [home.start, home.services]) rmSync(file, { force: true });
      say("Stopped.");
    },
  };
}

function prepareHome(home: Home, fresh: boolean): void {
  const old = fresh ? [home.dataFolder, home.secrets, home.logs] : [];
  for (const place of [...old, home.start, home.services]) rmSync(place, { recursive: true, force: true });
  mkdirSync(home.logs, { recursive: true });
}

/** The servers are not started again: what tests do to them, they do to servers of their own. */
function stopWhenDead({ cluster, redis }: Servers, stopRequest: StopRequest): void {
  for (const server of [cluster?.server, redis?.server]) {
    server?.exited.then((exit) => stopRequest.fail(serverDied(server, describeExit(exit))));
  }
}

const serverDied = (server: Child, how: string) =>
  new PlainError(
    [`${server.name} ${how}. Its last lines (all are in ${server.log.file}):`, ...server.log.lastLines().slice(-8)].join("\n    "),
  );

const servicesFile = (services: Services): ServicesFile => ({
  database_url: services.databaseUrl,
  database_password: services.databasePassword,
  owner_url: services.ownerUrl,
  owner_password: services.ownerPassword,
  superuser_url: services.superuserUrl ?? null,
  redis_url: services.redisUrl,
  redis_password: services.redisPassword ?? null,
});

function parseDemoCampus(line: string): DemoCampus {
  try {
    return JSON.parse(line) as DemoCampus;
  } catch {
    throw new Error(`app/demo/seed.ts must end with a line of JSON; it ended with: ${line.slice(0, 200)}`);
  }
}
