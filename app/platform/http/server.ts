import type { Server, ServerResponse } from "node:http";
import { serve, type WebSocketServerLike } from "@hono/node-server";
import { WebSocketServer } from "ws";
import type { Config } from "../config.ts";
import type { Platform } from "../context.ts";

// Above the load balancer's 60 s and nginx's 55 s towards us, so that the other side closes an idle connection first.
const keepAliveMs = 65_000;
const maxWebSocketMessageBytes = 4_096;

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

interface Fetchable {
  fetch(request: Request, env?: unknown): Response | Promise<Response>;
}

/**
 * Listens. On `close` it goes on for DRAIN_NOTICE_MS, in which /ready tells that it is stopping and each answer is the last
 * of its connection, so that nginx's pool empties; then it takes no new connections, gives the requests under way DRAIN_SECONDS
 * and cuts the rest.
 */
export function startServer(platform: Platform, app: Fetchable): Promise<RunningServer> {
  const { HOST, PORT, REQUEST_TIMEOUT_MS } = platform.config;
  const websockets = new WebSocketServer({ noServer: true, maxPayload: maxWebSocketMessageBytes });
  return new Promise((resolve, reject) => {
    const server = serve(
      {
        fetch: (request, env) => app.fetch(request, env),
        hostname: HOST,
        port: PORT,
        websocket: { server: websockets as unknown as WebSocketServerLike },
        serverOptions: {
          keepAliveTimeout: keepAliveMs,
          headersTimeout: REQUEST_TIMEOUT_MS,
          requestTimeout: REQUEST_TIMEOUT_MS * 3,
          maxHeaderSize: 16_384,
          // Another upgrade (curl's h2c) is the plain request that it also is: handed over, nobody would answer it or end its time.
          shouldUpgradeCallback: (incoming) => incoming.headers.upgrade?.toLowerCase() === "websocket",
        },
      },
      (address) =>
        resolve({
          url: `http://${HOST}:${address.port}`,
          port: address.port,
          close: () => close(server as Server, websockets, platform.config),
        }),
    ) as Server;
    server.once("error", reject);
  });
}

async function close(server: Server, websockets: WebSocketServer, { DRAIN_NOTICE_MS, DRAIN_SECONDS }: Config): Promise<void> {
  server.prependListener("request", (_, response: ServerResponse) => {
    response.shouldKeepAlive = false;
  });
  await new Promise((resolve) => setTimeout(resolve, DRAIN_NOTICE_MS));
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of websockets.clients) socket.close(1012, "restarting");
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), DRAIN_SECONDS * 1000);
  // A connection that becomes idle during the drain is closed then, not when its keep-alive ends.
  const sweep = setInterval(() => server.closeIdleConnections(), 100);
  await closed;
  clearTimeout(cut);
  clearInterval(sweep);
}
