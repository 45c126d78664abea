import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { expect, test } from "vitest";
import { assertPortFree, freePort, freePortRow } from "./ports.ts";

test("a used port is refused in one line that names it, who holds it, and the way out", async () => {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as { port: number };
  await expect(assertPortFree(port, "take another one.")).rejects.toThrow(
    new RegExp(`^Port ${port} is in use( by [^\\n]*\\(process ${process.pid}\\))?: take another one\\.$`),
  );
  server.close();
  await once(server, "close");
  await assertPortFree(port, "take another one.");
});

test("a row of ports is free from its first to its last", async () => {
  const first = await freePortRow(4);
  for (let offset = 0; offset < 4; offset += 1) await assertPortFree(first + offset, "it must be free");
});

test("two free ports asked for one after the other can both be listened on", async () => {
  const ports = [await freePort(), await freePort()];
  const servers = ports.map((port) => createServer().listen(port, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  for (const server of servers) server.close();
});

const rangeFile = "/proc/sys/net/ipv4/ip_local_port_range";
const lowestGiven = existsSync(rangeFile) ? Number(readFileSync(rangeFile, "utf8").split(/\s/)[0]) : 49_152;

// A machine may be told to give away all ports; then there are none to be safe in.
test.skipIf(lowestGiven < 32_768)("a free port is none that the system gives to a connection that goes out", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const sources = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      const { localPort } = socket;
      socket.destroy();
      return localPort ?? 0;
    }),
  );
  const free = await Promise.all(Array.from({ length: 20 }, freePort));
  expect(Math.max(...free)).toBeLessThan(Math.min(...sources));
  server.close();
});
