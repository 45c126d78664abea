import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join as joinPath } from "node:path";
import { until } from "./telling.ts";

/** Bytes from here to there, and no more: whoever speaks on both ends is the real program. */
const join = (one: Socket, other: Socket): void => {
  one.pipe(other).pipe(one);
  for (const [end, peer] of [
    [one, other],
    [other, one],
  ] as const) {
    end.on("error", () => peer.destroy()).on("close", () => peer.destroy());
  }
};

type Place = { readonly host: string; readonly port: number } | { readonly path: string };

const listening = (server: Server, place: Place): Promise<Server> =>
  new Promise((resolve, reject) => server.once("error", reject).listen(place, () => resolve(server)));

/** Carried by the process that asks for it, and gone with it. */
export const wire = (from: Place, to: Place): Promise<Server> =>
  listening(
    createServer((socket) => join(socket, connect(to))),
    from,
  );

export type Wire = {
  readonly from: { readonly host: string; readonly port: number };
  readonly to: Place;
  /** A file of certificate and key: TLS on our side. */
  readonly certificate?: string;
};

export const listensWithinMs = 60_000;
const at = (place: Place) => ("path" in place ? `unix@${place.path}` : `${place.host}:${place.port}`);

export const isListening = (place: Place): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(place);
    socket.on("connect", () => socket.destroy()).on("close", (failed) => resolve(!failed));
    socket.on("error", () => undefined);
  });

/**
 * Carried by HAProxy, a process of its own: while this one prepares a machine or reads a journal, no other machine's database or
 * call of AWS stands still.
 */
export const startWires = async (folder: string, name: string, wires: readonly Wire[]): Promise<ChildProcess> => {
  const file = joinPath(folder, `${name}.wires`);
  const sections = wires.map(
    ({ from, to, certificate }, index) =>
      `listen wire${index}\n  bind ${at(from)}${certificate ? ` ssl crt ${certificate}` : ""}\n  server there ${at(to)}\n`,
  );
  // Nobody answers: the client is told at once. Nobody speaks: the database's own limits decide.
  const defaults = "defaults\n  mode tcp\n  retries 0\n  timeout connect 30s\n  timeout client 24h\n  timeout server 24h\n";
  writeFileSync(file, `${defaults}${sections.join("")}`);
  const carrier = spawn("haproxy", ["-db", "-f", file], { stdio: ["ignore", "ignore", "inherit"] });
  for (const { from } of wires) await until(`${at(from)} listens`, listensWithinMs, () => isListening(from));
  return carrier;
};
