import { connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Certificates } from "../../machine/certificates.ts";

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

export const wire = (from: Place, to: Place): Promise<Server> =>
  listening(
    createServer((socket) => join(socket, connect(to))),
    from,
  );

/** As above, with TLS on our side. */
export const wireInTls = (from: Place, to: Place, { certificate: cert, key }: Certificates): Promise<Server> =>
  listening(
    createTlsServer({ cert, key }, (socket) => join(socket, connect(to))),
    from,
  );
