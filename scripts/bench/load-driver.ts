import { connect, type Socket } from "node:net";
import { json } from "node:stream/consumers";
import type { Load, LoadResult } from "./load.ts";

// Plain sockets and hardly any parsing: Node's own HTTP client costs more than the server that it would measure.
const { url, authorizations = [""], connections, warmUp, requests } = (await json(process.stdin)) as Load;
const { hostname, port, pathname, search } = new URL(url);

const messages = authorizations.map((authorization) => {
  const header = authorization === "" ? "" : `Authorization: ${authorization}\r\n`;
  return Buffer.from(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n${header}\r\n`);
});

const headEnd = Buffer.from("\r\n\r\n");
let sent = 0;

/** How many bytes the first whole answer in `bytes` has; undefined while it is not whole. */
function answerLength(bytes: Buffer): number | undefined {
  const end = bytes.indexOf(headEnd);
  if (end === -1) return undefined;
  const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString("latin1", 0, end))?.[1];
  if (length === undefined) throw new Error(`An answer without Content-Length: ${bytes.toString("latin1", 0, end)}`);
  const whole = end + headEnd.length + Number(length);
  return bytes.length >= whole ? whole : undefined;
}

const opened = (socket: Socket) =>
  new Promise<Socket>((resolve, reject) => {
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });

/** Sends on all sockets until `count` requests are answered; gives their times and how many were not 200. */
function drive(sockets: readonly Socket[], count: number): Promise<{ times: number[]; not200: number }> {
  const times: number[] = [];
  let not200 = 0;
  let begun = 0;
  return new Promise((resolve, reject) => {
    const use = (socket: Socket) => {
      let bytes: Buffer = Buffer.alloc(0);
      let startedAtMs = 0;
      const next = () => {
        if (begun === count) return;
        begun += 1;
        startedAtMs = performance.now();
        socket.write(messages[sent % messages.length] as Buffer);
        sent += 1;
      };
      socket.removeAllListeners("data").on("data", (chunk: Buffer) => {
        bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
        const length = answerLength(bytes);
        if (length === undefined) return;
        times.push(performance.now() - startedAtMs);
        if (bytes.toString("latin1", 9, 12) !== "200") not200 += 1;
        bytes = bytes.subarray(length);
        if (times.length === count) resolve({ times, not200 });
        else next();
      });
      socket.removeAllListeners("close").on("close", () => reject(new Error(`${url} closed a connection.`)));
      next();
    };
    for (const socket of sockets) use(socket);
  });
}

const sockets = await Promise.all(
  Array.from({ length: connections }, () => opened(connect({ host: hostname, port: Number(port), noDelay: true }))),
);
if (warmUp > 0) await drive(sockets, warmUp);
const startedAtMs = performance.now();
const { times, not200 } = await drive(sockets, requests);
const seconds = (performance.now() - startedAtMs) / 1000;
const sorted = times.toSorted((a, b) => a - b);
const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
const result: LoadResult = { perSecond: requests / seconds, p50Ms: at(0.5), p99Ms: at(0.99), not200 };
for (const socket of sockets) socket.removeAllListeners("close").destroy();
process.stdout.write(JSON.stringify(result));
