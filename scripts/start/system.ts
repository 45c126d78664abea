import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { openCappedLog } from "../../app/local/capped-log.ts";
import { describeExit, withLastLines } from "../../app/local/child.ts";
import type { Demo } from "../../app/local/demo/demo.ts";
import { type Front, startFront } from "../../app/local/front.ts";
import { openPages } from "../../app/local/front-pages.ts";
import type { Home } from "../../app/local/home.ts";
import { PlainError } from "../../app/local/plain-error.ts";
import { assertPortFree } from "../../app/local/ports.ts";
import { writePrivateJson } from "../../app/local/private-file.ts";
import { readOrMakeSecrets } from "../../app/local/secrets.ts";
import { builtFolder } from "../../app/web/apps.ts";
import { appEnvironment, ownerEnvironment } from "./environment.ts";
import { type KeptProcess, keepRunning } from "./kept-process.ts";
import { portsTaken, type StartOptions } from "./options.ts";
import { say, timed } from "./progress.ts";
import { runScript } from "./run-script.ts";
import { type Servers, servicesFile, startServers } from "./servers.ts";
import { parseDemoCampus, type StartFile } from "./start-file.ts";
import { Stopped, type StopRequest } from "./stop-request.ts";

/** The whole local system. Fields are filled as parts come up, so that `stop` takes down exactly what is there. */
export class System {
  private readonly home: Home;
  private readonly options: StartOptions;
  private readonly stopRequest: StopRequest;
  private servers: Servers | undefined;
  private demo: Demo | undefined;
  private readonly processes: KeptProcess[] = [];
  private front: Front | undefined;

  constructor(home: Home, options: StartOptions, stopRequest: StopRequest) {
    this.home = home;
    this.options = options;
    this.stopRequest = stopRequest;
  }

  /** Brings everything up, in order, until the front answers. */
  async start(): Promise<StartFile> {
    await this.assertPortsFree();
    this.prepareHome();
    say("Starting Campus Pay …");
    await timed("web apps", () => this.runScript("web", "scripts/web-build.ts", process.env));
    const environment = await timed("PostgreSQL 18 and Redis", () => this.startServers());
    await timed("migrations", () => this.runScript("migrate", "app/migrate.ts", environment.owner, "--alone"));
    this.demo = await timed("demo campus", async () =>
      parseDemoCampus(
        await this.runScript("seed", "app/local/demo/seed.ts", { ...environment.owner, GATEWAY_BOOKS_FILE: this.home.gatewayBooks }),
      ),
    );
    await timed("two API processes, two workers, sandbox", () => this.startProcesses(environment.app));
    this.stopRequest.throwIfAsked();
    this.front = await this.openFront();
    this.buildGuide();
    return this.writeStartFile(this.demo);
  }

  /** Takes down what came up, the other way round. The sandbox goes after the processes that call it. */
  async stop(): Promise<void> {
    if (!this.servers) return;
    say("Stopping …");
    const [sandbox, ...callers] = this.processes;
    const drained = Promise.all(callers.map((kept) => kept.stop()));
    await Promise.all([drained, this.front?.close(drained)]);
    await sandbox?.stop();
    await Promise.all([this.servers.cluster?.stop(), this.servers.redis?.stop()]);
    for (const file of [this.home.start, this.home.services]) rmSync(file, { force: true });
    say("Stopped.");
  }

  private async assertPortsFree(): Promise<void> {
    const mend = `end it, or take other ports: \`PORT=9000 npm start\` uses 9000 to ${9000 + portsTaken - 1}.`;
    for (let offset = 0; offset < portsTaken; offset += 1) await assertPortFree(this.options.port + offset, mend);
  }

  private prepareHome(): void {
    const { dataFolder, objects, gatewayBooks, secrets, logs, start, services } = this.home;
    const old = this.options.fresh ? [dataFolder, objects, gatewayBooks, secrets, logs] : [];
    for (const place of [...old, start, services]) rmSync(place, { recursive: true, force: true });
    mkdirSync(logs, { recursive: true });
    mkdirSync(objects, { recursive: true });
  }

