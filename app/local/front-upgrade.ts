import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { Target } from "./front-target.ts";

interface Upgrade {
  readonly incoming: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly targets: readonly Target[];
}

const unavailable = '{"error":{"code":"TEMPORARILY_UNAVAILABLE","message":"No process can answer at the moment. Try again.","details":{}}}';

/** Hands a WebSocket to the first target that takes the connection: the request as it came, then bytes both ways. */
export function forwardUpgrade(upgrade: Upgrade): void {
  const { incoming, socket, head } = upgrade;
  const [target, ...others] = upgrade.targets;
  if (!target) {
    refuseUpgrade(socket);
    return;
  }
  // Who hangs up while we connect would end this process: nobody else listens yet.
  socket.once("error", () => socket.destroy());
  const upstream = connect({ host: target.host, port: target.port, noDelay: true });
  const cutBoth = () => {
    socket.destroy();
    upstream.destroy();
  };
  upstream.once("error", () => {
    target.isReady = false;
    forwardUpgrade({ ...upgrade, targets: others });
  });
  upstream.once("connect", () => {
    upstream.removeAllListeners("error");
    for (const side of [socket, upstream]) side.on("error", cutBoth).on("close", cutBoth);
    upstream.write(requestHead(incoming));
    upstream.write(head);
    socket.pipe(upstream).pipe(socket);
  });
}

function requestHead(incoming: IncomingMessage): string {
  const client = incoming.socket.remoteAddress ?? "unknown";
  const before = incoming.headers["x-forwarded-for"];
  const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`];
  for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
    const name = incoming.rawHeaders[at] ?? "";
    if (name.toLowerCase() !== "x-forwarded-for") lines.push(`${name}: ${incoming.rawHeaders[at + 1]}`);
  }
  lines.push(`X-Forwarded-For: ${before === undefined ? client : `${before}, ${client}`}`, "X-Forwarded-Proto: http");
  return `${lines.join("\r\n")}\r\n\r\n`;
}

function refuseUpgrade(socket: Duplex): void {
  const head = ["HTTP/1.1 503 Service Unavailable", "Content-Type: application/json", "Retry-After: 1", "Connection: close"];
  socket.end(`${head.join("\r\n")}\r\nContent-Length: ${unavailable.length}\r\n\r\n${unavailable}`);
}
