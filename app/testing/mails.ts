import { createServer } from "node:http";
import { listenLocally } from "../local/ports.ts";

/** A mail as a mailbox reads it: header lines unfolded and their words decoded, the parts' bytes. */
export interface ReadMail {
  readonly headers: readonly (readonly [name: string, value: string])[];
  header(name: string): string | undefined;
  readonly parts: readonly { readonly head: string; readonly bytes: Buffer }[];
}

export function readMail(raw: string): ReadMail {
  const [head = "", ...rest] = raw.split("\r\n\r\n");
  const headers = head
    .replaceAll(/\r\n[ \t]+/g, " ")
    .split("\r\n")
    .map((line) => [line.slice(0, line.indexOf(":")), decodeWords(line.slice(line.indexOf(":") + 2))] as const);
  const header = (name: string) => headers.find(([each]) => each.toLowerCase() === name)?.[1];
  const boundary = /boundary="([^"]+)"/.exec(header("content-type") ?? "")?.[1] ?? "";
  const bodies = rest.join("\r\n\r\n").split(`--${boundary}`).slice(1, -1);
  const parts = bodies.map((body) => {
    const [partHead = "", base64 = ""] = body.split("\r\n\r\n");
    return { head: partHead.trim(), bytes: Buffer.from(base64, "base64") };
  });
  return { headers, header, parts };
}

const decodeWords = (text: string): string =>
  text.replaceAll("?= =?", "?==?").replaceAll(/=\?UTF-8\?B\?([^?]*)\?=/g, (_, base64: string) => Buffer.from(base64, "base64").toString());

/** Between the worker and the stand-in of SES: lets requests through, or fails as it is told to. */
export interface MailDoor {
  readonly url: string;
  readonly asked: number;
  answer(how: "let through" | "cut" | "hang" | { readonly status: number; readonly error: string; readonly message: string }): void;
  close(): Promise<void>;
}

export async function startMailDoor(behind: string): Promise<MailDoor> {
  let how: Parameters<MailDoor["answer"]>[0] = "let through";
  let asked = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    asked += 1;
    if (how === "hang") return;
    if (how === "cut") return void request.socket.destroy();
    if (how !== "let through") {
      const headers = { "content-type": "application/json", "x-amzn-errortype": how.error };
      return response.writeHead(how.status, headers).end(JSON.stringify({ message: how.message }));
    }
    const { host: _, connection: __, "content-length": ___, ...headers } = request.headers;
    const answer = await fetch(`${behind}${request.url}`, {
      method: request.method ?? "POST",
      headers: headers as Record<string, string>,
      body: Buffer.concat(chunks),
    });
    const type = answer.headers.get("x-amzn-errortype");
    response
      .writeHead(answer.status, { "content-type": "application/json", ...(type && { "x-amzn-errortype": type }) })
      .end(await answer.text());
  });
  return {
    url: `http://127.0.0.1:${await listenLocally(server)}`,
    get asked() {
      return asked;
    },
    answer: (next) => {
      how = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
