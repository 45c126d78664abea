import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Pages } from "./front-pages.ts";
import { forwardRequest } from "./front-request.ts";
import type { Target } from "./front-target.ts";
import { forwardUpgrade } from "./front-upgrade.ts";

/** The one public port: a small reverse proxy, as nginx and the load balancer are on the platform. */
export interface Front {
  readonly url: string;
  /** Takes no new connection, waits for `drained`, then cuts what is still open. */
  close(drained: Promise<unknown>): Promise<void>;
}

interface FrontOptions {
  readonly port: number;
  readonly api: readonly Pick<Target, "host" | "port">[];
  readonly sandbox: Pick<Target, "host" | "port">;
  /** The web apps' files: what is none of theirs goes to the API. */
  readonly pages?: Pages;
  readonly log: (line: string) => void;
  readonly checkEveryMs?: number;
}

const checkTimeoutMs = 2_000;
const maxSocketsPerProcess = 1_000;
const malformedAnswer =
  '{"error":{"code":"VALIDATION_ERROR","message":"This is not an HTTP request that can be read (or its headers are too large).","details":{}}}';

export async function startFront(options: FrontOptions): Promise<Front> {
  const api: Target[] = options.api.map((target) => ({ ...target, isReady: false }));
  const agent = new Agent({ keepAlive: true, maxSockets: maxSocketsPerProcess });
  const stopChecks = await startChecks(api, agent, options.checkEveryMs ?? 500);
  const apiInTurn = roundRobin(api);
  const targetsFor = (incoming: IncomingMessage) => (isSandbox(incoming.url) ? [options.sandbox] : apiInTurn());
  const upgraded = new Set<Duplex>();

  const server = createServer(
    // Only a WebSocket is handed over; other upgrades (curl's h2c) are answered as the plain requests they also are.
    {
      keepAliveTimeout: 65_000,
      requestTimeout: 0,
      shouldUpgradeCallback: (incoming) => incoming.headers.upgrade?.toLowerCase() === "websocket",
    },
    (incoming: IncomingMessage, answer: ServerResponse) => {
      if (options.pages?.answer(incoming, answer)) return;
      forwardRequest({ incoming, answer, targets: targetsFor(incoming), agent, log: options.log });
    },
  );
  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgraded.add(socket);
    socket.once("close", () => upgraded.delete(socket));
    forwardUpgrade({ incoming, socket, head, targets: targetsFor(incoming) });
  });
  server.on("clientError", (_error, socket) => refuseMalformed(socket));
  const port = await listen(server, options.port);

  return {
    url: `http://127.0.0.1:${port}`,
    async close(drained) {
      const closed = new Promise((resolve) => server.close(resolve));
      await drained;
      stopChecks();
      server.closeAllConnections();
      for (const socket of upgraded) socket.destroy();
      agent.destroy();
      await closed;
    },
  };
}

const isSandbox = (url: string | undefined) => /^\/sandbox(?:[/?]|$)/.test(url ?? "");

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve(address && typeof address === "object" ? address.port : port);
    });
  });
}

/** Ready processes in turn, then the others: with the database away none is ready, and each still has an answer to give. */
function roundRobin(targets: readonly Target[]): () => Target[] {
  let next = 0;
  return () => {
    next = (next + 1) % targets.length;
    const turned = [...targets.slice(next), ...targets.slice(0, next)];
    return [...turned.filter(({ isReady }) => isReady), ...turned.filter(({ isReady }) => !isReady)];
  };
}

/** Asks every process whether it is ready: once before this returns, then in rounds. */
async function startChecks(targets: readonly Target[], agent: Agent, everyMs: number): Promise<() => void> {
  const check = () => Promise.all(targets.map(async (target) => Object.assign(target, { isReady: await asksReady(target, agent) })));
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const round = async () => {
    await check();
    if (!stopped) timer = setTimeout(round, everyMs);
  };
  await round();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

function asksReady({ host, port }: Target, agent: Agent): Promise<boolean> {
  return new Promise((resolve) => {
    const asking = request({ host, port, path: "/ready", agent, timeout: checkTimeoutMs }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asking.on("timeout", () => asking.destroy());
    asking.on("error", () => resolve(false));
    asking.end();
  });
}

function refuseMalformed(socket: Duplex): void {
  if (!socket.writable) return void socket.destroy();
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${malformedAnswer.length}\r\nConnection: close\r\n\r\n${malformedAnswer}`,
  );
}