  private async startServers() {
    const secrets = readOrMakeSecrets(this.home.secrets);
    this.servers = await startServers(this.home, secrets, process.env);
    this.stopWhenDead(this.servers);
    const { services } = this.servers;
    writePrivateJson(this.home.services, servicesFile(services));
    const app = appEnvironment(secrets, services, { baseUrl: this.url(0), sandboxUrl: this.url(3), objectFolder: this.home.objects });
    return { app, owner: { ...app, ...ownerEnvironment(services) } };
  }

  /** The servers are not started again: what tests do to them, they do to servers of their own. */
  private stopWhenDead({ cluster, redis }: Servers): void {
    for (const server of [cluster?.server, redis?.server]) {
      server?.exited.then((exit) =>
        this.stopRequest.fail(new PlainError(withLastLines(`${server.name} ${describeExit(exit)}`, server.log))),
      );
    }
  }

  private runScript(name: string, file: string, env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<string> {
    this.stopRequest.throwIfAsked();
    return runScript({ name, file, args, env, home: this.home, signal: this.stopRequest.signal });
  }

  /** Beside everything else, at the lowest priority: who does not open it does not wait for it. */
  private buildGuide(): void {
    this.runScript("guide", "scripts/guide.ts", process.env).catch((error: unknown) => {
      if (!(error instanceof Stopped)) say(`The guide could not be built: ${(error as Error).message}`);
    });
  }

  private async startProcesses(env: NodeJS.ProcessEnv): Promise<void> {
    const listening = (offset: number) => ({ ...env, HOST: "127.0.0.1", PORT: String(this.options.port + offset) });
    const sandbox = { ...listening(3), GATEWAY_BOOKS_FILE: this.home.gatewayBooks };
    await this.keep("sandbox", "app/local/sandbox/main.ts", sandbox, { readyUrl: `${this.url(3)}/sandbox/health` });
    await this.keep("api-1", "app/main.ts", listening(1), { readyUrl: `${this.url(1)}/ready` });
    await this.keep("api-2", "app/main.ts", listening(2), { readyUrl: `${this.url(2)}/ready` });
    await this.keep("worker-money", "app/worker.ts", env, { args: ["money"] });
    await this.keep("worker-long", "app/worker.ts", env, { args: ["long"], mayWait: true });
    await Promise.all(this.processes.map((kept) => kept.ready()));
  }

  private async keep(
    name: string,
    file: string,
    env: NodeJS.ProcessEnv,
    { readyUrl, args = [], mayWait = false }: { readonly readyUrl?: string; readonly args?: readonly string[]; readonly mayWait?: boolean },
  ): Promise<void> {
    const kept = await keepRunning({
      name,
      file,
      args,
      mayWait,
      env,
      home: this.home,
      readyUrl,
      stopSignal: this.stopRequest.signal,
      onRestart: () => this.demo && this.writeStartFile(this.demo),
      onGiveUp: this.stopRequest.fail,
    });
    this.processes.push(kept);
  }

  private openFront(): Promise<Front> {
    const log = openCappedLog(path.join(this.home.logs, "front.log"));
    const target = (offset: number) => ({ host: "127.0.0.1", port: this.options.port + offset });
    return startFront({
      port: this.options.port,
      api: [target(1), target(2)],
      sandbox: target(3),
      pages: openPages({ folder: builtFolder, demo: () => this.demo ?? {} }),
      log: (line) => log.write(`${new Date().toISOString()} ${line}\n`),
    });
  }

  private writeStartFile(demo: Demo): StartFile {
    const api = this.processes.filter(({ name }) => name.startsWith("api-"));
    const start: StartFile = {
      base_url: this.url(0),
      processes: api.map((kept, index) => ({ url: this.url(index + 1), pid: kept.pid() })),
      sandbox_url: this.url(3),
      ...demo,
    };
    writePrivateJson(this.home.start, start);
    return start;
  }

  private url(offset: number): string {
    return `http://127.0.0.1:${this.options.port + offset}`;
  }
}
