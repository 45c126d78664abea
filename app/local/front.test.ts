import { once } from "node:events";
import { Agent, createServer, get, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type Front, startFront } from "./front.ts";
import { freePort, listenLocally } from "./ports.ts";

type Answer = (incoming: IncomingMessage, answer: ServerResponse) => void;

const toStop: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});

/** A process behind the front: says its name, and what `answer` makes of every path but /ready. */
async function startProcess(
  name: string,
  answer: Answer = (_incoming, reply) => void reply.end(name),
  port = 0,
): Promise<{ server: Server; port: number }> {
  const server = createServer((incoming, reply) => (incoming.url === "/ready" ? void reply.end("{}") : answer(incoming, reply)));
  await once(server.listen(port, "127.0.0.1"), "listening");
  toStop.push(() => stopServer(server));
  return { server, port: (server.address() as { port: number }).port };
}

async function stopServer(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  server.closeAllConnections();
  await once(server, "close");
}

async function frontOf(ports: readonly number[], sandboxPort?: number, faults: string[] = []): Promise<Front> {
  const front = await startFront({
    port: 0,
    api: ports.map((port) => ({ host: "127.0.0.1", port })),
    sandbox: { host: "127.0.0.1", port: sandboxPort ?? (await freePort()) },
    checkEveryMs: 20,
    log: (line) => faults.push(line),
  });
  toStop.push(() => front.close(Promise.resolve()));
  return front;
}

const textOf = async (url: string, options?: RequestInit) => (await fetch(url, options)).text();

test("requests go to the ready processes in turn and /sandbox to the stand-ins", async () => {
  const [one, two, sandbox] = [await startProcess("one"), await startProcess("two"), await startProcess("sandbox")];
  const front = await frontOf([one.port, two.port], sandbox.port);
  const names = [
    await textOf(`${front.url}/`),
    await textOf(`${front.url}/`),
    await textOf(`${front.url}/`),
    await textOf(`${front.url}/`),
  ];
  expect(names.filter((name) => name === "one")).toHaveLength(2);
  expect(names.filter((name) => name === "two")).toHaveLength(2);
  expect(await textOf(`${front.url}/sandbox/health`)).toBe("sandbox");
  expect(await textOf(`${front.url}/sandboxes`)).not.toBe("sandbox");
});

test("a dead process is skipped at once: no request fails, bodies included", async () => {
  const echo =
    (name: string): Answer =>
    async (incoming, reply) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      reply.end(`${name}:${Buffer.concat(chunks).length}`);
    };
  const [one, two] = [await startProcess("one", echo("one")), await startProcess("two", echo("two"))];
  const front = await frontOf([one.port, two.port]);
  await stopServer(one.server);
  const body = "x".repeat(300_000);
  const answers = await Promise.all(Array.from({ length: 10 }, () => textOf(`${front.url}/`, { method: "POST", body })));
  expect(new Set(answers)).toEqual(new Set(["two:300000"]));
});

test("a process that comes back is used again", async () => {
  const [one, two] = [await startProcess("one"), await startProcess("two")];
  const front = await frontOf([one.port, two.port]);
  await stopServer(one.server);
  expect(await textOf(`${front.url}/`)).toBe("two");
  await startProcess("one again", undefined, one.port);
  await expect.poll(() => textOf(`${front.url}/`), { timeout: 5_000, interval: 20 }).toBe("one again");
});

test("a POST that reached a process that then died is not sent to another one", async () => {
  let reached = 0;
  const dying: Answer = (incoming) => {
    reached += 1;
    incoming.socket.destroy();
  };
  const [one, two] = [await startProcess("one", dying), await startProcess("two", dying)];
  const faults: string[] = [];
  const front = await frontOf([one.port, two.port], undefined, faults);
  const answer = await fetch(`${front.url}/pay?token=secret`, { method: "POST", body: "{}" });
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ error: { code: "TEMPORARILY_UNAVAILABLE", details: {} } });
  expect(reached).toBe(1);
  expect(faults).toEqual([expect.stringContaining("POST /pay: ECONNRESET")]);
});

test("a GET whose process died is answered by the other one", async () => {
  const one = await startProcess("one", (incoming) => void incoming.socket.destroy());
  const two = await startProcess("two");
  const front = await frontOf([one.port, two.port]);
  expect(await Promise.all([textOf(`${front.url}/`), textOf(`${front.url}/`)])).toEqual(["two", "two"]);
});

test("with no process there, the answer is the envelope with Retry-After", async () => {
  const front = await frontOf([await freePort(), await freePort()]);
  const answer = await fetch(`${front.url}/api/v1/users/me`, { method: "POST", body: "{}" });
  expect(answer.status).toBe(503);
  expect(answer.headers.get("retry-after")).toBe("1");
  expect(await answer.json()).toMatchObject({ error: { code: "TEMPORARILY_UNAVAILABLE", details: {} } });
});

test("processes that are not ready still answer when no other does", async () => {
  const server = createServer((_incoming, reply) => void reply.writeHead(503).end("the database is away"));
  const port = await listenLocally(server);
  toStop.push(() => stopServer(server));
  const front = await frontOf([port]);
  expect(await textOf(`${front.url}/health`)).toBe("the database is away");
});

