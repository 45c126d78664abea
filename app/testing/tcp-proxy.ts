import { connect, createServer, type Socket } from "node:net";
import { listenLocally } from "../local/ports.ts";

/** A wire that a test can make slow or silent, in front of a real server on loopback. */
export interface TcpProxy {
  readonly port: number;
  /** Each chunk in either direction waits this long from now on. */
  delay(ms: number): void;
  /** True: whatever is sent is held back, and the connections stay open. */
  hold(held: boolean): void;
  cutAll(): void;
  stop(): Promise<void>;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const waiting: (() => void)[] = [];
  let delayMs = 0;
  let isHeld = false;

  const pass = (deliver: () => void) => {
    if (isHeld) waiting.push(deliver);
    else if (delayMs > 0) setTimeout(deliver, delayMs);
    else deliver();
  };
  const pipe = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.on("data", (chunk) => pass(() => void (to.writable && to.write(chunk))));
    from.on("close", () => {
      sockets.delete(from);
      to.destroy();
    });
    from.on("error", () => to.destroy());
  };
  const server = createServer((client) => {
    const upstream = connect(targetPort, "127.0.0.1");
    pipe(client, upstream);
    pipe(upstream, client);
  });
  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: await listenLocally(server),
    delay: (ms) => {
      delayMs = ms;
    },
    hold: (held) => {
      isHeld = held;
      if (!held) for (const deliver of waiting.splice(0)) deliver();
    },
    cutAll,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      cutAll();
      await closed;
    },
  };
}
