import { connect, type Socket } from "node:net";

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** One kept-alive connection, one request at a time. Plain sockets: Node's own client costs more than the server it would measure. */
export interface HttpConnection {
  send(method: string, path: string, authorization: string, body?: string): Promise<HttpAnswer>;
  close(): void;
}

const headEnd = Buffer.from("\r\n\r\n");

export async function openConnection(port: number): Promise<HttpConnection> {
  const socket = await connected(port);
  let bytes: Buffer = Buffer.alloc(0);
  let waiting: PromiseWithResolvers<HttpAnswer> | undefined;
  socket.on("data", (chunk: Buffer) => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    const answer = wholeAnswer(bytes);
    if (!answer || !waiting) return;
    bytes = Buffer.alloc(0);
    const asked = waiting;
    waiting = undefined;
    asked.resolve(answer);
  });
  socket.on("close", () => waiting?.reject(new Error("An API process closed a connection.")));
  return {
    send(method, path, authorization, body) {
      const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: ${authorization}\r\n`;
      waiting = Promise.withResolvers<HttpAnswer>();
      const length = body === undefined ? "" : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
      socket.write(`${head}${length}\r\n${body ?? ""}`);
      return waiting.promise;
    },
    close: () => socket.destroy(),
  };
}

const connected = (port: number) =>
  new Promise<Socket>((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true }, () => resolve(socket));
    socket.once("error", reject);
  });

/** The answer, once all of it is there. */
function wholeAnswer(bytes: Buffer): HttpAnswer | undefined {
  const end = bytes.indexOf(headEnd);
  if (end === -1) return undefined;
  const head = bytes.toString("latin1", 0, end);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`An answer without Content-Length: ${head}`);
  const bodyAt = end + headEnd.length;
  if (bytes.length < bodyAt + Number(length)) return undefined;
  return { status: Number(head.slice(9, 12)), body: bytes.toString("utf8", bodyAt, bodyAt + Number(length)) };
}