test("events reach the client as they are written", async () => {
  const replies: ServerResponse[] = [];
  const one = await startProcess("one", (_incoming, reply) => {
    reply.writeHead(200, { "Content-Type": "text/event-stream" }).flushHeaders();
    replies.push(reply);
  });
  const front = await frontOf([one.port]);
  const answer = await fetch(`${front.url}/stream`);
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (const event of ["data: 1\n\n", "data: 2\n\n"]) {
    replies[0]?.write(event);
    expect(await reader?.read()).toEqual({ done: false, value: event });
  }
  await reader?.cancel();
  await expect.poll(() => replies[0]?.destroyed, { timeout: 5_000 }).toBe(true);
});

test("an early refusal reaches the client although the body was not read", async () => {
  const one = await startProcess("one", (_incoming, reply) => void reply.writeHead(413).end("too large"));
  const front = await frontOf([one.port]);
  const answer = await fetch(`${front.url}/`, { method: "POST", body: Buffer.alloc(2_000_000) });
  expect([answer.status, await answer.text()]).toEqual([413, "too large"]);
});

test("the process learns the client's address and the client cannot slip in hop-by-hop headers", async () => {
  const one = await startProcess("one", (incoming, reply) => void reply.end(JSON.stringify(incoming.headers)));
  const front = await frontOf([one.port]);
  const headers = { "X-Forwarded-For": "192.0.2.7", TE: "trailers", Cookie: "a=1; b=2" };
  const seen = await new Promise<string>((resolve) => {
    get(front.url, { headers }, async (answer) => resolve((await answer.toArray()).join("")));
  });
  expect(JSON.parse(seen)).toMatchObject({ "x-forwarded-for": "192.0.2.7, 127.0.0.1", "x-forwarded-proto": "http", cookie: "a=1; b=2" });
  expect(JSON.parse(seen)).not.toHaveProperty("te");
});

test("two Set-Cookie headers stay two", async () => {
  const one = await startProcess("one", (_incoming, reply) => void reply.setHeader("Set-Cookie", ["a=1", "b=2"]).end());
  const front = await frontOf([one.port]);
  expect((await fetch(front.url)).headers.getSetCookie()).toEqual(["a=1", "b=2"]);
});

test("connections to a process are kept and used again", async () => {
  const one = await startProcess("one");
  let connections = 0;
  one.server.on("connection", () => {
    connections += 1;
  });
  const front = await frontOf([one.port]);
  for (let round = 0; round < 20; round += 1) await textOf(`${front.url}/`);
  expect(connections).toBeLessThanOrEqual(3);
});

test("a WebSocket is handed through with its protocol, skips a dead process, and ends on both sides", async () => {
  const two = await startProcess("two");
  const sockets = new WebSocketServer({ server: two.server, handleProtocols: () => "campuspay.v1" });
  const closed = Promise.withResolvers<number>();
  sockets.on("connection", (socket) => {
    socket.on("message", (message) => socket.send(`heard ${message}`));
    socket.on("close", closed.resolve);
  });
  const front = await frontOf([await freePort(), two.port]);
  const client = new WebSocket(`${front.url.replace("http", "ws")}/ws/me`, ["campuspay.v1", "bearer.x"]);
  await once(client, "open");
  expect(client.protocol).toBe("campuspay.v1");
  client.send("hello");
  expect(String((await once(client, "message"))[0])).toBe("heard hello");
  client.close(4_001);
  expect(await closed.promise).toBe(4_001);
});

test("a refused WebSocket gets the process's own answer", async () => {
  const one = await startProcess("one");
  one.server.on("upgrade", (_incoming, socket) => socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"));
  const front = await frontOf([one.port]);
  const client = new WebSocket(front.url.replace("http", "ws"));
  const [, answer] = (await once(client, "unexpected-response")) as [unknown, IncomingMessage];
  expect(answer.statusCode).toBe(401);
});

test("another upgrade than WebSocket is an ordinary request", async () => {
  const one = await startProcess("one");
  const front = await frontOf([one.port]);
  const headers = { Connection: "Upgrade, HTTP2-Settings", Upgrade: "h2c", "HTTP2-Settings": "AAMAAABk" };
  const text = await new Promise<string>((resolve) => {
    request(front.url, { headers, agent: new Agent() }, async (answer) => resolve((await answer.toArray()).join(""))).end();
  });
  expect(text).toBe("one");
});

test("what is not HTTP is answered with the envelope", async () => {
  const front = await frontOf([await freePort()]);
  const socket = connect(Number(new URL(front.url).port), "127.0.0.1");
  socket.end("NONSENSE\r\n\r\n");
  const text = (await socket.toArray()).join("");
  expect(text).toMatch(/^HTTP\/1.1 400 /);
  expect(JSON.parse(text.split("\r\n\r\n")[1] ?? "")).toMatchObject({ error: { code: "VALIDATION_ERROR" } });
});

test("closing waits for the answers under way and refuses new connections", async () => {
  const held = Promise.withResolvers<ServerResponse>();
  const one = await startProcess("one", (_incoming, reply) => held.resolve(reply));
  const front = await frontOf([one.port]);
  const slow = textOf(`${front.url}/slow`);
  const reply = await held.promise;
  const drained = Promise.withResolvers<void>();
  const closing = front.close(drained.promise);
  await expect(fetch(front.url)).rejects.toThrow();
  reply.end("late");
  expect(await slow).toBe("late");
  drained.resolve();
  await closing;
});
